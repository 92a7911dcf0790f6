/** @file Predictions that somebody saw: reproduced within rounding and their printed digits, else not. */

import { expect, test } from "vitest";
import type { Tensor } from "../tensor/tensor.ts";
import { compareSeen, type SidePredictions } from "./seen.ts";

const tensor = (shape: readonly number[], values: readonly number[]): Tensor => ({
  shape,
  dtype: "float32",
  data: Float32Array.from(values),
});
const side = (values: readonly number[], arithmetic: string | null = "float32"): SidePredictions => ({
  outputs: [{ name: "probs", tensor: tensor([2, 3], values) }],
  arithmetic,
});
const PREDICTED = [0.1234567, 0.7, 0.1765433, 0.3333333, 0.3333333, 0.3333334];

test("what another backend rounds otherwise is the same; a class that moved is not", () => {
  const near = PREDICTED.map((value) => value * (1 + 1e-6));
  const [row] = compareSeen("b", [{ name: null, tensor: tensor([2, 3], near) }], side(PREDICTED), null);
  expect(row).toMatchObject({ side: "b", output: "probs", samples: 2, reproduced: true, otherSide: null });
  const moved = PREDICTED.with(3, 0.5);
  const [other] = compareSeen("b", [{ name: null, tensor: tensor([2, 3], moved) }], side(PREDICTED), null);
  expect(other).toMatchObject({ reproduced: false, at: { sample: 1, index: [0], seen: 0.5 } });
  expect(other?.maxAbs).toBeCloseTo(0.1666667, 6);
});

test("numbers with few digits may be half of the last digit off", () => {
  const digits = [0.12, 0.7, 0.18, 0.33, 0.33, 0.33];
  const printed = (values: readonly number[]): Tensor => ({
    shape: [2, 3],
    dtype: "float64",
    data: Float64Array.from(values),
  });
  const [row] = compareSeen("a", [{ name: null, tensor: printed(digits) }], side(PREDICTED), null);
  expect(row?.reproduced).toBe(true);
  expect(
    compareSeen("a", [{ name: null, tensor: printed(digits.with(0, 0.14)) }], side(PREDICTED), null)[0]
      ?.reproduced,
  ).toBe(false);
});

test("what the other side gives is told, and half precision may be coarser", () => {
  const coarse = PREDICTED.map((value) => value + 0.01);
  const seen = [{ name: "probs", tensor: tensor([2, 3], coarse) }];
  const [row] = compareSeen("b", seen, side(PREDICTED), side(coarse));
  expect(row).toMatchObject({ reproduced: false, otherSide: 0 });
  expect(compareSeen("b", seen, side(PREDICTED, "float16"), null)[0]?.reproduced).toBe(true);
});

test("small predictions are held to their own size", () => {
  const small = PREDICTED.map((value) => value / 1000);
  const wrong = small.map((value) => value * 1.5);
  const [row] = compareSeen("b", [{ name: null, tensor: tensor([2, 3], wrong) }], side(small), null);
  expect(row?.reproduced).toBe(false);
});

test("NaN is never what was seen", () => {
  const nan = PREDICTED.with(0, Number.NaN);
  const [row] = compareSeen("b", [{ name: null, tensor: tensor([2, 3], nan) }], side(nan), null);
  expect(row).toMatchObject({ reproduced: false, maxAbs: Number.POSITIVE_INFINITY });
});

test.each([
  [
    "another shape",
    [{ name: null, tensor: tensor([2, 2], [1, 2, 3, 4]) }],
    /"probs" is \[2, 3\].*holds \[2, 2\]/,
  ],
  [
    "more arrays than outputs",
    [1, 2].map(() => ({ name: null, tensor: tensor([2, 3], PREDICTED) })),
    /holds 2 arrays, the model gives 1 \(probs\)/,
  ],
])("%s is refused by name", (_label, seen, message) => {
  expect(() => compareSeen("b", seen, side(PREDICTED), null)).toThrow(message);
});
