/** @file Moving elements without computing: transpose, slice, join, pad, gather, over plain row-major arrays. */

import { VernierError } from "../base/errors.ts";
import { type Shape, sizeOf, stridesOf } from "../tensor/tensor.ts";
import type { Range } from "./dims.ts";

/** An axis splits a shape into `outer` blocks of `extent` rows of `inner` elements. */
export interface Split {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
}

export const splitAt = (shape: Shape, axis: number): Split => ({
  outer: sizeOf(shape.slice(0, axis)),
  extent: shape[axis] ?? 1,
  inner: sizeOf(shape.slice(axis + 1)),
});

/** Axes in the order of `permutation`, each counted from the front. */
export function transposed(data: Float64Array, shape: Shape, permutation: readonly number[]): Float64Array {
  const strides = stridesOf(shape);
  const to = permutation.map((axis) => shape[axis] ?? 1);
  const steps = permutation.map((axis) => strides[axis] ?? 0);
  const out = new Float64Array(data.length);
  if (data.length === 0) return out;
  const last = to.length - 1;
  const rowLength = to[last] ?? 1;
  const rowStep = steps[last] ?? 1;
  const index = new Array<number>(Math.max(last, 0)).fill(0);
  let from = 0;
  for (let at = 0; at < out.length; at += rowLength) {
    for (let i = 0; i < rowLength; i++) out[at + i] = data[from + i * rowStep] as number;
    for (let axis = last - 1; axis >= 0; axis--) {
      from += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (to[axis] as number)) break;
      from -= (steps[axis] as number) * (to[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}

export function sliced(
  data: Float64Array,
  { outer, extent, inner }: Split,
  { start, step, count }: Range,
): Float64Array {
  const out = new Float64Array(outer * count * inner);
  if (inner === 1) {
    for (let block = 0, at = 0; block < outer; block++) {
      for (let i = 0; i < count; i++, at++) out[at] = data[block * extent + start + i * step] as number;
    }
    return out;
  }
  for (let block = 0; block < outer; block++) {
    const from = block * extent * inner;
    if (step === 1) {
      out.set(data.subarray(from + start * inner, from + (start + count) * inner), block * count * inner);
      continue;
    }
    for (let i = 0; i < count; i++) {
      const row = from + (start + i * step) * inner;
      out.set(data.subarray(row, row + inner), (block * count + i) * inner);
    }
  }
  return out;
}

/** Parts that differ only in the extent of one axis, one after the other along it. */
export function joined(
  parts: readonly { readonly data: Float64Array; readonly split: Split }[],
): Float64Array {
  const total = parts.reduce((sum, { data }) => sum + data.length, 0);
  const out = new Float64Array(total);
  const outer = parts[0]?.split.outer ?? 0;
  const rowSize = outer === 0 ? 0 : total / outer;
  let start = 0;
  for (const { data, split } of parts) {
    const size = split.extent * split.inner;
    for (let block = 0; block < outer; block++) {
      out.set(data.subarray(block * size, (block + 1) * size), block * rowSize + start);
    }
    start += size;
  }
  return out;
}

/** `value` around `data`; negative widths are not allowed. */
export function padded(
  data: Float64Array,
  shape: Shape,
  widths: readonly (readonly [number, number])[],
  value: number,
): Float64Array {
  const to = shape.map((extent, axis) => extent + (widths[axis]?.[0] ?? 0) + (widths[axis]?.[1] ?? 0));
  const out = new Float64Array(sizeOf(to));
  if (value !== 0) out.fill(value);
  if (data.length === 0) return out;
  const strides = stridesOf(to);
  const rowLength = shape.at(-1) ?? 1;
  const rows = data.length / rowLength;
  const fromStrides = stridesOf(shape.slice(0, -1));
  const shift = widths.reduce((sum, [before], axis) => sum + before * (strides[axis] ?? 0), 0);
  for (let row = 0; row < rows; row++) {
    let at = shift;
    for (let axis = 0; axis < shape.length - 1; axis++) {
      at +=
        (Math.floor(row / (fromStrides[axis] as number)) % (shape[axis] as number)) *
        (strides[axis] as number);
    }
    out.set(data.subarray(row * rowLength, (row + 1) * rowLength), at);
  }
  return out;
}

/** Rows at `indices` along the split axis. A negative index counts from the end; else throws `input.invalid`. */
export function taken(
  data: Float64Array,
  { outer, extent, inner }: Split,
  indices: Float64Array,
): Float64Array {
  const rows = Int32Array.from(indices, (index) => {
    const row = index < 0 ? index + extent : index;
    if (Number.isInteger(row) && row >= 0 && row < extent) return row;
    throw new VernierError("input.invalid", {
      reason: `index ${index} is not among the ${extent} rows of the table`,
    });
  });
  const out = new Float64Array(outer * rows.length * inner);
  for (let block = 0; block < outer; block++) {
    for (let i = 0; i < rows.length; i++) {
      const from = (block * extent + (rows[i] as number)) * inner;
      out.set(data.subarray(from, from + inner), (block * rows.length + i) * inner);
    }
  }
  return out;
}
