/**
 * @file Weights as 1 or 2 bytes each, as TF.js's converter stores them (tensorflowjs 4.22 quantization.py): evenly
 * spaced over the weight's range, moved so that 0 is one of the steps where the range holds it; or rounded to float16.
 * Computed in float64, as NumPy 2 does it; NumPy 1 divided in float32, and so can differ by one step at a tie.
 */

import { VernierError } from "../base/errors.ts";
import { float16BitsFromNumber } from "./elements.ts";
import type { Quantization } from "./tfjs-manifest.ts";

const LARGEST = { uint8: 255, uint16: 65_535 } as const;

/** The smallest and the largest of the numbers seen; NaN once one was NaN. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export function rangeOf(data: Float32Array, { min, max }: Range): Range {
  let lowest = min;
  let highest = max;
  for (const value of data) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
    if (Number.isNaN(value)) return { min: Number.NaN, max: Number.NaN };
  }
  return { min: lowest, max: highest };
}

/** Throws `weights.unwritable` when the range is not finite: no scale can say it. */
export function affineOf({ min, max }: Range, dtype: "uint8" | "uint16", weight: string): Quantization {
  if (min > max) return { dtype, min: 0, scale: 1 }; // there are no numbers
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    const reason = `a weight that holds ${Number.isFinite(min) ? max : min} has no ${dtype} form`;
    throw new VernierError("weights.unwritable", { weight, reason });
  }
  if (min === max) return { dtype, min, scale: 1 };
  const scale = (max - min) / LARGEST[dtype];
  if (min > 0 || max < 0) return { dtype, min, scale };
  return { dtype, min: 0 - roundHalfEven(-min / scale) * scale, scale };
}

/** The stored numbers of `data`, whose range `quantization` was made from. */
export function quantize(data: Float32Array, quantization: Quantization): Uint8Array | Uint16Array {
  if (quantization.dtype === "float16") return Uint16Array.from(data, float16BitsFromNumber);
  const { dtype, min, scale } = quantization;
  const stored = dtype === "uint8" ? new Uint8Array(data.length) : new Uint16Array(data.length);
  const largest = LARGEST[dtype];
  for (let i = 0; i < data.length; i++) {
    const steps = roundHalfEven(((data[i] ?? 0) - min) / scale);
    stored[i] = steps < 0 ? 0 : steps > largest ? largest : steps;
  }
  return stored;
}

/** Adding and subtracting it rounds a float64 below 2⁵¹ in magnitude to an integer, ties to even. */
const INTEGER_ROUNDER = 1.5 * 2 ** 52;
const roundHalfEven = (x: number): number => x + INTEGER_ROUNDER - INTEGER_ROUNDER;
