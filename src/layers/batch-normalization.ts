/**
 * @file BatchNormalization at inference: (x − mean) / √(variance + ε) · gamma + beta, along one axis.
 *
 * Engines compute it as it stands or folded into x·s + (beta − mean·s) with s = gamma / √(variance + ε); the folded
 * form cancels where |mean| is large beside the deviation, so that each needs its own bound.
 */

import { boolean, type Decoder, integer, invalid, listOf, real32 } from "../base/decode.ts";
import { add, divide, multiply, scalar, subtract } from "../ops/derived.ts";
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

/** Keras 2 writes a list of one. */
const axis: DialectDecoder<number> = {
  decodeIn: (json, _dialect, where) =>
    Array.isArray(json) ? (listOf(integer(), 1).decode(json, where)[0] ?? -1) : integer().decode(json, where),
};

const off: Decoder<false> = {
  decode(json, where) {
    if (json !== false && json !== 0 && json !== null)
      throw invalid("false: no other mode is read", json, where);
    return false;
  },
};

interface Config {
  readonly axis: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
}

/** Per-channel weights shaped so that they broadcast along the axis. */
function along<T>(ops: Ops<T>, { config, input, weight }: FormulaCall<T, Config>): (name: string) => T {
  const rank = ops.dimsOf(input).length;
  const dims = Array.from({ length: rank }, (_, i) => (i === config.axis ? -1 : 1));
  return (name) => (config.axis === rank - 1 ? weight(name) : ops.reshape(weight(name), dims));
}

interface Parts<T> {
  readonly at: (name: string) => T;
  readonly spread: T;
  /** gamma / √(variance + ε). */
  readonly factor: () => T;
}

function parts<T>(ops: Ops<T>, call: FormulaCall<T, Config>): Parts<T> {
  const at = along(ops, call);
  const spread = add(ops, at("moving_variance"), scalar(ops, call.config.epsilon));
  const factor = (): T => {
    const inverse = ops.unary("rsqrt", spread);
    return call.config.scale ? multiply(ops, inverse, at("gamma")) : inverse;
  };
  return { at, spread, factor };
}

export const batchNormalization = defineLayer({
  classNames: [
    "BatchNormalization",
    "BatchNormalizationV1",
    "BatchNormalizationV2",
    "SyncBatchNormalization",
  ],
  config: {
    axis: optional(axis, -1),
    epsilon: optional(real32, Math.fround(1e-3)),
    center: optional(boolean, true),
    scale: optional(boolean, true),
    // Renormalization keeps statistics of its own.
    renorm: optional(off, false, { ignoredBy: ["tfjs"], rare: true }),
    // Keras 1: 1 and 2 normalize by the batch at hand.
    mode: optional(off, false, { ignoredBy: ["keras2", "keras3", "tfjs"], rare: true }),
  },
  training: [
    "momentum",
    "gamma_init",
    "beta_init",
    "renorm_clipping",
    "renorm_momentum",
    "fused",
    "virtual_batch_size",
    "adjustment",
    "synchronized",
  ],

  resolve: (config, [input]) => ({ ...config, axis: normalizeAxis(config.axis, input?.length ?? 0) }),

  weights({ axis, center, scale }, [input]) {
    const shape = [knownDim(input, axis)];
    return [
      ...(scale ? [weight("gamma", shape)] : []),
      ...(center ? [weight("beta", shape)] : []),
      weight("moving_mean", shape, false),
      weight("moving_variance", shape, false),
    ];
  },

  // One division a channel, not one a number.
  call(ops, call) {
    const { at, factor } = parts(ops, call);
    const scaled = multiply(ops, subtract(ops, call.input, at("moving_mean")), factor());
    return result(call.config.center ? add(ops, scaled, at("beta")) : scaled, call.mask);
  },

  formulas: [
    (ops, call) => {
      const { at, spread } = parts(ops, call);
      const normal = divide(ops, subtract(ops, call.input, at("moving_mean")), ops.unary("sqrt", spread));
      const scaled = call.config.scale ? multiply(ops, normal, at("gamma")) : normal;
      return result(call.config.center ? add(ops, scaled, at("beta")) : scaled, call.mask);
    },
    (ops, call) => {
      const { at, factor } = parts(ops, call);
      const by = factor();
      const shift = multiply(ops, at("moving_mean"), by);
      const offset = call.config.center ? subtract(ops, at("beta"), shift) : ops.unary("negative", shift);
      return result(add(ops, multiply(ops, call.input, by), offset), call.mask);
    },
  ],

  // tfjs-layers normalization.ts: "batchNormalization is not implemented for array of rank 5 yet".
  refusedByTfjs: (_config, [input], { integers }) =>
    input !== undefined && input.length > 4
      ? "its kernel takes at most four axes"
      : integers
        ? "it computes in integers where its input is of integers"
        : null,

  knownFaults: [
    {
      id: "batch-normalization-axis",
      engines: ["tfjs:cpu", "tfjs:wasm"],
      applies: ({ axis }, [input]) => axis !== (input?.length ?? 0) - 1,
      why: "the kernel has no broadcasting and normalizes along the last axis whatever the axis says",
      remedy: "move the axis last: Permute before and after the layer, or use the webgl backend",
      link: "https://github.com/tensorflow/tfjs/blob/tfjs-v4.22.0/tfjs-backend-cpu/src/kernels/BatchNorm.ts",
    },
  ],

  rewrites: ["axis-last"],
  samples: [
    { config: {}, inputs: [{ shape: [3, 5] }] },
    { config: { epsilon: 0.1, center: false }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { scale: false }, inputs: [{ shape: [2, 3, 3, 4] }] },
    { config: { axis: 1 }, inputs: [{ shape: [2, 3, 4, 5] }] },
    { config: {}, inputs: [{ shape: [3, 4, 2], mask: "ragged" }] },
    { config: { axis: -2, scale: false, center: false }, inputs: [{ shape: [2, 4, 3] }] },
  ],
});
