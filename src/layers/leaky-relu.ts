/**
 * @file LeakyReLU: negative values times a slope. Keras 3 calls it `negative_slope`, Keras 2 and TF.js `alpha`; TF.js
 * passes over Keras 3's word and takes 0.3.
 */

import { real32 } from "../base/decode.ts";
import { multiply, scalar } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { defineLayer, optional, result } from "./define.ts";

export const leakyRelu = defineLayer({
  classNames: ["LeakyReLU"],

  config: {
    negative_slope: optional(real32, Math.fround(0.3), {
      spellings: {
        "keras1-theano": ["alpha"],
        "keras1-tensorflow": ["alpha"],
        keras2: ["alpha"],
        tfjs: ["alpha"],
        keras3: ["negative_slope", "alpha"],
      },
    }),
  },

  call(ops, { config, input, mask }) {
    const below = multiply(ops, slopeAsHeld(ops, config.negative_slope), input);
    return result(ops.where(ops.compare("greater", input, scalar(ops, 0)), input, below), mask);
  },

  samples: [
    { config: {}, inputs: [{ shape: [3, 4, 5], mask: "ragged" }] },
    { config: { negative_slope: 0.1 }, keras2: { alpha: 0.1 }, inputs: [{ shape: [3, 9] }] },
    { config: { negative_slope: 0 }, keras2: { alpha: 0 }, inputs: [{ shape: [3, 9] }] },
  ],
});

/**
 * TF.js's cpu kernel multiplies by the file's number in double precision, which need not be a float32
 * (tfjs-backend-cpu kernels/LeakyRelu.ts): the product with 1 allows it one rounding.
 */
const slopeAsHeld = <T>(ops: Ops<T>, slope: number): T => multiply(ops, scalar(ops, slope), scalar(ops, 1));
