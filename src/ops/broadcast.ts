/** @file NumPy broadcasting: the common shape of two, and the rows in which a loop over both runs. */

import { VernierError } from "../base/errors.ts";
import { type Dim, type Dims, type Shape, sizeOf } from "../tensor/tensor.ts";

export const formatDims = (dims: Dims): string => `[${dims.map((dim) => dim ?? "?").join(", ")}]`;

/** Common shape of two; throws `tensor.shape`. An unknown dimension with a known one above 1 is that one. */
export function broadcastDims(x: Dims, y: Dims): Dim[] {
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, axis) => {
    const a = dimAt(x, axis - rank);
    const b = dimAt(y, axis - rank);
    if (a === b || b === 1) return a;
    if (a === 1 || a === null) return b;
    if (b === null) return a;
    throw new VernierError("tensor.shape", {
      expected: `one that broadcasts with ${formatDims(x)}`,
      received: formatDims(y),
    });
  });
}

/** Axis counted from the end; beyond the front everything is 1. */
function dimAt(dims: Dims, fromEnd: number): Dim {
  const axis = dims.length + fromEnd;
  return axis < 0 ? 1 : (dims[axis] ?? null);
}

export const broadcastShape = (x: Shape, y: Shape): number[] => broadcastDims(x, y).map((dim) => dim ?? 0);

/**
 * A loop over a broadcast pair: `outer` rows of `length` elements. Within a row an operand advances by its step (0: it
 * repeats one element). Equal shapes and scalars are one row; a trailing or leading broadcast has few, long ones.
 */
export interface Rows {
  readonly shape: readonly number[];
  readonly length: number;
  readonly count: number;
  /** Offset of each row in the operands. */
  readonly xAt: Int32Array;
  readonly yAt: Int32Array;
  readonly xStep: 0 | 1;
  readonly yStep: 0 | 1;
}

interface Run {
  extent: number;
  readonly x: 0 | 1;
  readonly y: 0 | 1;
}

export function rowsOf(x: Shape, y: Shape): Rows {
  const shape = broadcastShape(x, y);
  const runs = runsOf(x, y, shape);
  const inner = runs.pop() ?? { extent: 1, x: 1, y: 1 };
  const count = runs.reduce((product, run) => product * run.extent, 1);
  return {
    shape,
    length: inner.extent,
    count: inner.extent === 0 ? 0 : count,
    xAt: offsetsOf(runs, "x", inner.x === 1 ? inner.extent : 1, count),
    yAt: offsetsOf(runs, "y", inner.y === 1 ? inner.extent : 1, count),
    xStep: inner.x,
    yStep: inner.y,
  };
}

/** Neighbouring axes on which both operands behave alike, as one. */
function runsOf(x: Shape, y: Shape, shape: Shape): Run[] {
  const runs: Run[] = [];
  shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const own = (dims: Shape): 0 | 1 => (dimAt(dims, axis - shape.length) === extent ? 1 : 0);
    const run: Run = { extent, x: own(x), y: own(y) };
    const last = runs.at(-1);
    if (last !== undefined && last.x === run.x && last.y === run.y) last.extent *= extent;
    else runs.push(run);
  });
  return runs;
}

function offsetsOf(runs: readonly Run[], operand: "x" | "y", innerSize: number, count: number): Int32Array {
  const offsets = new Int32Array(count);
  let repeat = count;
  let step = innerSize * runs.reduce((size, run) => size * (run[operand] === 1 ? run.extent : 1), 1);
  for (const run of runs) {
    repeat /= run.extent;
    if (run[operand] === 0) continue;
    step /= run.extent;
    for (let row = 0; row < count; row++) {
      offsets[row] = (offsets[row] as number) + (Math.floor(row / repeat) % run.extent) * step;
    }
  }
  return offsets;
}

/** `data` of shape `from` laid out in the larger shape `to`. */
export function spread(data: Float64Array, from: Shape, to: Shape): Float64Array {
  const { shape, length, count, xAt, xStep } = rowsOf(from, to);
  if (shape.length !== to.length || shape.some((extent, axis) => extent !== to[axis])) {
    throw new VernierError("tensor.shape", {
      expected: `one that broadcasts to ${formatDims(to)}`,
      received: formatDims(from),
    });
  }
  if (data.length === sizeOf(to)) return data;
  const out = new Float64Array(sizeOf(to));
  for (let row = 0; row < count; row++) {
    const at = xAt[row] as number;
    if (xStep === 1) out.set(data.subarray(at, at + length), row * length);
    else out.fill(data[at] as number, row * length, (row + 1) * length);
  }
  return out;
}
