/**
 * @file Dense row-major arrays. No strides, no views: this is a reference, not a framework.
 *
 * A `Tensor` is what files and engines hand over, in any Keras dtype. A `RealTensor` is what the
 * float64 reading computes with: the same numbers widened to float64, remembering the dtype they had.
 */

import { VernierError } from "../base/errors.ts";
import type { DType } from "./dtype.ts";

export type Shape = readonly number[];

/** A dimension that the shape reading may not know yet (`null`), such as the batch. */
export type Dim = number | null;
export type Dims = readonly Dim[];

export type TensorData =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

/** float16 and bfloat16 are held widened in a Float32Array (exact), bool as 0/1 in a Uint8Array. */
export interface Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TensorData;
}

/** Numbers in float64. Integers beyond 2⁵³ and strings are refused when one is made. */
export interface RealTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: Float64Array;
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** Row-major element strides of a shape. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis] ?? 1;
  }
  return strides;
}

/** The multi-index of the flat position `offset`. */
export function indexOf(shape: Shape, offset: number): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(offset / stride) % (shape[axis] ?? 1));
}

export function real(
  shape: Shape,
  data: ArrayLike<number> | ((i: number) => number),
  dtype: DType = "float32",
): RealTensor {
  const source =
    typeof data === "function"
      ? Float64Array.from({ length: sizeOf(shape) }, (_, i) => data(i))
      : Float64Array.from(data);
  return { shape, dtype, data: source };
}

/** Widens to float64. Throws `tensor.not-numeric` for strings and `tensor.inexact` for integers beyond 2⁵³. */
export function realFromTensor({ shape, dtype, data }: Tensor): RealTensor {
  if (data instanceof Float64Array) return { shape, dtype, data };
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const values = Float64Array.from(data, (value) => Number(value));
    const lost = values.findIndex((value) => !Number.isSafeInteger(value));
    if (lost >= 0) throw new VernierError("tensor.inexact", { dtype, value: String(data[lost]) });
    return { shape, dtype, data: values };
  }
  if (!ArrayBuffer.isView(data)) throw new VernierError("tensor.not-numeric", { dtype });
  // The constructor copies and widens at once; `from` would iterate.
  return { shape, dtype, data: new Float64Array(data) };
}

/** Axis counted from the front; throws `tensor.axis` when out of range. */
export function normalizeAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank)
    throw new VernierError("tensor.axis", { axis, rank });
  return normal;
}
