/** @file Accuracy on both sides, as Keras's metric counts it. Recorded: keras 3.15.1, `metrics=["accuracy"]`. */

import { expect, test } from "vitest";
import type { Tensor } from "../tensor/tensor.ts";
import { accuracyOf } from "./accuracy.ts";
import type { SidePredictions } from "./seen.ts";

const tensor = (shape: readonly number[], values: readonly number[]): Tensor => ({
  shape,
  dtype: "float32",
  data: Float32Array.from(values),
});
const side = (shape: readonly number[], values: readonly number[]): SidePredictions => ({
  outputs: [{ name: "out", tensor: tensor(shape, values) }],
  arithmetic: null,
});
const label = (shape: readonly number[], values: readonly number[]) => [
  { name: null, tensor: tensor(shape, values) },
];

const A = side([3, 3], [0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.4, 0.3, 0.3]);
const B = side([3, 3], [0.2, 0.7, 0.1, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4]);

test.each([
  ["class numbers", label([3], [0, 1, 2])],
  ["class numbers in a column", label([3, 1], [0, 1, 2])],
  ["one-hot rows", label([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])],
])("%s are counted, and who alone is right", (_label, labels) => {
  expect(accuracyOf(labels, A, B)).toEqual([
    { output: "out", labelled: 3, a: 2 / 3, b: 2 / 3, onlyA: 1, onlyB: 1 },
  ]);
});

test("a single output is a yes above one half, not at it", () => {
  const a = side([4, 1], [0.5, 0.51, 0.2, 0.9]);
  const b = side([4, 1], [0.6, 0.51, 0.2, 0.9]);
  expect(accuracyOf(label([4], [0, 1, 0, 0]), a, b)).toMatchObject([{ a: 0.75, b: 0.5, onlyA: 1, onlyB: 0 }]);
});

test("a class for every position is counted by position; NaN is never right", () => {
  const values = [0.9, 0.1, 0.2, 0.8, 0.6, 0.4, Number.NaN, 0.1];
  const a = side([2, 2, 2], values);
  expect(accuracyOf(label([2, 2], [0, 1, 0, 0]), a, a)).toMatchObject([{ labelled: 4, a: 0.75 }]);
});

test.each([
  [
    "another count",
    label([2], [0, 1]),
    /the output is \[3, 3\], the labels are \[2\]; class numbers are \[3\]/,
  ],
  ["a class that is none", label([3], [0, 1, 3]), /3 is no class number from 0 to 2/],
  ["a fraction", label([3], [0, 1, 0.5]), /0\.5 is no class number/],
])("%s is refused by name", (_label, labels, message) => {
  expect(() => accuracyOf(labels, A, B)).toThrow(message);
});
