/** @file Shapes agree with those of real results, and unknown dimensions stay unknown only where they must. */

import { expect, test } from "vitest";
import { isVernierError } from "../base/errors.ts";
import type { Dims } from "../tensor/tensor.ts";
import { real } from "../tensor/tensor.ts";
import { mean, repeat, softmax } from "./derived.ts";
import { float64Ops } from "./float64.ts";
import type { Ops } from "./ops.ts";
import { type ShapeOnly, shapeOps } from "./shape.ts";

const of = (...dims: Dims): ShapeOnly => ({ dims, dtype: "float32" });

/** One small formula per primitive, over two inputs of shapes [2, 4, 4, 3] and [2, 4, 4, 3]. */
const FORMULAS: Record<string, <T>(ops: Ops<T>, x: T, y: T) => T> = {
  binary: (ops, x, y) => ops.binary("add", ops.slice(x, 1, 0, 1), y),
  compare: (ops, x, y) => ops.compare("less", x, y),
  where: (ops, x, y) => ops.where(ops.compare("less", x, y), x, y),
  reduce: (ops, x) => ops.reduce("sum", x, [1, -1], false),
  keepdims: (ops, x) => ops.reduce("max", x, [1, -1], true),
  cumsum: (ops, x) => ops.cumsum(x, 1),
  sort: (ops, x) => ops.sort(x, 1),
  reshape: (ops, x) => ops.reshape(x, [2, -1]),
  transpose: (ops, x) => ops.transpose(x, [0, 3, 1, 2]),
  concatenate: (ops, x, y) => ops.concatenate([x, y], -1),
  slice: (ops, x) => ops.slice(x, 2, 3, null, -2),
  pad: (ops, x) =>
    ops.pad(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
      0,
    ),
  take: (ops, x) => ops.take(x, ops.constant(real([2, 2], [0, 1, 2, 0], "int32")), -1),
  matmul: (ops, x, y) => ops.matmul(x, ops.transpose(y, [0, 1, 3, 2])),
  conv: (ops, x) =>
    ops.conv(x, ops.constant(real([3, 3, 3, 5], () => 1)), {
      strides: [2, 1],
      padding: "same",
      dilation: [1, 1],
      groups: 1,
    }),
  pool: (ops, x) => ops.pool("average", x, { window: [2, 3], strides: [2, 2], padding: "valid" }),
  mean: (ops, x) => mean(ops, x, [1, 2]),
  repeat: (ops, x) => repeat(ops, x, 3, 1),
  softmax: (ops, x) => softmax(ops, x),
};

for (const [name, formula] of Object.entries(FORMULAS)) {
  test(`${name}: the shape reading and the numbers have one shape and dtype, and the batch may be unknown`, () => {
    const x = real([2, 4, 4, 3], (i) => i);
    const numbers = formula(float64Ops(), x, x);
    const known = formula(shapeOps, of(2, 4, 4, 3), of(2, 4, 4, 3));
    expect(known).toEqual({ dims: numbers.shape, dtype: numbers.dtype });
    if (name === "reshape") return;
    const open = formula(shapeOps, of(null, 4, 4, 3), of(null, 4, 4, 3));
    expect(open.dims).toEqual([null, ...numbers.shape.slice(1)]);
  });
}

test("reshape carries an unknown batch through, and counts on the known rest", () => {
  expect(shapeOps.reshape(of(null, 4, 3), [null, 12]).dims).toEqual([null, 12]);
  expect(shapeOps.reshape(of(null, 4, 3), [-1, 12]).dims).toEqual([null, 12]);
  expect(shapeOps.reshape(of(null, 4, 3), [null, -1]).dims).toEqual([null, 12]);
  expect(shapeOps.reshape(of(null, 4, 3), [null, 2, -1]).dims).toEqual([null, 2, 6]);
  expect(shapeOps.reshape(of(6, 2), [null, 4]).dims).toEqual([3, 4]);
});

test("slices on an unknown axis are known where they count from one end", () => {
  expect(shapeOps.slice(of(null, 2), 0, 0, 1).dims).toEqual([1, 2]);
  expect(shapeOps.slice(of(null, 2), 0, -1, null).dims).toEqual([1, 2]);
  expect(shapeOps.slice(of(null, 2), 0, -1, null, -1).dims).toEqual([null, 2]);
  expect(shapeOps.slice(of(null, 2), 0, 1, null).dims).toEqual([null, 2]);
});

test.each([
  ["pairs that do not broadcast", () => shapeOps.binary("add", of(null, 3), of(4)), "tensor.shape"],
  ["a reshape to another size", () => shapeOps.reshape(of(null, 4), [null, 3]), "tensor.shape"],
  ["a product of unequal inner extents", () => shapeOps.matmul(of(null, 3), of(4, 2)), "tensor.shape"],
  [
    "a convolution of other channels",
    () =>
      shapeOps.conv(of(null, 8, 4), of(3, 3, 2), { strides: [1], padding: "same", dilation: [1], groups: 1 }),
    "tensor.shape",
  ],
  ["parts of unequal extents", () => shapeOps.concatenate([of(null, 3), of(null, 4)], 0), "tensor.shape"],
  ["an axis that does not exist", () => shapeOps.sort(of(2, 3), 2), "tensor.axis"],
  ["a permutation that repeats", () => shapeOps.transpose(of(2, 3), [0, 0]), "tensor.shape"],
])("%s: a typed error", (_, run, code) => {
  const thrown = (() => {
    try {
      return run();
    } catch (error) {
      return error;
    }
  })();
  expect(isVernierError(thrown) ? thrown.code : thrown).toBe(code);
});
