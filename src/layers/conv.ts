/** @file Conv1D and Conv2D. TF.js does not know `groups`. */

import { integer } from "../base/decode.ts";
import type { Padding } from "../ops/ops.ts";
import { data_format } from "./data-format.ts";
import { type ConfigOf, defineLayer, knownDim, optional, result, type Sample, weight } from "./define.ts";
import { WASM_ZEROS } from "./wasm-same-padding.ts";
import {
  activationField,
  channelAxis,
  convolved,
  dilation_rate,
  filters,
  kernel_size,
  paddingOrCausal,
  strides,
  use_bias,
} from "./window-fields.ts";

const fieldsOf = (rank: number) => ({
  filters,
  kernel_size: kernel_size(rank),
  strides: strides(rank),
  padding: paddingOrCausal,
  data_format,
  dilation_rate: dilation_rate(rank),
  groups: optional(integer(1), 1, { ignoredBy: ["tfjs"], rare: true }),
  activation: activationField,
  use_bias,
});

type Config = ConfigOf<ReturnType<typeof fieldsOf>>;

/** "causal" pads before only, so that no output sees a later input. */
function paddingIn({ padding, kernel_size, dilation_rate }: Config): Padding {
  if (padding !== "causal") return padding;
  return kernel_size.map((size, axis) => [(size - 1) * (dilation_rate[axis] ?? 1), 0] as const);
}

const convOf = (rank: number, classNames: readonly [string, ...string[]], samples: readonly Sample[]) =>
  defineLayer({
    classNames,
    config: fieldsOf(rank),
    training: ["lora_rank", "lora_alpha", "quantization_config"],

    weights: ({ kernel_size, filters, groups, use_bias, data_format }, [input]) => [
      weight("kernel", [...kernel_size, knownDim(input, channelAxis(data_format)) / groups, filters]),
      ...(use_bias ? [weight("bias", [filters])] : []),
    ],

    call(ops, call) {
      const { strides, dilation_rate, groups } = call.config;
      const options = { strides, padding: paddingIn(call.config), dilation: dilation_rate, groups };
      return result(convolved(ops, call, (x) => ops.conv(x, call.weight("kernel"), options)));
    },

    // tfjs-layers backend/tfjs_backend.ts throws for CAUSAL as the layer runs.
    refusedByTfjs: ({ padding }) => (padding === "causal" ? "it cannot run causal padding" : null),

    knownFaults: [
      WASM_ZEROS,
      {
        id: "conv1d-channels-first-output",
        engines: ["tfjs:cpu", "tfjs:wasm", "tfjs:webgl", "tfjs:webgpu"],
        applies: ({ data_format }) => rank === 1 && data_format === "channels_first",
        why: "the input is transposed to channels last and the output is not transposed back",
        remedy: "use channels_last, with Permute before and after the layer",
        link: "https://github.com/tensorflow/tfjs/blob/tfjs-v4.22.0/tfjs-layers/src/layers/convolutional.ts",
      },
    ],

    rewrites: ["dense-kernel", "channels-last", "explicit-padding"],
    samples,
  });

const line = [{ shape: [2, 9, 4] }];
export const conv1d = convOf(
  1,
  ["Conv1D", "Convolution1D", "AtrousConvolution1D"],
  [
    { config: { filters: 3, kernel_size: 3 }, inputs: line },
    { config: { filters: 3, kernel_size: 2, strides: 2, padding: "same", activation: "relu" }, inputs: line },
    { config: { filters: 3, kernel_size: 3, padding: "causal", dilation_rate: 2 }, inputs: line },
    { config: { filters: 2, kernel_size: 3, strides: 2, padding: "causal", use_bias: false }, inputs: line },
    { config: { filters: 4, kernel_size: 3, groups: 2 }, inputs: line },
    { config: { filters: 3, kernel_size: 3, data_format: "channels_first" }, inputs: [{ shape: [2, 4, 9] }] },
  ],
);

const image = [{ shape: [2, 7, 6, 4] }];
export const conv2d = convOf(
  2,
  ["Conv2D", "Convolution2D", "AtrousConvolution2D"],
  [
    { config: { filters: 3, kernel_size: 3 }, inputs: image },
    {
      config: { filters: 3, kernel_size: [3, 2], strides: 2, padding: "same", activation: "tanh" },
      inputs: image,
    },
    { config: { filters: 2, kernel_size: [2, 3], dilation_rate: 2, use_bias: false }, inputs: image },
    { config: { filters: 2, kernel_size: 3, dilation_rate: 2, padding: "same" }, inputs: image },
    { config: { filters: 6, kernel_size: 3, groups: 2, activation: "softmax" }, inputs: image },
    { config: { filters: 2, kernel_size: 1, strides: 3, padding: "same" }, inputs: image },
    {
      config: { filters: 3, kernel_size: 3, data_format: "channels_first" },
      inputs: [{ shape: [2, 4, 7, 6] }],
    },
  ],
);
