/** @file Which preprocessing turns one fed tensor into the other, told from the numbers alone. */

import { expect, test } from "vitest";
import { randomFrom } from "../../numerics/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { compareInputs } from "./input.ts";

const random = randomFrom(9);
const image: Tensor = {
  shape: [1, 4, 5, 3],
  dtype: "float32",
  data: Float32Array.from({ length: 60 }, () => random.uniform()),
};
const values = image.data as Float32Array;
const fed = (data: Float32Array, shape = image.shape): Tensor => ({ shape, dtype: "float32", data });

test.each([
  ["0…255 against 0…1", "scale", fed(values.map((value) => value * 255))],
  ["divided by 255 twice", "double-rescaling", fed(values.map((value) => value / 255))],
  ["−1…1 against 0…1", "scale-shift", fed(values.map((value) => value * 2 - 1))],
  ["B, G, R", "channel-order", fed(values.map((_, i) => values[i - (i % 3) + 2 - (i % 3)] ?? 0))],
  [
    "B, G, R in 0…255",
    "channel-order+scale",
    fed(values.map((_, i) => (values[i - (i % 3) + 2 - (i % 3)] ?? 0) * 255)),
  ],
  [
    "channels first",
    "layout",
    fed(
      values.map((_, i) => values[(i % 20) * 3 + Math.floor(i / 20)] ?? 0),
      [1, 3, 4, 5],
    ),
  ],
  ["the same in float64", "dtype", { ...image, dtype: "float64", data: Float64Array.from(values) } as Tensor],
  ["unrelated numbers", "values", fed(values.map(() => random.uniform()))],
])("%s is named", (_label, detail, other) => {
  expect(compareInputs(image, other)?.detail).toBe(detail);
});

test("equal tensors have no transform", () => {
  expect(compareInputs(image, fed(values.slice()))).toBeNull();
});
