/**
 * @file Binary floating-point formats: rounding to them (to nearest, ties to even, subnormals kept), distances in
 * units in the last place, and γ(n). IEEE 754-2019 §3.4; bfloat16 is the upper half of a float32.
 */

export interface FloatFormat {
  readonly name: "float64" | "float32" | "float16" | "bfloat16" | "float8_e4m3fn";
  /** Significant bits, the hidden one included. */
  readonly precision: number;
  /** Exponent of the smallest normal number. */
  readonly minExponent: number;
  readonly largest: number;
}

export const FLOAT64: FloatFormat = {
  name: "float64",
  precision: 53,
  minExponent: -1022,
  largest: Number.MAX_VALUE,
};
export const FLOAT32: FloatFormat = {
  name: "float32",
  precision: 24,
  minExponent: -126,
  largest: (2 - 2 ** -23) * 2 ** 127,
};
export const FLOAT16: FloatFormat = { name: "float16", precision: 11, minExponent: -14, largest: 65504 };
export const BFLOAT16: FloatFormat = {
  name: "bfloat16",
  precision: 8,
  minExponent: -126,
  largest: (2 - 2 ** -7) * 2 ** 127,
};

/** Without infinities: its largest number takes their place in the last binade (arXiv 2209.05433). */
export const FLOAT8_E4M3FN: FloatFormat = {
  name: "float8_e4m3fn",
  precision: 4,
  minExponent: -6,
  largest: 448,
};

/** The format of a float dtype, in Keras's spelling; `null` for integers, bool and string. */
export function formatOf(dtype: string): FloatFormat | null {
  switch (dtype) {
    case "float64":
      return FLOAT64;
    case "float32":
      return FLOAT32;
    case "float16":
      return FLOAT16;
    case "bfloat16":
      return BFLOAT16;
    default:
      return null;
  }
}

export const unitRoundoffOf = (format: FloatFormat): number => 2 ** -format.precision;
export const smallestNormalOf = (format: FloatFormat): number => 2 ** format.minExponent;
export const smallestSubnormalOf = (format: FloatFormat): number =>
  2 ** (format.minExponent - format.precision + 1);

/** Adding and subtracting it rounds a float64 below 2⁵¹ in magnitude to an integer, ties to even. */
const INTEGER_ROUNDER = 1.5 * 2 ** 52;

/** Nearest number of the format, ties to even; beyond its range ±Infinity. */
export function roundTo(format: FloatFormat, x: number): number {
  if (format === FLOAT64 || x === 0 || !Number.isFinite(x)) return x;
  if (format === FLOAT32) return Math.fround(x);
  const quantum = 2 ** (exponentIn(format, x) - format.precision + 1);
  const rounded = (x / quantum + INTEGER_ROUNDER - INTEGER_ROUNDER) * quantum;
  if (rounded === 0) return x < 0 ? -0 : 0;
  return Math.abs(rounded) > format.largest ? Math.sign(x) * Infinity : rounded;
}

export const roundToFloat32 = (x: number): number => Math.fround(x);
export const roundToFloat16 = (x: number): number => roundTo(FLOAT16, x);
export const roundToBfloat16 = (x: number): number => roundTo(BFLOAT16, x);

/** Exponent of the binade that holds the finite `x`, never below the format's smallest. */
function exponentIn({ minExponent }: FloatFormat, x: number): number {
  const size = Math.abs(x);
  if (size < 2 ** minExponent) return minExponent;
  const guess = Math.floor(Math.log2(size));
  if (2 ** guess > size) return guess - 1;
  return guess < 1023 && 2 ** (guess + 1) <= size ? guess + 1 : guess;
}

/**
 * How many numbers of the dtype lie between two (0: equal, ±0 count as one; 1: neighbours), after rounding both to
 * it. Infinity comes right after the largest number. NaN is 0 from NaN and Infinity from anything else. Integers
 * and bool: the plain distance.
 */
export function ulpsBetween(a: number, b: number, dtype: string): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity;
  const format = formatOf(dtype);
  if (format === null) return a === b ? 0 : Math.abs(a - b);
  const from = placeIn(format, roundTo(format, a));
  const to = placeIn(format, roundTo(format, b));
  // The binades first: the places themselves reach 2⁶³ in float64, their difference is exact when it is small.
  const perBinade = 2 ** (format.precision - 1);
  return Math.abs((from.binade - to.binade) * perBinade + (from.steps - to.steps));
}

/** Place of a number of the format on its number line: binade · 2^(precision − 1) + steps. */
function placeIn(format: FloatFormat, x: number): { readonly binade: number; readonly steps: number } {
  const sign = x < 0 ? -1 : 1;
  if (!Number.isFinite(x)) {
    const last = placeIn(format, format.largest);
    return { binade: sign * last.binade, steps: sign * (last.steps + 1) };
  }
  const exponent = exponentIn(format, x);
  const quantumExponent = exponent - format.precision + 1;
  // In two factors, since 2^1074 is not a float64.
  const half = Math.trunc(quantumExponent / 2);
  const steps = Math.abs(x) / 2 ** half / 2 ** (quantumExponent - half);
  return { binade: sign * (exponent - format.minExponent), steps: sign * steps };
}

/** Size of the gap around `x` in the dtype: one unit in the last place. Integers and bool: 1. */
export function ulpOf(x: number, dtype: string): number {
  const format = formatOf(dtype);
  if (format === null) return 1;
  if (!Number.isFinite(x)) return NaN;
  return 2 ** (exponentIn(format, x) - format.precision + 1);
}

/**
 * γ(n) = n·u / (1 − n·u): what n roundings can amount to, relative to the sum of the terms' magnitudes, in any
 * order. (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., §3.1.) Infinity where n·u ≥ 1: then the
 * model claims nothing.
 */
export function gamma(n: number, unitRoundoff: number): number {
  const product = n * unitRoundoff;
  return product < 1 ? product / (1 - product) : Infinity;
}
