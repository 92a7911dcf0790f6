/** @file Operations that every reading gets for free, each written once over the primitives of `Ops`. */

import { normalizeAxis, real } from "../tensor/tensor.ts";
import type { Ops } from "./ops.ts";

/** A scalar of the formula. */
export const scalar = <T>(ops: Ops<T>, value: number): T => ops.constant(real([], [value]));

export const add = <T>(ops: Ops<T>, x: T, y: T): T => ops.binary("add", x, y);
export const subtract = <T>(ops: Ops<T>, x: T, y: T): T => ops.binary("subtract", x, y);
export const multiply = <T>(ops: Ops<T>, x: T, y: T): T => ops.binary("multiply", x, y);
export const divide = <T>(ops: Ops<T>, x: T, y: T): T => ops.binary("divide", x, y);
export const relu = <T>(ops: Ops<T>, x: T): T => ops.binary("maximum", x, scalar(ops, 0));

export const clip = <T>(ops: Ops<T>, x: T, low: number, high: number): T =>
  ops.binary("minimum", ops.binary("maximum", x, scalar(ops, low)), scalar(ops, high));

/** The number of elements that a reduction over `axes` adds up; `null` before it is known. */
export function extentOf<T>(ops: Ops<T>, x: T, axes: readonly number[]): number | null {
  const dims = ops.dimsOf(x);
  return axes.reduce<number | null>((product, axis) => {
    const dim = dims[normalizeAxis(axis, dims.length)] ?? null;
    return product === null || dim === null ? null : product * dim;
  }, 1);
}

export function mean<T>(ops: Ops<T>, x: T, axes: readonly number[], keepdims = false): T {
  return divide(ops, ops.reduce("sum", x, axes, keepdims), scalar(ops, extentOf(ops, x, axes) ?? 1));
}

/** Every term divided, then added, as some engines do: each quotient may lose a subnormal of its own. */
export function meanOfQuotients<T>(ops: Ops<T>, x: T, axes: readonly number[], keepdims = false): T {
  return ops.reduce("sum", divide(ops, x, scalar(ops, extentOf(ops, x, axes) ?? 1)), axes, keepdims);
}

/** exp(x − max) / Σ: the shift cancels exactly and keeps exp from overflowing. */
export function softmax<T>(ops: Ops<T>, x: T, axes: readonly number[] = [-1]): T {
  const exps = ops.unary("exp", subtract(ops, x, ops.reduce("max", x, axes, true)));
  return divide(ops, exps, ops.reduce("sum", exps, axes, true));
}

export function log_softmax<T>(ops: Ops<T>, x: T, axis = -1): T {
  const shifted = subtract(ops, x, ops.reduce("max", x, [axis], true));
  return subtract(ops, shifted, ops.unary("log", ops.reduce("sum", ops.unary("exp", shifted), [axis], true)));
}

export function expand_dims<T>(ops: Ops<T>, x: T, axis: number): T {
  const dims = ops.dimsOf(x);
  const at = axis < 0 ? axis + dims.length + 1 : axis;
  return ops.reshape(x, [...dims.slice(0, at), 1, ...dims.slice(at)]);
}

export function squeeze<T>(ops: Ops<T>, x: T, axis: number): T {
  const dims = ops.dimsOf(x);
  const at = normalizeAxis(axis, dims.length);
  return ops.reshape(x, [...dims.slice(0, at), ...dims.slice(at + 1)]);
}

/** The slice at one index along an axis, which is dropped. */
export function at<T>(ops: Ops<T>, x: T, axis: number, index: number): T {
  return squeeze(ops, ops.slice(x, axis, index, index + 1), axis);
}

export const flip = <T>(ops: Ops<T>, x: T, axis: number): T => ops.slice(x, axis, -1, null, -1);

export function stack<T>(ops: Ops<T>, xs: readonly T[], axis: number): T {
  return ops.concatenate(
    xs.map((x) => expand_dims(ops, x, axis)),
    axis,
  );
}

/** Each element `times` times in a row along `axis`. */
export function repeat<T>(ops: Ops<T>, x: T, times: number, axis: number): T {
  const dims = ops.dimsOf(x);
  const axisAt = normalizeAxis(axis, dims.length);
  const spread = expand_dims(ops, x, axisAt + 1);
  const wide = [...dims.slice(0, axisAt + 1), times, ...dims.slice(axisAt + 1)];
  const extent = dims[axisAt] ?? null;
  return ops.reshape(ops.broadcast_to(spread, wide), [
    ...dims.slice(0, axisAt),
    extent === null ? null : extent * times,
    ...dims.slice(axisAt + 1),
  ]);
}

/** For bool tensors. */
export const logical_and = <T>(ops: Ops<T>, x: T, y: T): T => ops.binary("minimum", x, y);
export const logical_or = <T>(ops: Ops<T>, x: T, y: T): T => ops.binary("maximum", x, y);
export const any = <T>(ops: Ops<T>, x: T, axes: readonly number[], keepdims = false): T =>
  ops.reduce("max", x, axes, keepdims);
export const all = <T>(ops: Ops<T>, x: T, axes: readonly number[], keepdims = false): T =>
  ops.reduce("min", x, axes, keepdims);

/** Channels-first input as channels-last, `f` applied, and back. `channels_last` passes through. */
export function channelsLast<T>(ops: Ops<T>, data_format: string, x: T, f: (x: T) => T): T {
  if (data_format !== "channels_first") return f(x);
  return toChannelsFirst(ops, f(toChannelsLast(ops, x)));
}

export function toChannelsLast<T>(ops: Ops<T>, x: T): T {
  const rank = ops.dimsOf(x).length;
  return ops.transpose(x, [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]);
}

export function toChannelsFirst<T>(ops: Ops<T>, x: T): T {
  const rank = ops.dimsOf(x).length;
  return ops.transpose(x, [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]);
}

/** How engines bring a vector to length 1, given s = max(Σx², least): x·(1/√s), x/√s, x·min(1/√Σx², 1/√least). */
export type L2Form = "reciprocal" | "quotient" | "clipped-reciprocal";
export const L2_FORMS: readonly [L2Form, ...L2Form[]] = ["reciprocal", "quotient", "clipped-reciprocal"];

export function l2_normalize<T>(
  ops: Ops<T>,
  x: T,
  axes: readonly number[],
  least: number,
  form: L2Form = "reciprocal",
): T {
  const squares = ops.reduce("sum", ops.unary("square", x), axes, true);
  if (form === "clipped-reciprocal") {
    const inverse = ops.binary("minimum", ops.unary("rsqrt", squares), scalar(ops, 1 / Math.sqrt(least)));
    return multiply(ops, x, inverse);
  }
  const s = ops.binary("maximum", squares, scalar(ops, least));
  return form === "quotient" ? divide(ops, x, ops.unary("sqrt", s)) : multiply(ops, x, ops.unary("rsqrt", s));
}
