/** @file A shape read as sequences: [steps], [batch, steps] or [batch, steps, features]. */

import { type Shape, sizeOf } from "../../tensor/tensor.ts";

export interface Rows {
  readonly rows: number;
  readonly length: number;
  /** Elements of one step. */
  readonly width: number;
  /** The axis of the steps. */
  readonly axis: number;
}

export function rowsOf(shape: Shape): Rows {
  const axis = shape.length >= 2 ? 1 : 0;
  return {
    rows: axis === 1 ? (shape[0] ?? 1) : 1,
    length: shape[axis] ?? 1,
    width: sizeOf(shape.slice(axis + 1)),
    axis,
  };
}
