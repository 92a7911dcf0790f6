/**
 * @file The bounded reading: every primitive on a value and on how far an engine of a given arithmetic may stray from it,
 * for any order of summation, with or without fused multiply-add.
 *
 * Each rule is the standard model fl(a∘b) = (a∘b)(1 + δ) + η of `numerics/arithmetic.ts`, plus what the operands' own errors
 * contribute; the rules are in `bounds/`. A radius of `null` is exact and stays so where nothing is rounded.
 */

import type { Arithmetic } from "../numerics/arithmetic.ts";
import { type DType, isFloating } from "../tensor/dtype.ts";
import { normalizeAxis, type RealTensor } from "../tensor/tensor.ts";
import { splitAt, transposed } from "./arrange.ts";
import { unaryRadius } from "./bounds/functions.ts";
import { addRadius, divideRadius, extremumRadius, multiplyRadius, powerRadius } from "./bounds/pairs.ts";
import { type Bounded, EXACT, operand, orNull, type Rounding, roundingOf } from "./bounds/rounding.ts";
import { castRadius, compareRadius, pickedRadius, unclaimed, whereRadius } from "./bounds/selection.ts";
import { averageRadius, convRadius, cumsumRadius, matmulRadius, reduceSumRadius } from "./bounds/sums.ts";
import { type Rows, rowsOf } from "./broadcast.ts";
import { float64Ops } from "./float64.ts";
import { fastKernels, type Kernels } from "./kernels.ts";
import { convolutionOf, poolingOf, productOf } from "./lowering.ts";
import type { Binary, Ops } from "./ops.ts";

export { type Bounded, exact } from "./bounds/rounding.ts";

/** Throws as `float64Ops` does. */
export function boundedOps(arithmetic: Arithmetic, kernels: Kernels = fastKernels): Ops<Bounded> {
  const ops = float64Ops(kernels);
  const rounding = roundingOf(arithmetic);
  /** Integers and bool are exact on every engine. */
  const roundingFor = (dtype: DType): Rounding => (isFloating(dtype) ? rounding : EXACT);
  /** The operands as the engine takes them. */
  const held = (x: Bounded, dtype: DType): Bounded => operand(x, roundingFor(dtype));

  /** The operands of what picks one of them: to a comparison that flushes, all subnormal numbers are equal. */
  const picked = (x: Bounded, dtype: DType): Bounded => operand(x, roundingFor(dtype), true);

  /** Applies what only moves elements to value and radius alike. */
  const moved = (x: Bounded, move: (tensor: RealTensor) => RealTensor): Bounded => ({
    value: move(x.value),
    radius: x.radius === null ? null : move({ ...x.value, data: x.radius }).data,
  });

  const distance = (value: number): number => {
    const rounded = arithmetic.round(value);
    return rounded === value || Number.isNaN(value) ? 0 : Math.abs(value - rounded);
  };

  /** How far each is from the engine's nearest; `null` where all are its numbers, as a file's mostly are. */
  const distances = (data: Float64Array): Float64Array | null => {
    let found: Float64Array | null = null;
    for (let i = 0; i < data.length; i++) {
      const off = distance(data[i] as number);
      if (off === 0) continue;
      found ??= new Float64Array(data.length);
      found[i] = off;
    }
    return found;
  };

  function pairRadius(
    f: Binary,
    value: RealTensor,
    x: Bounded,
    y: Bounded,
    rows: Rows,
  ): Pick<Bounded, "radius" | "sum"> {
    const model = roundingFor(value.dtype);
    const { data } = value;
    if (f === "maximum" || f === "minimum") {
      if (x.radius === null && y.radius === null) return { radius: null };
      return { radius: orNull(extremumRadius(f, data, x, y, rows, value.dtype === "bool" ? 1 : Infinity)) };
    }
    if (model === EXACT && x.radius === null && y.radius === null) return { radius: null };
    switch (f) {
      case "add":
      case "subtract":
        return addRadius(data, x, y, rows, model);
      case "multiply":
        return { radius: multiplyRadius(data, x, y, rows, model) };
      case "divide":
        return { radius: divideRadius(data, x, y, rows, model) };
      case "power":
        return { radius: powerRadius(data, x, y, rows, model, arithmetic.functions.pow) };
      default:
        return f satisfies never;
    }
  }

  return {
    constant(value) {
      if (!isFloating(value.dtype)) return { value, radius: null };
      return { value, radius: distances(value.data) };
    },

    dimsOf: ({ value }) => value.shape,
    dtypeOf: ({ value }) => value.dtype,

    binary(f, x, y) {
      const value = ops.binary(f, x.value, y.value);
      const rows = rowsOf(x.value.shape, y.value.shape);
      const taken = f === "maximum" || f === "minimum" ? picked : held;
      return { value, ...pairRadius(f, value, taken(x, value.dtype), taken(y, value.dtype), rows) };
    },

    unary(f, x) {
      const value = ops.unary(f, x.value);
      if (!isFloating(value.dtype) && x.radius === null) return { value, radius: null };
      return {
        value,
        radius: unaryRadius(f, value.data, held(x, value.dtype), roundingFor(value.dtype), arithmetic),
      };
    },

    compare(f, x, y) {
      const rows = rowsOf(x.value.shape, y.value.shape);
      const radius = compareRadius(held(x, x.value.dtype), held(y, y.value.dtype), rows);
      return { value: ops.compare(f, x.value, y.value), radius };
    },

    where(condition, x, y) {
      const value = ops.where(condition.value, x.value, y.value);
      return { value, radius: whereRadius(value, condition, x, y) };
    },

    cast(x, dtype) {
      const value = ops.cast(x.value, dtype);
      const from = isFloating(dtype) && !isFloating(x.value.dtype) ? held(x, dtype) : x;
      return { value, radius: castRadius(value.data, from, dtype) };
    },

    reduce(f, x, axes, keepdims) {
      const value = ops.reduce(f, x.value, axes, keepdims);
      const from = held(x, value.dtype);
      if (f !== "sum") {
        const { shape, dtype } = x.value;
        const pick = (data: Float64Array): Float64Array =>
          ops.reduce(f, { shape, dtype, data }, axes, keepdims).data;
        return { value, radius: pickedRadius(value.data, picked(x, value.dtype), pick) };
      }
      if (!isFloating(value.dtype) && from.radius === null) return { value, radius: null };
      return { value, ...reduceSumRadius(value.data, from, axes, roundingFor(value.dtype)) };
    },

    cumsum(x, axis) {
      const value = ops.cumsum(x.value, axis);
      const from = held(x, value.dtype);
      if (!isFloating(value.dtype) && from.radius === null) return { value, radius: null };
      const split = splitAt(x.value.shape, normalizeAxis(axis, x.value.shape.length));
      return { value, radius: cumsumRadius(value.data, from, split, roundingFor(value.dtype)) };
    },

    sort(x, axis) {
      const value = ops.sort(x.value, axis);
      // The k-th smallest is monotone in every element.
      const pick = (data: Float64Array): Float64Array => ops.sort({ ...x.value, data }, axis).data;
      return { value, radius: pickedRadius(value.data, picked(x, value.dtype), pick) };
    },

    reshape(x, dims) {
      const { sum } = x;
      const shaped = { value: ops.reshape(x.value, dims), radius: x.radius };
      return sum === undefined ? shaped : { ...shaped, sum };
    },

    transpose(x, permutation) {
      const turned = moved(x, (tensor) => ops.transpose(tensor, permutation));
      if (x.sum === undefined) return turned;
      const { shape } = x.value;
      const axes = permutation.map((axis) => normalizeAxis(axis, shape.length));
      const { magnitude, roundings } = x.sum;
      const turnedRoundings = typeof roundings === "number" ? roundings : transposed(roundings, shape, axes);
      return {
        ...turned,
        sum: { magnitude: transposed(magnitude, shape, axes), roundings: turnedRoundings },
      };
    },

    broadcast_to: (x, dims) => moved(x, (tensor) => ops.broadcast_to(tensor, dims)),

    concatenate(xs, axis) {
      const value = ops.concatenate(
        xs.map((x) => x.value),
        axis,
      );
      if (xs.every((x) => x.radius === null)) return { value, radius: null };
      const radii = xs.map((x) => ({ ...x.value, data: x.radius ?? new Float64Array(x.value.data.length) }));
      return { value, radius: ops.concatenate(radii, axis).data };
    },

    slice: (x, axis, start, stop, step) => moved(x, (tensor) => ops.slice(tensor, axis, start, stop, step)),

    pad(x, widths, value) {
      const error = isFloating(x.value.dtype) ? distance(value) : 0;
      const around = ops.pad(x.value, widths, value);
      if (x.radius === null && error === 0) return { value: around, radius: null };
      const radius = x.radius ?? new Float64Array(x.value.data.length);
      return { value: around, radius: ops.pad({ ...x.value, data: radius }, widths, error).data };
    },

    take(x, indices, axis) {
      const rows = moved(x, (tensor) => ops.take(tensor, indices.value, axis));
      if (indices.radius?.some((r) => r >= 1) !== true) return rows;
      return { value: rows.value, radius: unclaimed(rows.value.data.length) };
    },

    matmul(x, y) {
      const value = ops.matmul(x.value, y.value);
      const [a, b] = [held(x, value.dtype), held(y, value.dtype)];
      if (!isFloating(value.dtype) && a.radius === null && b.radius === null) return { value, radius: null };
      const product = productOf(x.value.shape, y.value.shape);
      return { value, ...matmulRadius(value.data, a, b, product, kernels, roundingFor(value.dtype)) };
    },

    conv(x, kernel, options) {
      const value = ops.conv(x.value, kernel.value, options);
      const geometry = convolutionOf(x.value.shape, kernel.value.shape, options);
      const [a, b] = [held(x, value.dtype), held(kernel, value.dtype)];
      return { value, ...convRadius(value.data, a, b, geometry, kernels, roundingFor(value.dtype)) };
    },

    pool(f, x, options) {
      const value = ops.pool(f, x.value, options);
      const geometry = poolingOf(x.value.shape, options);
      if (f === "max") {
        const pick = (data: Float64Array): Float64Array => kernels.pool("max", data, geometry);
        return { value, radius: pickedRadius(value.data, picked(x, value.dtype), pick) };
      }
      const from = held(x, value.dtype);
      return { value, radius: averageRadius(value.data, from, geometry, kernels, roundingFor(value.dtype)) };
    },
  };
}
