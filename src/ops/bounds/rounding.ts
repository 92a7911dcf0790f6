/** @file The rounding model that every bound is made of, taken from an engine's stated arithmetic. */

import type { Arithmetic } from "../../numerics/arithmetic.ts";
import { gamma } from "../../numerics/formats.ts";
import { isFloating } from "../../tensor/dtype.ts";
import type { RealTensor } from "../../tensor/tensor.ts";

/** A value and how far an engine may stray from it, element by element. */
export interface Bounded {
  readonly value: RealTensor;
  /**
   * |engine − value| ≤ radius. `null`: no error at all. Never NaN; Infinity: nothing is claimed (the result may
   * overflow, or an operand comes too near a pole). A non-finite value with radius 0 is certain.
   */
  readonly radius: Float64Array | null;
  /** Present where the value is a sum that an engine may still have open. */
  readonly sum?: OpenSum;
}

/**
 * Engines add a bias into the accumulator of the product before it, and scale the terms of a mean before adding
 * them up. What follows a sum may therefore be rounded with its terms, not just with its result.
 */
export interface OpenSum {
  /** Σ|terms|, with the errors that they carry. */
  readonly magnitude: Float64Array;
  /** The radius holds γ(roundings)·magnitude; one number where it is the same for all elements. */
  readonly roundings: number | Float64Array;
}

export interface Rounding {
  /** Unit roundoff of a stored result; of a running sum. */
  readonly unit: number;
  readonly sumUnit: number;
  /** Absolute error of a product or function value that underflows; of a sum (exact unless subnormals are flushed). */
  readonly underflow: number;
  readonly sumUnderflow: number;
  readonly largest: number;
  /** Operands below it in magnitude may be taken as zero; 0 where they are not. */
  readonly flushedBelow: number;
  /** Smallest positive normal number. */
  readonly smallestNormal: number;
  /** What sums of convolutions start from. */
  readonly convolutionStart: number;
}

/** Twice the unit roundoff of float64: what the reference's own operation and that of the bound may add. */
const OWN = 2 ** -52;

/**
 * Sums of up to 2²² radii in float64 err by less than this, relatively; so every radius is made larger by it.
 * It is a 2⁻⁶ of the unit roundoff of float32.
 */
export const WIDEN = 1 + 2 ** -30;

export function roundingOf(arithmetic: Arithmetic): Rounding {
  const { unitRoundoff, accumulation, underflow, largest, smallestNormal, flushesSubnormals } = arithmetic;
  const charged = flushesSubnormals ? Math.max(underflow, smallestNormal) : underflow;
  return {
    unit: unitRoundoff + OWN,
    sumUnit: accumulation + OWN,
    underflow: charged,
    // A sum of two numbers of the format that is subnormal is a number of the format. (Hauser 1996.)
    sumUnderflow: flushesSubnormals ? charged : 0,
    largest,
    flushedBelow: flushesSubnormals ? smallestNormal : 0,
    smallestNormal,
    convolutionStart: arithmetic.convolutionStart ?? 0,
  };
}

/** Integers and bool: no rounding. */
export const EXACT: Rounding = {
  unit: 0,
  sumUnit: 0,
  underflow: 0,
  sumUnderflow: 0,
  largest: Infinity,
  flushedBelow: 0,
  smallestNormal: 0,
  convolutionStart: 0,
};

/** An error factor that holds for a sum of terms each rounded `roundings` times, then stored. */
export const sumFactor = ({ sumUnit }: Rounding, roundings: number): number => gamma(roundings, sumUnit);

/** Does a sum come out of its accumulator with another rounding? */
export const storesSums = ({ unit, sumUnit }: Rounding): boolean => sumUnit < unit;

export const exact = (value: RealTensor): Bounded => ({ value, radius: null });

/** `null` where every entry is 0. */
export const orNull = (radius: Float64Array): Float64Array | null =>
  radius.every((r) => r === 0) ? null : radius;

/**
 * The operand as the engine takes it: a subnormal one as zero where the engine flushes (`picked`: as any other subnormal
 * one, since it is equal to that and neither is computed with), an integer rounded where the operation is one of floats.
 */
export function operand(x: Bounded, rounding: Rounding, picked = false): Bounded {
  const { value, radius } = x;
  const { flushedBelow, unit } = rounding;
  const converts = !isFloating(value.dtype) && value.dtype !== "bool" && unit > 0;
  if (flushedBelow === 0 && !converts) return x;
  const { data } = value;
  let changed: Float64Array | null = null;
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i] as number);
    const error = radius === null ? 0 : (radius[i] as number);
    let next = error;
    if (size - error < flushedBelow && size + error > 0)
      next = Math.max(error, picked ? size + flushedBelow : size);
    if (converts && size + error > 1 / unit) next += unit * (size + error);
    if (next === error) continue;
    changed ??= radius === null ? new Float64Array(data.length) : Float64Array.from(radius);
    changed[i] = next;
  }
  return changed === null ? x : { ...x, radius: changed };
}

/** |value| + radius. */
export function magnitudes({ value: { data }, radius }: Bounded): Float64Array {
  const out = new Float64Array(data.length);
  if (radius === null) for (let i = 0; i < out.length; i++) out[i] = Math.abs(data[i] as number);
  else for (let i = 0; i < out.length; i++) out[i] = Math.abs(data[i] as number) + (radius[i] as number);
  return out;
}

export const absolute = (data: Float64Array): Float64Array => data.map((value) => Math.abs(value));

/** Lower and upper ends of the intervals. */
export function ends({ value: { data }, radius }: Bounded): readonly [Float64Array, Float64Array] {
  if (radius === null) return [data, data];
  return [
    data.map((value, i) => value - (radius[i] as number)),
    data.map((value, i) => value + (radius[i] as number)),
  ];
}

/** Radius around `value` that reaches both ends; Infinity where an end is unknown. */
export function reach(value: number, low: number, high: number): number {
  const below = value === low ? 0 : value - low;
  const above = value === high ? 0 : high - value;
  const radius = Math.max(below, above);
  return Number.isNaN(radius)
    ? Number.isNaN(value) && Number.isNaN(low) && Number.isNaN(high)
      ? 0
      : Infinity
    : radius;
}

export function reaches(value: Float64Array, low: Float64Array, high: Float64Array): Float64Array {
  return value.map((v, i) => reach(v, low[i] as number, high[i] as number));
}
