/**
 * @file LayerNormalization: (x − mean) / √(variance + ε) · gamma + beta over some axes of each sample.
 *
 * Engines fold it as BatchNormalization is folded (Keras 3: x·inv + (beta − mean·inv)), or not; tf_keras runs it
 * through a fused batch normalization.
 */

import { boolean, integer, listOf, real32 } from "../base/decode.ts";
import type { Dialect } from "../model/layer.ts";
import { add, divide, mean, meanOfQuotients, multiply, scalar, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { normalizeAxis } from "../tensor/tensor.ts";
import {
  type DialectDecoder,
  defineLayer,
  type FormulaCall,
  knownDim,
  optional,
  result,
  weight,
} from "./define.ts";

const axes: DialectDecoder<readonly number[]> = {
  decodeIn: (json, _dialect, where) =>
    Array.isArray(json) ? listOf(integer()).decode(json, where) : [integer().decode(json, where)],
  // Keras 3 takes one axis in a list for several.
  encodeIn: (value, raw) =>
    typeof raw === "number" ? raw : value.length === 1 ? (value[0] ?? -1) : [...value],
};

/** Keras 3 sorts the axes; Keras 2 and TF.js keep the file's order, in which the weights' shape then is. */
const ordered = (axis: readonly number[], dialect: Dialect): readonly number[] =>
  dialect === "keras3" ? [...axis].sort((a, b) => a - b) : axis;

interface Config {
  readonly axis: readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly rms_scaling: boolean;
}

function along<T>(ops: Ops<T>, { config, input, weight }: FormulaCall<T, Config>): (name: string) => T {
  const dims = ops.dimsOf(input);
  const shape = dims.map((dim, i) => (config.axis.includes(i) ? dim : 1));
  return (name) => ops.reshape(weight(name), shape);
}

interface Moments<T> {
  readonly at: (name: string) => T;
  readonly average: T;
  readonly spread: T;
}

function moments<T>(ops: Ops<T>, call: FormulaCall<T, Config>, averaged = mean): Moments<T> {
  const { config, input } = call;
  const average = averaged(ops, input, config.axis, true);
  const deviation = subtract(ops, input, average);
  const variance = averaged(ops, ops.unary("square", deviation), config.axis, true);
  return { at: along(ops, call), average, spread: add(ops, variance, scalar(ops, config.epsilon)) };
}

export const layerNormalization = defineLayer({
  classNames: ["LayerNormalization"],
  config: {
    axis: optional(axes, [-1]),
    epsilon: optional(real32, Math.fround(1e-3)),
    center: optional(boolean, true),
    scale: optional(boolean, true),
    rms_scaling: optional(boolean, false, { ignoredBy: ["tfjs", "keras2"], rare: true }),
  },

  resolve: (config, [input], { dialect }) => ({
    ...config,
    axis: ordered(
      config.axis.map((one) => normalizeAxis(one, input?.length ?? 0)),
      dialect,
    ),
  }),

  weights({ axis, center, scale, rms_scaling }, [input]) {
    const shape = axis.map((one) => knownDim(input, one));
    return [
      ...(scale || rms_scaling ? [weight("gamma", shape)] : []),
      ...(center && !rms_scaling ? [weight("beta", shape)] : []),
    ];
  },

  call(ops, call) {
    const { at, average, spread } = moments(ops, call);
    const { config, input, mask } = call;
    if (config.rms_scaling)
      return result(multiply(ops, multiply(ops, input, ops.unary("rsqrt", spread)), at("gamma")), mask);
    const normal = divide(ops, subtract(ops, input, average), ops.unary("sqrt", spread));
    const scaled = config.scale ? multiply(ops, normal, at("gamma")) : normal;
    return result(config.center ? add(ops, scaled, at("beta")) : scaled, mask);
  },

  formulas: [
    // TF.js: means of quotients, and the scale before the division (its batch normalization).
    (ops, call) => {
      const { at, average, spread } = moments(ops, call, meanOfQuotients);
      const { config, input, mask } = call;
      const centred = config.rms_scaling ? input : subtract(ops, input, average);
      const scaled = config.scale || config.rms_scaling ? multiply(ops, centred, at("gamma")) : centred;
      const normal = divide(ops, scaled, ops.unary("sqrt", spread));
      return result(config.center && !config.rms_scaling ? add(ops, normal, at("beta")) : normal, mask);
    },
    (ops, call) => {
      const { at, average, spread } = moments(ops, call);
      const { config, input, mask } = call;
      const inverse = ops.unary("rsqrt", spread);
      const factor = config.scale || config.rms_scaling ? multiply(ops, inverse, at("gamma")) : inverse;
      if (config.rms_scaling) return result(multiply(ops, input, factor), mask);
      const shift = multiply(ops, average, factor);
      const offset = config.center ? subtract(ops, at("beta"), shift) : ops.unary("negative", shift);
      return result(add(ops, multiply(ops, input, factor), offset), mask);
    },
    // tf_keras: a fused batch normalization without scale and offset, then both (layer_normalization.py, call).
    (ops, call) => {
      const { at, average, spread } = moments(ops, call);
      const { config, input, mask } = call;
      const inverse = ops.unary("rsqrt", spread);
      const normal = multiply(ops, config.rms_scaling ? input : subtract(ops, input, average), inverse);
      const scaled = config.scale || config.rms_scaling ? multiply(ops, normal, at("gamma")) : normal;
      return result(config.center && !config.rms_scaling ? add(ops, scaled, at("beta")) : scaled, mask);
    },
  ],

  // It normalizes through the same kernel as BatchNormalization.
  refusedByTfjs: (_config, [input]) =>
    input !== undefined && input.length > 4 ? "its kernel takes at most four axes" : null,

  samples: [
    { config: {}, inputs: [{ shape: [3, 5] }] },
    { config: { axis: [1, 2], epsilon: 0.01 }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { axis: 1, center: false }, inputs: [{ shape: [2, 4, 3] }] },
    { config: { axis: [2, 1] }, inputs: [{ shape: [2, 3, 4], mask: "ragged" }] },
    { config: { scale: false }, inputs: [{ shape: [2, 3, 3, 4] }] },
    { config: { rms_scaling: true }, inputs: [{ shape: [3, 6] }], dialects: ["keras3"] },
  ],
});
