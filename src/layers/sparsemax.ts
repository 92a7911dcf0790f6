/**
 * @file Sparsemax as Keras 3 computes it (keras/src/backend/tensorflow/nn.py).
 *
 * Its threshold adds up the running sums of all supported entries, where Martins and Astudillo (2016) take the last
 * one: with more than one supported entry the result differs from the paper's, and is what the model was trained with.
 */

import { add, divide, flip, multiply, relu, scalar, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { real } from "../tensor/tensor.ts";
import { knownDim } from "./define.ts";

export function sparsemax<T>(ops: Ops<T>, x: T): T {
  const extent = knownDim(ops.dimsOf(x), -1);
  const descending = flip(ops, ops.sort(x, -1), -1);
  const sums = ops.cumsum(descending, -1);
  const one = scalar(ops, 1);
  const ranks = ops.constant(real([extent], (i) => i + 1));
  const gap = subtract(ops, descending, divide(ops, subtract(ops, sums, one), ranks));
  const supported = ops.compare("greater", gap, scalar(ops, 0));
  const count = ops.reduce("sum", ops.cast(supported, "float32"), [-1], true);
  const total = ops.reduce(
    "sum",
    ops.where(supported, sums, multiply(ops, sums, scalar(ops, 0))),
    [-1],
    true,
  );
  return relu(ops, subtract(ops, x, divide(ops, add(ops, total, scalar(ops, -1)), count)));
}
