/** @file The JavaScript that `vernier inputs` says, run in TensorFlow.js on B, gives A: for every kind of step. */

import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import { beforeAll, expect, test } from "vitest";
import { explainInputs } from "../../src/explain/inputs/inputs-report.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { type Shape, sizeOf, type Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const made = (shape: Shape, value: (i: number) => number, dtype: DType = "float32"): Tensor => {
  const Type = dtype === "float32" ? Float32Array : dtype === "uint8" ? Uint8Array : Int32Array;
  return { shape, dtype, data: new Type(Array.from({ length: sizeOf(shape) }, (_, i) => value(i))) };
};
/** Even numbers without a pattern. */
const noise = (i: number): number => ((i * 7919 + ((i * i) % 1009) * 31) % 997) / 997;

const [H, W] = [24, 32];
const colour = made([1, H, W, 3], (i) => 255 * noise(i), "uint8");
const at = (y: number, x: number, c: number): number => Number(colour.data[(y * W + x) * 3 + c]);
const grid = (h: number, w: number, value: (y: number, x: number, c: number) => number): Tensor =>
  made([1, h, w, 3], (i) => value(Math.floor(i / (3 * w)), Math.floor(i / 3) % w, i % 3));
const wrap = (x: number): number => (x + W) % W;
const rgba = made([1, H, W, 4], (i) => 255 * noise(i), "uint8");
const ids = made(
  [3, 12],
  (i) => (i % 12 < 5 + Math.floor(i / 12) ? 1 + Math.floor(500 * noise(i)) : 0),
  "int32",
);
const table = made([20, 6], (i) => 9 * noise(i) - 4);

const PAIRS: { readonly [name: string]: readonly [a: Tensor, b: Tensor] } = {
  "affine of each channel": [
    grid(H, W, (y, x, c) => (at(y, x, c) / 255 - [0.485, 0.456, 0.406][c]!) / [0.229, 0.224, 0.225][c]!),
    colour,
  ],
  "channel order, affine": [grid(H, W, (y, x, c) => at(y, x, 2 - c) / 127.5 - 1), colour],
  "channels in another order": [grid(H, W, (y, x, c) => at(y, x, [1, 2, 0][c]!)), colour],
  layout: [
    colour,
    made([1, 3, H, W], (i) => at(Math.floor(i / W) % H, i % W, Math.floor(i / (H * W))), "uint8"),
  ],
  "flip and crop": [grid(10, 12, (y, x, c) => at(y + 3, W - 1 - (x + 4), c)), colour],
  "a quarter turn": [grid(W, H, (y, x, c) => at(x, W - 1 - y, c)), colour],
  "three quarter turns": [grid(W, H, (y, x, c) => at(H - 1 - x, y, c)), colour],
  "half a turn": [grid(H, W, (y, x, c) => at(H - 1 - y, W - 1 - x, c)), colour],
  "moved, zeros": [grid(H, W, (y, x, c) => (y < 1 || x + 2 >= W ? 0 : at(y - 1, x + 2, c))), colour],
  "moved, wrapped": [grid(H, W, (y, x, c) => at(y, wrap(x - 3), c)), colour],
  "moved, with the edge": [grid(H, W, (y, x, c) => at(y, Math.max(0, x - 2), c)), colour],
  nearest: [grid(12, 16, (y, x, c) => at(2 * y + 1, 2 * x + 1, c)), colour],
  grey: [
    made([1, H, W, 1], (i) =>
      [0.299, 0.587, 0.114].reduce((sum, w, c) => sum + w * at(Math.floor(i / W), i % W, c), 0),
    ),
    colour,
  ],
  "alpha off": [made([1, H, W, 3], (i) => Number(rgba.data[Math.floor(i / 3) * 4 + (i % 3)])), rgba],
  "alpha over white": [
    made([1, H, W, 3], (i) => {
      const opacity = Number(rgba.data[Math.floor(i / 3) * 4 + 3]) / 255;
      return Number(rgba.data[Math.floor(i / 3) * 4 + (i % 3)]) * opacity + 255 * (1 - opacity);
    }),
    rgba,
  ],
  "ids moved, padding kept": [
    made(ids.shape, (i) => (ids.data[i] === 0 ? 0 : Number(ids.data[i]) + 2), "int32"),
    ids,
  ],
  padding: [
    made(
      ids.shape,
      (i) => {
        const [row, place] = [Math.floor(i / 12), (i % 12) - (7 - Math.floor(i / 12))];
        return place < 0 ? 0 : Number(ids.data[row * 12 + place]);
      },
      "int32",
    ),
    ids,
  ],
  truncation: [made([3, 4], (i) => Number(ids.data[Math.floor(i / 4) * 12 + (i % 4)]), "int32"), ids],
  "one-hot": [
    made([30, 5], (i) => Number(Math.floor(i / 5) % 5 === i % 5)),
    made([30], (i) => i % 5, "int32"),
  ],
  "rows in another order": [
    made(table.shape, (i) => Number(table.data[((Math.floor(i / 6) * 7 + 2) % 20) * 6 + (i % 6)])),
    table,
  ],
  truncated: [made(table.shape, (i) => Number(table.data[i]), "int32"), table],
};

test.each(Object.entries(PAIRS))("%s", async (_, [a, b]) => {
  const { js, report } = explainInputs(a, b);
  expect(report).toMatchObject({ found: true, direction: "b-to-a" });
  const x = tf.tensor(Array.from(b.data, Number), [...b.shape], b.dtype === "float32" ? "float32" : "int32");
  // What people paste into their page: a line of ours, run on numbers of ours.
  const run = new Function("tf", "x", `return ${js};`) as (
    library: typeof tf,
    x: tf.Tensor,
  ) => { data(): Promise<Float32Array> };
  const result: Float32Array = await run(tf, x).data();
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) largest = Math.max(largest, Math.abs(Number(a.data[i])));
  expect(result.length).toBe(a.data.length);
  // Each step rounds to float32 once or twice.
  for (let i = 0; i < result.length; i++)
    expect(Math.abs(Number(result[i]) - Number(a.data[i]))).toBeLessThanOrEqual(8 * 2 ** -24 * largest * 3);
});
