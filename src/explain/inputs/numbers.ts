/** @file What the search knows of each side before it begins: its numbers, and the grid that they lie on. */

import { realFromTensor, type Tensor } from "../../tensor/tensor.ts";
import type { Numbers } from "./step.ts";

export interface Fed extends Numbers {
  readonly data: Float64Array;
  readonly hasNonFinite: boolean;
  /** Least and largest, NaN left out. */
  readonly range: readonly [number, number];
  /** As `grid`, but also where float32 holds decimals: such numbers say less than 24 bits each. */
  readonly spacing: number;
}

export function numbersOf(tensor: Tensor): Fed {
  const { data, shape, dtype } = realFromTensor(tensor);
  let [whole, bytes, finite] = [true, true, true];
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) finite = false;
    else if (value !== Math.trunc(value)) whole = bytes = false;
    else if (value < 0 || value > 255) bytes = false;
    if (!whole && !finite) break;
  }
  return {
    shape,
    dtype,
    data,
    read: (at) => data[at] ?? Number.NaN,
    isWhole: whole,
    isBytes: bytes && whole,
    grid: whole ? 1 : dtype === "float64" ? decimalGrid(data, 1e-9) : 0,
    spacing: whole ? 1 : decimalGrid(data, dtype === "float64" ? 1e-9 : 2 ** -24),
    range: rangeOf(data),
    hasNonFinite: !finite || data.some((value) => !Number.isFinite(value)),
  };
}

function rangeOf(data: Float64Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Beyond so many decimals a print rounds no more than float32 itself does. */
const MOST_DECIMALS = 6;

/** 10⁻ᵏ where every value has at most k decimals, to within the rounding `unit` of its dtype; else 0. */
function decimalGrid(data: Float64Array, unit: number): number {
  let decimals = 1;
  for (const value of data) {
    while (decimals <= MOST_DECIMALS && !onGrid(value * 10 ** decimals, unit)) decimals++;
    if (decimals > MOST_DECIMALS) return 0;
  }
  return 10 ** -decimals;
}

const onGrid = (scaled: number, unit: number): boolean =>
  !Number.isFinite(scaled) || Math.abs(scaled - Math.round(scaled)) <= unit * Math.max(1, Math.abs(scaled));
