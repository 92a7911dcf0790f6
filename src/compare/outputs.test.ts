/** @file Predictions compared, and inputs made up. */

import { expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { compareOutputs } from "./outputs.ts";
import { syntheticInputs } from "./synthetic.ts";

const tensor = (rows: readonly (readonly number[])[]): Tensor => ({
  shape: [rows.length, rows[0]?.length ?? 0],
  dtype: "float32",
  data: Float32Array.from(rows.flat()),
});
const pair = (a: Tensor, b: Tensor) => ({ name: "y", nameB: "y", a, b });

test("the largest difference, its ulps and the flipped classes", () => {
  const a = tensor([
    [1, 2],
    [0.5, 0.25],
  ]);
  const b = tensor([
    [1, 2 + 2 ** -22],
    [0.5, 0.75],
  ]);
  const { rows, worst, predictions } = compareOutputs([pair(a, b)]);
  expect(rows[0]).toMatchObject({ maxAbs: 0.5, top1Flips: 1, nonFinite: 0 });
  expect(compareOutputs([pair(tensor([[2]]), tensor([[2 + 2 ** -22]]))]).rows[0]?.maxUlp).toBe(1);
  expect(worst).toMatchObject({ output: 0, sample: 1, index: [1], a: 0.25, b: 0.75 });
  expect(predictions).toEqual([{ output: "y", sample: 1, a: [0.5, 0.25], b: [0.5, 0.75] }]);
});

test("a NaN on one side is worse than any number; on both it is no difference", () => {
  const { rows, worst } = compareOutputs([
    pair(tensor([[Number.NaN, 9, Number.NaN]]), tensor([[Number.NaN, 1, 0]])),
  ]);
  expect(rows[0]).toMatchObject({ maxAbs: Infinity, nonFinite: 2 });
  expect(worst?.index).toEqual([2]);
});

test("inputs are what the first layers expect, and the same for the same seed", () => {
  const m = new ModelBuilder();
  const bytes = m.layer(
    "scale",
    { class_name: "Rescaling", config: { scale: 1 / 255 } },
    m.input("image", [null, 8, 8, 3]),
  );
  const model = m
    .output(bytes, m.layer("relu", { class_name: "ReLU" }, m.input("open", [null, null, 2])))
    .build();
  const [image, open] = syntheticInputs(model, 2, 5) as [Tensor, Tensor];
  expect(image.shape).toEqual([2, 8, 8, 3]);
  expect(Math.max(...(image.data as Float32Array))).toBeGreaterThan(100);
  expect(open.shape).toEqual([2, 16, 2]);
  expect(syntheticInputs(model, 2, 5)).toEqual([image, open]);
  expect(syntheticInputs(model, 2, 6)).not.toEqual([image, open]);
});
