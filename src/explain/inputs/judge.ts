/**
 * @file Does a chain of steps make A of B? The tolerance comes from the numbers themselves, never by hand.
 *
 * `exact`: each element to within the rounding of what computes it: a product, a sum and both stored values in their
 * dtype, or half a step of a printed decimal. `quantized`: within one step of a side that holds whole numbers
 * (truncation loses up to one, rounding up to half, fixed-point resizing up to one), and no worse on average than
 * truncation does (a uniform error in one step: 1/√3). `noise`: what is left has the marks of noise (`noise.ts`).
 */

import { formatOf, unitRoundoffOf } from "../../numerics/formats.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { bitsOf, choiceBits, MARGIN_BITS } from "./bits.ts";
import { judgeNoise, mean, meanSquare } from "./noise.ts";
import type { Fed } from "./numbers.ts";
import type { Arrangement, Pairs, ValueStep } from "./step.ts";

export type Level = "exact" | "quantized" | "noise" | "none";
export const LEVELS: readonly Level[] = ["exact", "quantized", "noise", "none"];

export interface Judgement {
  readonly level: Level;
  readonly isJpeg: boolean;
  readonly maxAbs: number;
  readonly mean: number;
  readonly rms: number;
  readonly at: number;
  /**
   * Bits that name the steps and what they leave, to compare explanations of one level. Of what is left its deviation
   * counts, not its mean: truncation moves all by half a step. The errors within a JPEG block are not independent.
   */
  readonly length: number;
  /** Bits of A that the steps explain, less those that name them and the margin. */
  readonly gain: number;
}

/** Roundings on the way: scale, shift and the two stored values; a resize adds those of its sums. */
const ROUNDINGS = 4;
/** Of the sums of a resize; its places are computed in float32 too, each off by two roundings of the picture's size. */
const roundingsOfAMix = (shape: readonly number[]): number => 16 + 4 * Math.max(...shape.slice(-3));
/** Pixels of a block of JPEG. */
const BLOCK = 64;
const FLOAT32 = 2 ** -24;
const STEP_KINDS = 17;

export function judge(
  a: Fed,
  b: Fed,
  pairs: Pairs,
  {
    arrangements,
    values,
    whole,
  }: {
    readonly arrangements: readonly Arrangement[];
    readonly values: readonly ValueStep[];
    readonly whole: boolean;
  },
): Judgement {
  const { x, y, channel } = pairs;
  const stretch = values.reduce((product, step) => product * step.stretch, 1);
  const mixes = arrangements.some((step) => step.mixes);
  const unit = roundoff(a);
  const roundings = mixes ? roundingsOfAMix(b.shape) : ROUNDINGS;
  const printed = (a.isWhole ? 0 : a.grid / 2) + (b.isWhole ? 0 : (stretch * b.grid) / 2);
  const step = Math.max(a.isWhole ? 1 : 0, b.isWhole ? stretch : 0);
  const residual = new Float64Array(x.length);
  let [exact, quantized, worst, at, sum] = [true, step > 0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const given = x[i] as number;
    const wanted = y[i] as number;
    let value = given;
    let size = Math.abs(wanted) + Math.abs(given) * stretch;
    for (const { apply } of values) {
      value = apply(value, channel === null ? 0 : (channel[i] as number));
      size = Math.max(size, Math.abs(value));
    }
    if (Number.isNaN(wanted) && Number.isNaN(value)) continue;
    const left = wanted - value;
    const off = wanted === value ? 0 : Math.abs(left);
    residual[i] = off === 0 ? 0 : left;
    sum += off;
    if (!(off <= worst)) {
      worst = off;
      at = i;
    }
    const rounding = printed + FLOAT32 * roundings * size + unit * Math.abs(wanted);
    if (!(off <= rounding)) exact = false;
    if (!(off <= step + rounding)) quantized = false;
  }
  const rms = Math.sqrt(meanSquare(residual));
  const cost = [...arrangements, ...values].reduce(
    (all, { bits }) => all + bits + choiceBits(STEP_KINDS),
    MARGIN_BITS,
  );
  const middleOfLeft = mean(residual);
  const spread = Math.sqrt(Math.max(0, rms * rms - middleOfLeft * middleOfLeft));
  // Decoders differ by up to a level in ways of their own: below it nothing is told apart.
  const lengthOf = (independent: number, least = 0): number =>
    cost + independent * Math.log2(Math.max(spread, least, Number.MIN_VALUE));
  const base = {
    length: lengthOf(x.length),
    isJpeg: false,
    maxAbs: worst,
    mean: sum / Math.max(1, x.length),
    rms,
    at,
  };
  const keeps =
    arrangements.every(({ injective }) => injective === true) &&
    values.every(({ rounds }) => rounds !== true);
  const gainAt = (tolerance: number): number =>
    Math.max(
      bitsOf(y, tolerance),
      keeps ? bitsOf(x, Math.max(tolerance / Math.max(stretch, Number.MIN_VALUE), b.spacing / 2)) : 0,
    ) - cost;
  const finest = Math.max(printed, a.spacing / 2, FLOAT32 * roundings * largest(y));
  if (exact) return { ...base, level: "exact", length: cost, gain: gainAt(finest) };
  if (quantized && rms <= step * UNIFORM)
    return { ...base, level: "quantized", gain: gainAt(Math.max(step / 2, finest)) };
  if (!whole || !Number.isFinite(rms)) return { ...base, level: "none", gain: 0 };
  const varianceOfA = varianceWithin(pairs);
  const unitOfA = levelUnit(a, b, stretch);
  const noise = judgeNoise(residual, a.shape, varianceOfA, unitOfA);
  // What an enlargement lacks of A looks like noise, but is what was lost when A was made smaller.
  const enlarges = arrangements.some(({ shape, id }) => id === "resize" && sizeOf(shape) > sizeOf(b.shape));
  if (enlarges || (!noise.isJpeg && !noise.isNoise)) return { ...base, level: "none", gain: 0 };
  const unexplained = (rms * rms) / varianceOfA;
  const independent = x.length / (noise.isJpeg ? BLOCK : 1);
  return {
    ...base,
    level: "noise",
    isJpeg: noise.isJpeg,
    // Noise in x alone makes a fitted scale too small by this share: no finer than that can two fits be told apart.
    length: lengthOf(Math.min(independent, 2 / unexplained), unitOfA ?? 0),
    gain: (independent / 2) * Math.log2(1 / unexplained) - cost,
  };
}

/** Around the mean of each channel: that channels differ is no evidence for a scale and shift of each. */
function varianceWithin({ y, channel, channels }: Pairs): number {
  const [sums, counts] = [new Float64Array(channels), new Float64Array(channels)];
  const group = (i: number): number => (channel === null ? 0 : (channel[i] as number));
  for (let i = 0; i < y.length; i++) {
    const c = group(i);
    sums[c] = (sums[c] as number) + (y[i] as number);
    counts[c] = (counts[c] as number) + 1;
  }
  let sum = 0;
  for (let i = 0; i < y.length; i++) {
    const c = group(i);
    sum += ((y[i] as number) - (sums[c] as number) / (counts[c] as number)) ** 2;
  }
  return sum / Math.max(1, y.length);
}

/** Root mean square of an error that is uniform in one step, as truncation makes it. */
const UNIFORM = 1.02 / Math.sqrt(3);

function roundoff({ dtype }: Fed): number {
  const format = formatOf(dtype);
  // Integers are exact, and whoever has float64 has computed in float32 most likely.
  return format === null ? 0 : Math.max(FLOAT32, unitRoundoffOf(format));
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}

/** A level of 255 in A's units: from whichever side holds 0…255, else from the range of A. */
function levelUnit(a: Fed, b: Fed, stretch: number): number | null {
  const [lowA, highA] = a.range;
  const [lowB, highB] = b.range;
  if (highA > 2 && highA <= 256 && lowA >= -1) return 1;
  if (highB > 2 && highB <= 256 && lowB >= -1) return stretch;
  if (lowA >= -0.01 && highA <= 1.01) return 1 / 255;
  return lowA >= -1.01 && highA <= 1.01 ? 1 / 127.5 : null;
}
