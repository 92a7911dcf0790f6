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
  readonly values: Float64Array;
  /** How far rounding can have taken each number; `null`: not at all. */
  readonly bound: Float64Array | null;
  /** Weights that are accounted for when this form is found: "layer name". */
  readonly accounts: readonly string[];
}

export const weightKey = (layer: number, weight: string): string => `${layer} ${weight}`;

/** Few different numbers (a bias of zeros) fit many places. */
export function isTelling(values: Float64Array): boolean {
  const [first] = values;
  const second = values.find((value) => value !== first);
  return second !== undefined && values.some((value) => value !== first && value !== second);
}

const U = unitRoundoffOf(FLOAT32);
/**
 * Roundings in s: epsilon (½, under the root), the sum (½), the reciprocal root (Eigen's is good to 2 ulp: 4 units of
 * roundoff), the product with gamma (1).
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
        values: data,
        bound: null,
        accounts,
      });
    }
    const affine = affineOf(own, bound.config["epsilon"]);
    if (affine === null) continue;
    forms.push(...normalizationForms(layer, own, affine));
    const before = producerOf(model, layer);
    if (before === null) continue;
    forms.push(...foldedForms(before, await weights.weightsOf(model, before), layer, own, affine));
  }
  return forms;
}

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
  const offset = beta.map((value, i) => value - (mean[i] ?? 0) * (scale[i] ?? 0));
  const shape = [scale.length];
  const account = (...names: string[]): string[] =>
    names.filter((name) => own.has(name)).map((name) => weightKey(layer, name));
  return [
    {
      layer,
      weight: own.has("gamma") ? "gamma" : "moving_variance",
      kind: "scale",
      normalization: layer,
      shape,
      values: scale,
      bound: scale.map((value) => Math.abs(value) * gamma(ROUNDINGS_OF_SCALE, U) + FLUSHED),
      accounts: account("gamma", "moving_variance"),
    },
    {
      layer,
      weight: own.has("beta") ? "beta" : "moving_mean",
      kind: "offset",
      normalization: layer,
      shape,
      values: offset,
      bound: offsetBound(beta, mean, scale, null),
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
): Float64Array {
  return beta.map((value, i) => {
    const moved = (Math.abs(mean[i] ?? 0) + Math.abs(bias?.[i] ?? 0)) * Math.abs(scale[i] ?? 0);
    return moved * gamma(ROUNDINGS_OF_SCALE + 3, U) + Math.abs(value) * gamma(2, U) + FLUSHED;
  });
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
          const values = data.map((value, i) => value * (scale[channel(i)] ?? Number.NaN));
          return {
            layer,
            weight,
            kind: "folded",
            normalization,
            shape,
            values,
            bound: values.map((value) => Math.abs(value) * gamma(ROUNDINGS_OF_SCALE + 1, U) + FLUSHED),
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
      values: beta.map((value, i) => value + ((bias?.[i] ?? 0) - (mean[i] ?? 0)) * (scale[i] ?? 0)),
      bound: offsetBound(beta, mean, scale, bias),
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
