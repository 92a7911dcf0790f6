/** @file Parts of row-major arrays: cutting an array into parts that follow each other, and copying between two. */

import type { Shape } from "../tensor/tensor.ts";
import { sizeOf, stridesOf } from "../tensor/tensor.ts";
import type { Hyperslab } from "./hdf5.ts";

/**
 * Parts of at most `maxElements`, whose elements follow each other in the array. Along the first axis a part begins
 * at a multiple of `step` rows, where that many fit.
 */
export function* slabsOf(shape: Shape, maxElements: number, step = 1): Generator<Hyperslab> {
  if (sizeOf(shape) === 0) return;
  const [rows, ...rest] = shape;
  if (rows === undefined) return yield [];
  const rowElements = sizeOf(rest);
  if (rowElements > maxElements) {
    for (let row = 0; row < rows; row++) {
      for (const slab of slabsOf(rest, maxElements)) yield [[row, 1], ...slab];
    }
    return;
  }
  const fitting = Math.max(1, Math.floor(maxElements / rowElements));
  const atOnce = fitting > step ? fitting - (fitting % step) : fitting;
  const whole = rest.map((extent): readonly [number, number] => [0, extent]);
  for (let row = 0; row < rows; row += atOnce) yield [[row, Math.min(atOnce, rows - row)], ...whole];
}

export const countsOf = (slab: Hyperslab): number[] => slab.map(([, count]) => count);

/** An array in bytes, whose first element has the index `origin` in a larger one. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly shape: Shape;
  readonly origin: readonly number[];
}

/** Copies what both have of the larger array. */
export function copyCommon(from: Block, to: Block, elementBytes: number): void {
  const low = from.origin.map((start, axis) => Math.max(start, to.origin[axis] ?? 0));
  const counts = low.map((start, axis) => {
    const ends = [from, to].map(({ origin, shape }) => (origin[axis] ?? 0) + (shape[axis] ?? 0));
    return Math.min(...ends) - start;
  });
  if (counts.some((count) => count <= 0)) return;
  const [fromStrides, toStrides] = [stridesOf(from.shape), stridesOf(to.shape)];
  const offsetIn = ({ origin }: Block, strides: readonly number[]): number =>
    low.reduce((sum, start, axis) => sum + (start - (origin[axis] ?? 0)) * (strides[axis] ?? 0), 0);
  const copy = (axis: number, source: number, target: number): void => {
    const count = counts[axis];
    if (count === undefined || axis === counts.length - 1) {
      const start = source * elementBytes;
      to.bytes.set(from.bytes.subarray(start, start + (count ?? 1) * elementBytes), target * elementBytes);
      return;
    }
    for (let i = 0; i < count; i++) {
      copy(axis + 1, source + i * (fromStrides[axis] ?? 0), target + i * (toStrides[axis] ?? 0));
    }
  };
  copy(0, offsetIn(from, fromStrides), offsetIn(to, toStrides));
}
