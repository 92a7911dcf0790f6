/** @file Which preprocessing turns one fed tensor into the other, told from the numbers alone. */

import { expect, test } from "vitest";
import { randomFrom } from "../../numerics/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { OwnScaling } from "../inputs/own-scaling.ts";
import { compareInputs } from "./input.ts";

const random = randomFrom(9);
const image: Tensor = {
  shape: [1, 6, 5, 3],
  dtype: "float32",
  data: Float32Array.from({ length: 90 }, () => random.uniform()),
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
      values.map((_, i) => values[(i % 30) * 3 + Math.floor(i / 30)] ?? 0),
      [1, 3, 6, 5],
    ),
  ],
  ["the same in float64", "dtype", { ...image, dtype: "float64", data: Float64Array.from(values) } as Tensor],
  ["unrelated numbers", "values", fed(values.map(() => random.uniform()))],
])("%s is named", (_label, detail, other) => {
  expect(compareInputs(image, other)?.detail).toBe(detail);
});

const RESCALING: OwnScaling = {
  layers: [{ path: "rescaling", className: "Rescaling" }],
  scale: [1 / 255],
  shift: [0],
};

test("what the model's own layers do as well is said to be done twice, on the side that does it", () => {
  const pixels = fed(values.map((value) => Math.round(value * 255)));
  const scaled = fed((pixels.data as Float32Array).map((value) => value / 255));
  expect(compareInputs(pixels, scaled, RESCALING)).toEqual({
    detail: "double-rescaling",
    words:
      'side B is fed 0…1 where side A is fed 0…255; the model\'s own "rescaling" (Rescaling) does that itself, so that on side B it is done twice',
    hint: "on side B: leave that step out, the model does it itself",
  });
  expect(compareInputs(scaled, pixels, RESCALING)?.words).toContain("on side A it is done twice");
  expect(compareInputs(scaled, pixels)?.words).toBe("side B is fed 0…255 where side A is fed 0…1");
  expect(compareInputs(pixels, fed(values.map((value) => value * 7)), RESCALING)?.words).not.toContain(
    "twice",
  );
});

test("unrelated numbers say how far they are apart, and that nothing usual was found", () => {
  expect(compareInputs(image, fed(values.map(() => random.uniform())))?.words).toMatch(
    /different numbers, up to 0\.\d+ apart, and no usual preprocessing turns one into the other$/,
  );
});

test("equal tensors have no transform", () => {
  expect(compareInputs(image, fed(values.slice()))).toBeNull();
});
