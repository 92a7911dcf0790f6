/** @file Reductions in float64 along axes: sums in blocks, extrema, running sums, sorting. */

import { normalizeAxis, type Shape } from "../tensor/tensor.ts";
import { type Split, splitAt } from "./arrange.ts";
import type { Reduction } from "./ops.ts";

type Data = Float64Array;

/** Terms added up before they join the total: the error of n terms grows with n / 256 + 256, not with n. */
const BLOCK = 256;

export function reduced(f: Reduction, data: Data, shape: Shape, axes: readonly number[]): Data {
  return runsOf(shape, axes).reduce(
    (rest, split) => (f === "sum" ? summed(rest, split) : extreme(f, rest, split)),
    data,
  );
}

/** Neighbouring reduced axes as one, the last ones first, so that the splits in front stay valid. */
function runsOf(shape: Shape, axes: readonly number[]): Split[] {
  const reducedAxes = new Set(axes.map((axis) => normalizeAxis(axis, shape.length)));
  const left = [...shape];
  const splits: Split[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (!reducedAxes.has(axis)) continue;
    const { outer, extent, inner } = splitAt(left, axis);
    const last = splits.at(-1);
    if (last !== undefined && reducedAxes.has(axis + 1))
      splits[splits.length - 1] = { outer, extent: extent * last.extent, inner };
    else splits.push({ outer, extent, inner });
    left[axis] = 1;
  }
  return splits;
}

function summed(data: Data, { outer, extent, inner }: Split): Data {
  const out = new Float64Array(outer * inner);
  const part = new Float64Array(inner);
  for (let block = 0; block < outer; block++) {
    const start = block * extent * inner;
    if (inner === 1) {
      let total = 0;
      for (let first = 0; first < extent; first += BLOCK) {
        const last = start + Math.min(first + BLOCK, extent);
        let sum = 0;
        for (let i = start + first; i < last; i++) sum += data[i] as number;
        total += sum;
      }
      out[block] = total;
      continue;
    }
    const to = block * inner;
    for (let first = 0; first < extent; first += BLOCK) {
      const last = Math.min(first + BLOCK, extent);
      part.fill(0);
      for (let row = first; row < last; row++) {
        const from = start + row * inner;
        for (let q = 0; q < inner; q++) part[q] = (part[q] as number) + (data[from + q] as number);
      }
      for (let q = 0; q < inner; q++) out[to + q] = (out[to + q] as number) + (part[q] as number);
    }
  }
  return out;
}

function extreme(f: "max" | "min", data: Data, { outer, extent, inner }: Split): Data {
  const out = new Float64Array(outer * inner).fill(f === "max" ? -Infinity : Infinity);
  for (let block = 0, from = 0; block < outer; block++) {
    for (let row = 0; row < extent; row++) {
      for (let to = block * inner; to < (block + 1) * inner; to++, from++) {
        const a = out[to] as number;
        const b = data[from] as number;
        out[to] = f === "max" ? Math.max(a, b) : Math.min(a, b);
      }
    }
  }
  return out;
}

export function runningSum(data: Data, { outer, extent, inner }: Split): Data {
  const out = Float64Array.from(data);
  for (let block = 0; block < outer; block++) {
    const start = block * extent * inner;
    for (let i = start + inner; i < start + extent * inner; i++)
      out[i] = (out[i] as number) + (out[i - inner] as number);
  }
  return out;
}

/** Ascending along the split axis, NaN last. */
export function sorted(data: Data, { outer, extent, inner }: Split): Data {
  if (inner === 1) {
    const out = Float64Array.from(data);
    for (let block = 0; block < outer; block++) out.subarray(block * extent, (block + 1) * extent).sort();
    return out;
  }
  const out = new Float64Array(data.length);
  const column = new Float64Array(extent);
  for (let block = 0; block < outer; block++) {
    for (let q = 0; q < inner; q++) {
      const start = block * extent * inner + q;
      for (let row = 0; row < extent; row++) column[row] = data[start + row * inner] as number;
      column.sort();
      for (let row = 0; row < extent; row++) out[start + row * inner] = column[row] as number;
    }
  }
  return out;
}
