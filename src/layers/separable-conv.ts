/** @file SeparableConv2D: depthwise, then a 1×1 convolution over the channels. */

import { integer } from "../base/decode.ts";
import { data_format } from "./data-format.ts";
import { defineLayer, knownDim, optional, result, weight } from "./define.ts";
import { depthwise } from "./depthwise-conv.ts";
import { WASM_ZEROS } from "./wasm-same-padding.ts";
import {
  activationField,
  channelAxis,
  convolved,
  dilation_rate,
  filters,
  kernel_size,
  padding,
  strides,
  use_bias,
} from "./window-fields.ts";

const image = [{ shape: [2, 7, 6, 3] }];
const POINT = { strides: [1, 1], padding: "valid", dilation: [1, 1], groups: 1 } as const;

export const separableConv2d = defineLayer({
  classNames: ["SeparableConv2D", "SeparableConvolution2D"],
  // It has two kernels, and a key for each (tfjs-layers convolutional.ts, SeparableConv).
  trainingRefusedByTfjs: ["kernel_initializer", "kernel_regularizer", "kernel_constraint"],
  config: {
    filters,
    kernel_size: kernel_size(2),
    strides: strides(2),
    padding,
    data_format,
    dilation_rate: dilation_rate(2),
    depth_multiplier: optional(integer(1), 1),
    activation: activationField,
    use_bias,
  },
  training: ["groups"],

  weights({ filters, kernel_size, depth_multiplier, use_bias, data_format }, [input]) {
    const channels = knownDim(input, channelAxis(data_format));
    return [
      weight("depthwise_kernel", [...kernel_size, channels, depth_multiplier]),
      weight("pointwise_kernel", [1, 1, channels * depth_multiplier, filters]),
      ...(use_bias ? [weight("bias", [filters])] : []),
    ];
  },

  call(ops, call) {
    const { strides, padding, dilation_rate } = call.config;
    const options = { strides, padding, dilation: dilation_rate };
    return result(
      convolved(ops, call, (x) =>
        ops.conv(
          depthwise(ops, x, call.weight("depthwise_kernel"), options),
          call.weight("pointwise_kernel"),
          POINT,
        ),
      ),
    );
  },

  knownFaults: [WASM_ZEROS],

  // tfjs-layers convolutional.ts adds the bias along axis 1 of a tensor whose channels are last.
  refusedByTfjs: ({ data_format, use_bias }) =>
    data_format === "channels_first" && use_bias ? "it adds the bias along the wrong axis" : null,
  rewrites: ["channels-last", "explicit-padding"],
  samples: [
    { config: { filters: 4, kernel_size: 3 }, inputs: image },
    {
      config: { filters: 4, kernel_size: 3, strides: 2, padding: "same", depth_multiplier: 2 },
      inputs: image,
    },
    {
      config: { filters: 2, kernel_size: 2, dilation_rate: 2, use_bias: false, activation: "relu" },
      inputs: image,
    },
    {
      config: { filters: 4, kernel_size: 3, data_format: "channels_first" },
      inputs: [{ shape: [2, 3, 7, 6] }],
    },
  ],
});
