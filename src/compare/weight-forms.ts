/**
 * @file What a converter to a graph may write in the place of a layer's weight: the weight itself, or the batch
 * normalization that follows folded into it, each with the bound of that rewrite's rounding.
 *
 * With s = gamma / √(variance + epsilon): kernel · s and beta + (bias − mean) · s in place of kernel and bias, or s and
 * beta − mean · s in place of the normalization. Converters compute these in float32 or wider, in any order.
 */

import type { Model } from "../model/model.ts";
import type { WeightCache } from "../model/weights.ts";
import { FLOAT32, gamma, smallestNormalOf, unitRoundoffOf } from "../numerics/formats.ts";
import type { RealTensor, Shape } from "../tensor/tensor.ts";

export interface WeightForm {
  /** Index of the layer whose weight it is, and the weight's name. */
  readonly layer: number;
  readonly weight: string;
  readonly kind: "itself" | "folded" | "scale" | "offset";
  /** The layer whose normalization is in it. */
  readonly normalization: number | null;
  readonly shape: Shape;
  readonly size: number;
  /** Computed when asked for: a folded kernel is as large as the kernel. */
  valueAt(i: number): number;
  /** How far rounding can have taken that number. */
  boundAt(i: number): number;
  /** Weights that are accounted for when this form is found: "layer name". */
  readonly accounts: readonly string[];
}

export const weightKey = (layer: number, weight: string): string => `${layer} ${weight}`;

/** Few different numbers (a bias of zeros) fit many places. */
export function isTelling({ size, valueAt }: WeightForm): boolean {
  const first = valueAt(0);
  let second = first;
  for (let i = 1; i < size; i++) {
    const value = valueAt(i);
    if (second === first) second = value;
    else if (value !== first && value !== second) return true;
  }
  return false;
}

export const valuesOf = ({ size, valueAt }: WeightForm): Float64Array =>
  Float64Array.from({ length: size }, (_, i) => valueAt(i));

const U = unitRoundoffOf(FLOAT32);
/**
 * Roundings in s: epsilon (½, under the root), the sum (½), the reciprocal root (at most 2 ulp, or 4 units of roundoff:
 * Eigen MathFunctionsImpl.h, `generic_rsqrt_newton_step`), the product with gamma (1).
 */
const ROUNDINGS_OF_SCALE = 6;
/** TensorFlow flushes subnormal numbers to zero; a form takes at most four products and sums. */
const FLUSHED = 4 * smallestNormalOf(FLOAT32);

export async function weightForms(model: Model, weights: WeightCache): Promise<WeightForm[]> {
  const forms: WeightForm[] = [];
  for (const [layer, { layer: bound }] of model.layers.entries()) {
    if (bound.weights.length === 0) continue;
    const own = await weights.weightsOf(model, layer);
    for (const [weight, { shape, data }] of own) {
      const accounts = [weightKey(layer, weight)];
      forms.push({
        layer,
        weight,
        kind: "itself",
        normalization: null,
        shape,
        size: data.length,
        valueAt: (i) => data[i] as number,
        boundAt: () => 0,
        accounts,
      });
    }
    const alpha = own.get("alpha");
    if (alpha !== undefined) forms.push(negatedForm(layer, alpha));
    const variance = own.get("variance");
    if (variance !== undefined) forms.push(...deviationForms(layer, variance));
    const affine = affineOf(own, bound.config["epsilon"]);
    if (affine === null) continue;
    forms.push(...normalizationForms(layer, own, affine));
    const before = producerOf(model, layer);
    if (before === null) continue;
    forms.push(...foldedForms(before, await weights.weightsOf(model, before), layer, own, affine));
  }
  return forms;
}

/** TensorFlow computes PReLU as relu(x) + (−alpha) · relu(−x), and folds the sign into the constant. */
function negatedForm(layer: number, { shape, data }: RealTensor): WeightForm {
  return {
    layer,
    weight: "alpha",
    kind: "itself",
    normalization: null,
    shape,
    size: data.length,
    valueAt: (i) => -(data[i] as number),
    boundAt: () => 0,
    accounts: [weightKey(layer, "alpha")],
  };
}

/** Of Keras's Normalization: the deviation that inputs are divided by, or the factor that Grappler makes of it. */
function deviationForms(layer: number, { shape, data }: RealTensor): WeightForm[] {
  // The root, with epsilon as its least, and the reciprocal: one rounding each, and one of what is stored.
  const deviation = (i: number): number => Math.max(Math.sqrt(data[i] as number), LEAST_DEVIATION);
  return [deviation, (i: number): number => 1 / deviation(i)].map((valueAt) => ({
    layer,
    weight: "variance",
    kind: "scale",
    normalization: layer,
    shape,
    size: data.length,
    valueAt,
    boundAt: (i) => Math.abs(valueAt(i)) * gamma(3, U) + FLUSHED,
    accounts: [weightKey(layer, "variance")],
  }));
}
/** keras.backend.epsilon(). */
const LEAST_DEVIATION = 1e-7;

interface Affine {
  readonly scale: Float64Array;
  readonly beta: Float64Array;
  readonly mean: Float64Array;
}

/** A normalization by stored statistics, known by its weights. */
function affineOf(own: ReadonlyMap<string, RealTensor>, epsilon: unknown): Affine | null {
  const [mean, variance] = [own.get("moving_mean")?.data, own.get("moving_variance")?.data];
  if (mean === undefined || variance === undefined || typeof epsilon !== "number") return null;
  const [factor, beta] = [own.get("gamma")?.data, own.get("beta")?.data];
  const scale = variance.map((value, i) => (factor?.[i] ?? 1) / Math.sqrt(value + epsilon));
  if (!scale.every(Number.isFinite)) return null;
  return { scale, beta: beta ?? new Float64Array(mean.length), mean };
}

function normalizationForms(
  layer: number,
  own: ReadonlyMap<string, RealTensor>,
  { scale, beta, mean }: Affine,
): WeightForm[] {
  const size = scale.length;
  const shape = [size];
  const account = (...names: string[]): string[] =>
    names.filter((name) => own.has(name)).map((name) => weightKey(layer, name));
  return [
    {
      layer,
      weight: own.has("gamma") ? "gamma" : "moving_variance",
      kind: "scale",
      normalization: layer,
      shape,
      size,
      valueAt: (i) => scale[i] as number,
      boundAt: (i) => Math.abs(scale[i] as number) * gamma(ROUNDINGS_OF_SCALE, U) + FLUSHED,
      accounts: account("gamma", "moving_variance"),
    },
    {
      layer,
      weight: own.has("beta") ? "beta" : "moving_mean",
      kind: "offset",
      normalization: layer,
      shape,
      size,
      valueAt: (i) => (beta[i] as number) - (mean[i] as number) * (scale[i] as number),
      boundAt: offsetBound(beta, mean, scale, null),
      accounts: account("beta", "moving_mean"),
    },
  ];
}

/** beta + (bias − mean)·s, whichever way it is summed: s, two products or one, two sums. */
function offsetBound(
  beta: Float64Array,
  mean: Float64Array,
  scale: Float64Array,
  bias: Float64Array | null,
): (i: number) => number {
  return (i) => {
    const moved = (Math.abs(mean[i] ?? 0) + Math.abs(bias?.[i] ?? 0)) * Math.abs(scale[i] ?? 0);
    return moved * gamma(ROUNDINGS_OF_SCALE + 3, U) + Math.abs(beta[i] ?? 0) * gamma(2, U) + FLUSHED;
  };
}

/** The only layer that the normalization reads from, at every call of it. */
function producerOf(model: Model, layer: number): number | null {
  const producers = new Set(
    model.calls.filter((call) => call.layer === layer).map((call) => producerAt(model, call.inputs[0]?.call)),
  );
  const [only] = producers;
  return producers.size === 1 && only !== undefined && only >= 0 ? only : null;
}

function producerAt(model: Model, call: number | undefined): number {
  const found = call === undefined ? undefined : model.calls[call];
  if (found === undefined) return -1;
  const identity = model.layers[found.layer]?.layer.identity === true;
  return identity ? producerAt(model, found.inputs[0]?.call) : found.layer;
}

function foldedForms(
  layer: number,
  kernels: ReadonlyMap<string, RealTensor>,
  normalization: number,
  normal: ReadonlyMap<string, RealTensor>,
  { scale, beta, mean }: Affine,
): WeightForm[] {
  const ofNormal = [...normal.keys()].map((name) => weightKey(normalization, name));
  const bias = kernels.get("bias")?.data ?? null;
  if (bias !== null && bias.length !== scale.length) return [];
  const folded = [...kernels].flatMap(([weight, { shape, data }]) =>
    weight === "bias"
      ? []
      : channelsOf(shape, scale.length).map((channel): WeightForm => {
          const valueAt = (i: number): number => (data[i] as number) * (scale[channel(i)] as number);
          return {
            layer,
            weight,
            kind: "folded",
            normalization,
            shape,
            size: data.length,
            valueAt,
            boundAt: (i) => Math.abs(valueAt(i)) * gamma(ROUNDINGS_OF_SCALE + 1, U) + FLUSHED,
            accounts: [
              weightKey(layer, weight),
              ...ofNormal.filter((key) => /gamma|moving_variance/.test(key)),
            ],
          };
        }),
  );
  if (folded.length === 0) return [];
  return [
    ...folded,
    {
      layer: bias === null ? normalization : layer,
      weight: bias !== null ? "bias" : normal.has("beta") ? "beta" : "moving_mean",
      kind: "folded",
      normalization,
      shape: [scale.length],
      size: scale.length,
      valueAt: (i) => (beta[i] ?? 0) + ((bias?.[i] ?? 0) - (mean[i] ?? 0)) * (scale[i] ?? 0),
      boundAt: offsetBound(beta, mean, scale, bias),
      accounts: [
        ...(bias === null ? [] : [weightKey(layer, "bias")]),
        ...ofNormal.filter((key) => /beta|moving_mean/.test(key)),
      ],
    },
  ];
}

/** Which channel an element belongs to: the last axis, the last but one (transposed), or both (depthwise). */
function channelsOf(shape: Shape, channels: number): ((i: number) => number)[] {
  if (shape.length < 2) return [];
  const [inner = 1, last = 1] = shape.slice(-2);
  return [
    ...(last === channels ? [(i: number) => i % last] : []),
    ...(inner === channels && last !== 1 ? [(i: number) => Math.floor(i / last) % inner] : []),
    ...(inner * last === channels && inner !== 1 ? [(i: number) => i % channels] : []),
  ];
}
