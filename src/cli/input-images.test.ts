/** @file An image file feeds a model as it is, or is refused with the sizes of both; a folder feeds several. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { afterAll, expect, test } from "vitest";
import type { ModelInput } from "../model/model.ts";
import { readInputs } from "./inputs.node.ts";

const folder = mkdtempSync(join(tmpdir(), "vernier-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, channels: number, height = 4): string {
  const data = Uint8Array.from({ length: height * 6 * channels }, (_, i) => i);
  writeFileSync(join(folder, name), encode({ width: 6, height, channels, data }));
  return join(folder, name);
}

const input = (height: number | null, width: number | null, channels: number): ModelInput => ({
  name: "image",
  dims: [null, height, width, channels],
  dtype: "float32",
  call: 0,
});
const colour = save("a.png", 3);
const grey = save("b.png", 1);

test("an image of the model's size is one sample of bytes; grey is repeated for a model of colours", async () => {
  const [only] = await readInputs([colour], [input(4, 6, 3)]);
  expect(only?.tensor).toMatchObject({ shape: [1, 4, 6, 3], dtype: "uint8" });
  const [repeated] = await readInputs([grey], [input(null, null, 3)]);
  expect([...(repeated?.tensor.data.slice(0, 6) ?? [])]).toEqual([0, 0, 0, 1, 1, 1]);
});

test("the images of a folder are samples, in the order of their names", async () => {
  writeFileSync(join(folder, "notes.txt"), "not an input");
  const [only] = await readInputs([folder], [input(4, 6, 3)]);
  expect(only?.tensor.shape).toEqual([2, 4, 6, 3]);
});

test("an image of another size is refused, since resizing is what an app may do otherwise", async () => {
  const refused = readInputs([colour], [input(224, 224, 3)]);
  await expect(refused).rejects.toMatchObject({ code: "input.invalid" });
  await expect(refused).rejects.toThrow(/takes \[any, 224, 224, 3\], the image has 4×6 pixels/);
});
