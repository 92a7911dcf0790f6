/** @file Dense: activation(x·kernel + bias), along the last axis. */

import { boolean, integer } from "../base/decode.ts";
import { add } from "../ops/derived.ts";
import { activate, activation } from "./activation.ts";
import { defineLayer, knownDim, optional, required, result, weight } from "./define.ts";
import { quantizedDense, quantizedDenseSamples } from "./quantized-dense.ts";

export const dense = defineLayer({
  classNames: ["Dense"],

  config: {
    units: required(integer(1), {
      spellings: { "keras1-theano": ["output_dim"], "keras1-tensorflow": ["output_dim"] },
    }),
    activation: optional(activation, "linear"),
    use_bias: optional(boolean, true),
  },
  training: ["lora_rank", "lora_alpha", "quantization_config"],

  weights: ({ units, use_bias }, [input]) => [
    weight("kernel", [knownDim(input, -1), units]),
    ...(use_bias ? [weight("bias", [units])] : []),
  ],

  quantized: quantizedDense,

  call(ops, { config, weight, input, mask }) {
    const product = ops.matmul(input, weight("kernel"));
    return result(
      activate(ops, config.activation, config.use_bias ? add(ops, product, weight("bias")) : product),
      mask,
    );
  },

  samples: [
    { config: { units: 3 }, inputs: [{ shape: [2, 5] }] },
    { config: { units: 4, activation: "softmax", use_bias: false }, inputs: [{ shape: [2, 3, 7] }] },
    { config: { units: 2, activation: "tanh" }, inputs: [{ shape: [1, 300] }] },
    { config: { units: 5, activation: "hard_sigmoid" }, inputs: [{ shape: [3, 4] }] },
    ...quantizedDenseSamples,
  ],
});
