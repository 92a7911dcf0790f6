/**
 * @file Cause `weights`: two matched weights hold different numbers, and what became of them on the way.
 *
 * Each detail is a transform that is checked element by element; what none of them explains is either a few edited
 * values or another training run. uint8 is the coarsest storage that TF.js has: where most elements differ by more
 * than half of its step, no storage can have done it.
 */

import type { ModelLayer, ModelWeight } from "../../model/model.ts";
import { roundToBfloat16, roundToFloat16 } from "../../numerics/formats.ts";
import type { RealTensor, Shape } from "../../tensor/tensor.ts";
import type { FileDifference } from "../evidence.ts";
import type { Finding } from "../finding.ts";

export type WeightDetail =
  | "quantized-uint8"
  | "quantized-uint16"
  | "float16"
  | "bfloat16"
  | "negated"
  | "scaled"
  | "dropped"
  | "transposed"
  | "permuted"
  | "other-training-run"
  | "edited";

export function equalValues(a: RealTensor, b: RealTensor): boolean {
  if (a.data.length !== b.data.length || a.shape.join() !== b.shape.join()) return false;
  const [x, y] = [a.data, b.data];
  // A loop: of millions of weights, a function for each takes a tenth of a proof.
  for (let i = 0; i < x.length; i++)
    if (x[i] !== y[i] && !(Number.isNaN(x[i]) && Number.isNaN(y[i]))) return false;
  return true;
}

/** What turned `a` into `b`. `stored` is how B's file holds it. */
export function detailOf(a: RealTensor, b: RealTensor, stored: string | null): WeightDetail {
  if (a.data.length === b.data.length && a.shape.join() === b.shape.join()) {
    const quantized = quantizedAs(a, b, stored);
    if (quantized !== null) return quantized;
    if (b.data.every((value, i) => value === roundToFloat16(a.data[i] ?? 0))) return "float16";
    if (b.data.every((value, i) => value === roundToBfloat16(a.data[i] ?? 0))) return "bfloat16";
    if (b.data.every((value) => value === 0)) return "dropped";
    if (b.data.every((value, i) => value === -(a.data[i] ?? 0))) return "negated";
    if (isScaled(a, b)) return "scaled";
  }
  if (a.data.length === b.data.length) {
    if (isTransposed(a, b)) return "transposed";
    if (isPermuted(a, b)) return "permuted";
  }
  return isOtherRun(a, b) ? "other-training-run" : "edited";
}

/** TF.js stores q and reads fl(q·scale + min): the error is at most half a step beside the roundings of that read. */
function quantizedAs(a: RealTensor, b: RealTensor, stored: string | null): WeightDetail | null {
  if (stored === "float16")
    return b.data.every((value, i) => value === roundToFloat16(a.data[i] ?? 0)) ? "float16" : null;
  if (stored !== "uint8" && stored !== "uint16") return null;
  const { low, high } = rangeOf(a);
  // The writer widens the range to hold 0 and may nudge it by a step: tensorflowjs quantization.py.
  const range = Math.max(high, 0) - Math.min(low, 0);
  const step = range / (stored === "uint8" ? 255 : 65535);
  const within = b.data.every(
    (value, i) =>
      Math.abs(value - (a.data[i] ?? 0)) <= step + 2 ** -22 * Math.max(Math.abs(low), Math.abs(high)),
  );
  return within ? `quantized-${stored}` : null;
}

/** One factor for all, to within the float32 rounding of each product. */
function isScaled(a: RealTensor, b: RealTensor): boolean {
  const pivot = a.data.reduce(
    (best, value, i) => (Math.abs(value) > Math.abs(a.data[best] ?? 0) ? i : best),
    0,
  );
  const factor = (b.data[pivot] ?? 0) / (a.data[pivot] ?? 0);
  // A factor within a few float32 roundings of 1 is no factor: a few edited values would pass for one.
  const isOne = Math.abs(factor - 1) <= 2 ** -20;
  if (a.data.length < 2 || !Number.isFinite(factor) || factor === 0 || isOne) return false;
  return b.data.every(
    (value, i) => Math.abs(value - (a.data[i] ?? 0) * factor) <= 2 ** -22 * Math.abs(value) + 2 ** -149,
  );
}

/** Axes reversed, or the last two swapped. */
function isTransposed(a: RealTensor, b: RealTensor): boolean {
  const rank = a.shape.length;
  if (rank < 2) return false;
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const swapped = [...axes.slice(0, -2), rank - 1, rank - 2];
  return [axes.toReversed(), swapped].some((permutation) => equalFlat(permuted(a, permutation), b.data));
}

const equalFlat = (x: ArrayLike<number>, y: Float64Array): boolean => y.every((value, i) => value === x[i]);

function permuted(x: RealTensor, permutation: readonly number[]): Float64Array {
  const shape: Shape = permutation.map((axis) => x.shape[axis] ?? 1);
  const strides = stridesFor(x.shape);
  const out = new Float64Array(x.data.length);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < out.length; i++) {
    out[i] =
      x.data[index.reduce((offset, at, axis) => offset + at * (strides[permutation[axis] ?? 0] ?? 0), 0)] ??
      0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (shape[axis] ?? 1)) break;
      index[axis] = 0;
    }
  }
  return out;
}

function stridesFor(shape: Shape): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
}

/** The same numbers in another order. */
function isPermuted(a: RealTensor, b: RealTensor): boolean {
  return equalFlat(a.data.toSorted(), b.data.toSorted());
}

function isOtherRun(a: RealTensor, b: RealTensor): boolean {
  if (a.data.length !== b.data.length) return true;
  const { low, high } = rangeOf(a);
  const halfStep = (Math.max(high, 0) - Math.min(low, 0)) / 255 / 2;
  const far = a.data.reduce(
    (count, value, i) => count + (Math.abs(value - (b.data[i] ?? 0)) > halfStep ? 1 : 0),
    0,
  );
  return far > a.data.length / 2;
}

function rangeOf({ data }: RealTensor): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

export function weightFinding(
  a: ModelLayer,
  b: ModelLayer,
  weightB: ModelWeight,
  values: { readonly a: RealTensor; readonly b: RealTensor },
  difference: FileDifference & { kind: "weight" },
): Finding {
  const detail = detailOf(values.a, values.b, weightB.quantization);
  const [valueA, valueB] = mostDifferent(values.a, values.b);
  return {
    kind: "weights",
    side: "between",
    layer: a.path,
    layerB: b.path,
    field: difference.name,
    detail,
    valueA,
    valueB,
    message: `${difference.name} of ${a.path} ${WORDS[detail]}`,
    hint: HINTS[detail],
    repair: "weights-from-a",
    difference,
  };
}

/** What became of a weight, in words after its name, and what to do. */
export const saidOf = (detail: WeightDetail): { words: string; hint: string } => ({
  words: WORDS[detail],
  hint: HINTS[detail],
});

export function mostDifferent(a: RealTensor, b: RealTensor): [number | null, number | null] {
  if (a.data.length !== b.data.length) return [null, null];
  let worst = 0;
  for (let i = 1; i < a.data.length; i++) {
    const distance = Math.abs((a.data[i] ?? 0) - (b.data[i] ?? 0));
    if (distance > Math.abs((a.data[worst] ?? 0) - (b.data[worst] ?? 0))) worst = i;
  }
  return [a.data[worst] ?? null, b.data[worst] ?? null];
}

const WORDS: Record<WeightDetail, string> = {
  "quantized-uint8": "was stored in 8 bits (uint8)",
  "quantized-uint16": "was stored in 16 bits (uint16)",
  float16: "was stored in half precision (float16)",
  bfloat16: "was stored in bfloat16",
  negated: "has its sign turned",
  scaled: "was multiplied by one factor",
  dropped: "is all zeros in the second file",
  transposed: "has its axes swapped",
  permuted: "holds the same numbers in another order",
  "other-training-run": "comes from another training run",
  edited: "differs in some of its values",
};

const CONVERT = "convert the model again from the file that you trust";
const HINTS: Record<WeightDetail, string> = {
  "quantized-uint8": "convert again without --quantize_uint8, or accept the loss: --accept weights",
  "quantized-uint16": "convert again without --quantize_uint16, or accept the loss: --accept weights",
  float16: "convert again without --quantize_float16, or accept the loss: --accept weights",
  bfloat16: "save the model in float32 before converting",
  negated: CONVERT,
  scaled: CONVERT,
  dropped: "the weight was not stored or not loaded; convert the model again",
  transposed: "a converter or script swapped the axes; convert the model again",
  permuted: "gates, channels or rows are in another order; convert the model again",
  "other-training-run": "the two files are two trainings of one model; convert the file that you trust again",
  edited: CONVERT,
};
