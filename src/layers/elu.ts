/** @file ELU: alpha·(exp(x) − 1) where x is negative. Engines compute exp(x) − 1 as such or by expm1. */

import { real32 } from "../base/decode.ts";
import { multiply, scalar, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { defineLayer, type Formula, optional, result } from "./define.ts";

const elu =
  (expm1: <T>(ops: Ops<T>, x: T) => T): Formula<{ readonly alpha: number }> =>
  (ops, { config: { alpha }, input, mask }) => {
    const zero = scalar(ops, 0);
    const negative = expm1(ops, ops.binary("minimum", input, zero));
    const below = alpha === 1 ? negative : multiply(ops, scalar(ops, alpha), negative);
    return result(ops.where(ops.compare("greater", input, zero), input, below), mask);
  };

export const eluLayer = defineLayer({
  classNames: ["ELU"],
  config: { alpha: optional(real32, 1) },
  call: elu((ops, x) => ops.unary("expm1", x)),
  formulas: [elu((ops, x) => subtract(ops, ops.unary("exp", x), scalar(ops, 1)))],
  // tfjs-layers advanced_activations.ts throws "Non-default alpha value".
  refusedByTfjs: ({ alpha }) => (alpha === 1 ? null : "its ELU knows alpha = 1 only"),

  rewrites: ["relu-parts"],
  samples: [
    { config: {}, inputs: [{ shape: [3, 4, 5], mask: "ragged" }] },
    { config: { alpha: 0.3 }, inputs: [{ shape: [3, 9] }] },
    { config: { alpha: 2 }, inputs: [{ shape: [3, 9], values: "small" }] },
  ],
});
