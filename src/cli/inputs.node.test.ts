/** @file What `--input` takes, and how several values become the inputs of one model. */

import { expect, test } from "vitest";
import type { ModelInput } from "../model/model.ts";
import { readInputs } from "./inputs.node.ts";

const input = (name: string): ModelInput => ({ name, dims: [null, 2], dtype: "float32", call: 0 });

test("literal JSON feeds a model of one input; several values are samples of one batch", async () => {
  const [only, ...others] = await readInputs(["[[1, 2]]", "[3, 4]"], [input("x")]);
  expect(others).toEqual([]);
  expect(only?.tensor).toMatchObject({ shape: [2, 2], dtype: "float64" });
  expect([...(only?.tensor.data ?? [])]).toEqual([1, 2, 3, 4]);
});

test("an object names inputs; without names as many successive values as there are inputs are one sample", async () => {
  const inputs = [input("x"), input("y")];
  const named = await readInputs(['{"y": [[3, 4]], "x": [[1, 2]]}'], inputs);
  expect(named.map(({ name }) => name)).toEqual(["y", "x"]);
  const successive = await readInputs(["[1, 2]", "[3, 4]", "[5, 6]", "[7, 8]"], inputs);
  expect(successive.map(({ tensor }) => [...tensor.data])).toEqual([
    [1, 2, 5, 6],
    [3, 4, 7, 8],
  ]);
});

test("a file of an unknown kind and a ragged array are refused", async () => {
  const other = new URL("../../package.json", import.meta.url).pathname.replace("package.json", "LICENSE");
  await expect(readInputs([other], [input("x")])).rejects.toMatchObject({ code: "file.unsupported" });
  await expect(readInputs(["[[1], [2, 3]]"], [input("x")])).rejects.toMatchObject({ exitCode: 2 });
});
