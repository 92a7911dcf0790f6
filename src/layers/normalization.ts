/**
 * @file Normalization: (x − mean) / max(√variance, 1e-7), with the mean and variance that `adapt` found (weights) or that
 * were given (config); `invert` undoes it. (keras/src/layers/preprocessing/normalization.py; 1e-7 is backend.epsilon().)
 */

import { boolean, integer, listOf } from "../base/decode.ts";
import { add, divide, multiply, scalar, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { isFloating } from "../tensor/dtype.ts";
import { normalizeAxis, type RealTensor, real } from "../tensor/tensor.ts";
import {
  type ConfigOf,
  type DialectDecoder,
  defineLayer,
  type FormulaCall,
  knownDim,
  optional,
  result,
  weight,
} from "./define.ts";
import { type Numbers, numbers, tensorFrom } from "./numbers.ts";

/** `null`: one mean for all. */
const axes: DialectDecoder<readonly number[]> = {
  decodeIn: (json, _dialect, where) =>
    json === null ? [] : listOf(integer()).decode(Array.isArray(json) ? json : [json], where),
};

const given: DialectDecoder<Numbers | null> = {
  decodeIn: (json, dialect, where) => (json === null ? null : numbers.decodeIn(json, dialect, where)),
};

const fields = {
  axis: optional(axes, [-1]),
  mean: optional(given, null),
  variance: optional(given, null),
  invert: optional(boolean, false, { rare: true }),
};

type Config = ConfigOf<typeof fields>;

const EPSILON = 1e-7;

export const normalization = defineLayer({
  classNames: ["Normalization"],
  config: fields,

  resolve: (config, [input]) => ({
    ...config,
    axis: input === undefined ? config.axis : config.axis.map((axis) => normalizeAxis(axis, input.length)),
  }),

  weights({ axis, mean }, [input]) {
    if (mean !== null) return [];
    const shape = axis.map((one) => knownDim(input, one));
    return [weight("mean", shape, false), weight("variance", shape, false), weight("count", [], false)];
  },

  call(ops, call) {
    const { config, input, mask } = call;
    const x = isFloating(ops.dtypeOf(input)) ? input : ops.cast(input, "float32");
    const mean = statistic(ops, call, "mean");
    const deviation = ops.binary(
      "maximum",
      ops.unary("sqrt", statistic(ops, call, "variance")),
      scalar(ops, EPSILON),
    );
    return result(
      config.invert
        ? add(ops, mean, multiply(ops, x, deviation))
        : divide(ops, subtract(ops, x, mean), deviation),
      mask,
    );
  },

  rewrites: ["normalization-as-batch", "normalization-as-rescaling"],

  samples: [
    { config: {}, inputs: [{ shape: [3, 5] }] },
    { config: {}, inputs: [{ shape: [2, 4, 3, 3], values: "large" }] },
    { config: { axis: 1 }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { axis: [1, 2] }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { axis: null }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { mean: 0.5, variance: 4 }, inputs: [{ shape: [2, 3] }] },
    { config: { mean: [0.1, 0.2, 0.3], variance: [1, 2, 0] }, inputs: [{ shape: [2, 4, 3] }] },
    { config: { invert: true }, inputs: [{ shape: [3, 5] }] },
  ],
});

/** As it broadcasts against the input: what was given by its last axes, what was adapted along the kept axes. */
function statistic<T>(
  ops: Ops<T>,
  { config, input, weight: own }: FormulaCall<T, Config>,
  name: "mean" | "variance",
): T {
  const rank = ops.dimsOf(input).length;
  const held = config[name];
  if (held === null) {
    const kept = new Set(config.axis);
    return ops.reshape(
      own(name),
      Array.from({ length: rank }, (_, axis) => (kept.has(axis) ? (ops.dimsOf(input)[axis] ?? null) : 1)),
    );
  }
  return ops.constant(alongAxes(tensorFrom(held, "Normalization"), config.axis, rank));
}

/** The last dimension of what was given belongs to the last kept axis, and so on. */
function alongAxes({ shape, data }: RealTensor, axis: readonly number[], rank: number): RealTensor {
  const dims = Array.from({ length: rank }, () => 1);
  for (let i = 1; i <= shape.length; i++) {
    const at = axis.at(-i);
    if (at !== undefined) dims[at] = shape.at(-i) ?? 1;
  }
  const fits = dims.reduce((size, dim) => size * dim, 1) === data.length;
  return real(fits ? dims : shape, data);
}
