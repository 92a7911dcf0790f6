/** @file DepthwiseConv2D: every channel has filters of its own. TF.js does not look at `dilation_rate`. */

import { integer } from "../base/decode.ts";
import type { ConvOptions, Ops } from "../ops/ops.ts";
import { data_format } from "./data-format.ts";
import { defineLayer, knownDim, optional, result, weight } from "./define.ts";
import { WASM_ZEROS } from "./wasm-same-padding.ts";
import {
  activationField,
  channelAxis,
  convolved,
  dilation_rate,
  kernel_size,
  padding,
  strides,
  use_bias,
} from "./window-fields.ts";

/** `kernel` [...window, channels, multiplier]; output channel c·multiplier + m. */
export function depthwise<T>(ops: Ops<T>, x: T, kernel: T, options: Omit<ConvOptions, "groups">): T {
  const dims = ops.dimsOf(kernel);
  const [channels, multiplier] = [knownDim(dims, -2), knownDim(dims, -1)];
  const flat = ops.reshape(kernel, [...dims.slice(0, -2), 1, channels * multiplier]);
  return ops.conv(x, flat, { ...options, groups: channels });
}

const image = [{ shape: [2, 7, 6, 3] }];

export const depthwiseConv2d = defineLayer({
  classNames: ["DepthwiseConv2D"],
  config: {
    kernel_size: kernel_size(2),
    strides: strides(2),
    padding,
    depth_multiplier: optional(integer(1), 1),
    data_format,
    dilation_rate: { ...dilation_rate(2), ignoredBy: ["tfjs"] },
    activation: activationField,
    use_bias,
  },
  training: ["groups"],

  weights({ kernel_size, depth_multiplier, use_bias, data_format }, [input]) {
    const channels = knownDim(input, channelAxis(data_format));
    return [
      weight("kernel", [...kernel_size, channels, depth_multiplier], true, "depthwise_kernel"),
      ...(use_bias ? [weight("bias", [channels * depth_multiplier])] : []),
    ];
  },

  call(ops, call) {
    const { strides, padding, dilation_rate } = call.config;
    const options = { strides, padding, dilation: dilation_rate };
    return result(convolved(ops, call, (x) => depthwise(ops, x, call.weight("kernel"), options)));
  },

  knownFaults: [WASM_ZEROS],

  rewrites: ["dense-kernel", "explicit-padding"],
  samples: [
    { config: { kernel_size: 3 }, inputs: image },
    { config: { kernel_size: [3, 2], strides: 2, padding: "same", depth_multiplier: 2 }, inputs: image },
    { config: { kernel_size: 3, dilation_rate: 2, use_bias: false }, inputs: image },
    { config: { kernel_size: 3, dilation_rate: 2, padding: "same", activation: "relu6" }, inputs: image },
    { config: { kernel_size: 3, data_format: "channels_first" }, inputs: [{ shape: [2, 3, 7, 6] }] },
  ],
});
