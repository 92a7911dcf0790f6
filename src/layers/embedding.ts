/** @file Embedding: a row of `embeddings` for each index; index 0 may stand for padding. */

import { boolean, integer } from "../base/decode.ts";
import { scalar } from "../ops/derived.ts";
import { defineLayer, optional, required, result, weight } from "./define.ts";
import { quantizedEmbedding, quantizedEmbeddingSamples } from "./quantized-embedding.ts";

export const embedding = defineLayer({
  classNames: ["Embedding"],
  config: {
    input_dim: required(integer(1)),
    output_dim: required(integer(1)),
    mask_zero: optional(boolean, false),
  },
  training: ["lora_rank", "lora_alpha", "quantization_config", "sparse", "dropout", "init"],

  weights: ({ input_dim, output_dim }) => [weight("embeddings", [input_dim, output_dim])],

  quantized: quantizedEmbedding,

  call(ops, { config, weight, input }) {
    const mask = config.mask_zero ? ops.compare("not_equal", input, scalar(ops, 0)) : null;
    return result(ops.take(weight("embeddings"), ops.cast(input, "int32"), 0), mask);
  },

  samples: [
    {
      config: { input_dim: 7, output_dim: 3 },
      inputs: [{ shape: [2, 4], dtype: "int32", values: "indices", max: 7 }],
    },
    {
      config: { input_dim: 5, output_dim: 2, mask_zero: true },
      inputs: [{ shape: [3, 6], dtype: "int32", values: "indices", max: 5 }],
    },
    ...quantizedEmbeddingSamples,
  ],
});
