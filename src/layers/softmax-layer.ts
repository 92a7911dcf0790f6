/**
 * @file Softmax over one axis or several. The axis defaults to the last in Keras, to the first after the batch in TF.js.
 *
 * Masked entries are moved far down, and in Keras 3 also set to 0, which shows where all of them are masked.
 */

import { boolean, integer } from "../base/decode.ts";
import { add, multiply, scalar, softmax, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { normalizeAxis } from "../tensor/tensor.ts";
import {
  type DialectDecoder,
  defineLayer,
  type Formula,
  type FormulaCall,
  optional,
  result,
} from "./define.ts";
import { GPU_REDUCED_MAXIMUM } from "./gpu-maximum.ts";

/** Of float32, as all Kerases have it (keras/src/layers/activations/softmax.py, _large_negative_number). */
const FAR_DOWN = -1e9;

const axis = integer();
const axes: DialectDecoder<readonly number[]> = {
  decodeIn(json, dialect, where) {
    if (json === null && dialect === "tfjs") return [1];
    const list: readonly unknown[] = Array.isArray(json) ? json : [json];
    return list.map((entry, i) => axis.decode(entry, [...where, i]));
  },
};

interface Config {
  readonly axis: readonly number[];
  readonly robust_masking: boolean;
}

const masked =
  (normalized: <T>(ops: Ops<T>, x: T, axes: readonly number[]) => T): Formula<Config> =>
  (ops, call) => {
    const { config, input, mask, rules } = call;
    if (mask === null) return result(normalized(ops, input, config.axis));
    const shares = normalized(ops, shifted(ops, call, mask), config.axis);
    return result(rules.softmax === "zeroed" ? ops.where(mask, shares, scalar(ops, 0)) : shares, mask);
  };

function shifted<T>(ops: Ops<T>, { config, input, rules }: FormulaCall<T, Config>, mask: T): T {
  const down = scalar(ops, FAR_DOWN);
  if (rules.softmax === "zeroed" || config.robust_masking) return ops.where(mask, input, down);
  const absent = subtract(ops, scalar(ops, 1), ops.cast(mask, ops.dtypeOf(input)));
  return add(ops, input, multiply(ops, absent, down));
}

export const softmaxLayer = defineLayer({
  classNames: ["Softmax"],

  config: {
    axis: optional(axes, [-1], { fallbacks: { tfjs: [1] } }),
    // Keras 2 only: masked entries are replaced instead of shifted.
    robust_masking: optional(boolean, false, { ignoredBy: ["keras3", "tfjs"], rare: true }),
  },

  positional: ["mask"],

  resolve: (config, [input]) => ({
    ...config,
    axis:
      input === undefined
        ? config.axis
        : config.axis.map((at) => normalizeAxis(at, input.length)).sort((a, b) => a - b),
  }),

  call: masked(softmax),
  // Several axes at once: exp(x − log Σ exp x).
  formulas: [
    masked((ops, x, over) => {
      if (over.length < 2) return softmax(ops, x, over);
      const top = ops.reduce("max", x, over, true);
      const exps = ops.unary("exp", subtract(ops, x, top));
      const log = ops.unary("log", ops.reduce("sum", exps, over, true));
      return ops.unary("exp", subtract(ops, x, add(ops, log, top)));
    }),
  ],

  // tfjs-layers advanced_activations.ts: tfc.softmax throws for another axis than the last.
  refusedByTfjs: ({ axis }, [input]) =>
    axis.length === 1 && input !== undefined && axis[0] !== input.length - 1
      ? "its Softmax runs along the last axis only"
      : null,

  rewrites: ["axis-last"],
  knownFaults: [GPU_REDUCED_MAXIMUM],

  samples: [
    { config: {}, inputs: [{ shape: [2, 3, 4] }] },
    { config: { axis: 1 }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { axis: [1, 2] }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { axis: [-1] }, inputs: [{ shape: [2, 3, 4] }] },
    { config: {}, inputs: [{ shape: [4, 5], mask: "ragged" }] },
    { config: { axis: 0 }, inputs: [{ shape: [3, 5], mask: "ragged" }] },
    { config: { robust_masking: true }, inputs: [{ shape: [4, 5], mask: "ragged" }], dialects: ["keras2"] },
  ],
});
