/**
 * @file Conv2DTranspose: the adjoint of a convolution, as a convolution of the spread-out input with the flipped kernel.
 *
 * TF.js does not look at `output_padding` and `dilation_rate`.
 */

import { nullable, tuple } from "../base/decode.ts";
import { flip } from "../ops/derived.ts";
import { spanOf } from "../ops/geometry.ts";
import { data_format } from "./data-format.ts";
import { defineLayer, knownDim, optional, result, weight } from "./define.ts";
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

/**
 * The output has (n − 1)·stride + `tail` elements (keras/src/backend/common/backend_utils.py and tf_keras
 * utils/conv_utils.py agree); the convolution that this undoes padded `before` in front of them.
 */
function paddingFor(
  padding: "valid" | "same",
  span: number,
  stride: number,
  extra: number | null,
): [number, number] {
  const natural = padding === "valid" ? Math.max(span, stride) : stride;
  const exact = padding === "valid" ? span : span % 2;
  const tail = extra === null ? natural : exact + extra;
  const before = padding === "valid" ? 0 : Math.floor(Math.max(span - tail, 0) / 2);
  return [span - 1 - before, tail - 1 + before];
}

const image = [{ shape: [2, 4, 3, 3] }];

export const conv2dTranspose = defineLayer({
  classNames: ["Conv2DTranspose", "Convolution2DTranspose", "Deconvolution2D"],
  config: {
    filters,
    kernel_size: kernel_size(2),
    strides: strides(2),
    padding,
    output_padding: optional(nullable(tuple(2, 0)), null, { ignoredBy: ["tfjs"] }),
    data_format,
    dilation_rate: { ...dilation_rate(2), ignoredBy: ["tfjs"] },
    activation: activationField,
    use_bias,
  },
  training: ["groups", "output_shape"],

  weights: ({ filters, kernel_size, use_bias, data_format }, [input]) => [
    weight("kernel", [...kernel_size, filters, knownDim(input, channelAxis(data_format))]),
    ...(use_bias ? [weight("bias", [filters])] : []),
  ],

  call(ops, call) {
    const { kernel_size, strides, padding, output_padding, dilation_rate } = call.config;
    const pads = kernel_size.map((size, axis) =>
      paddingFor(
        padding,
        spanOf(size, dilation_rate[axis] ?? 1),
        strides[axis] ?? 1,
        output_padding?.[axis] ?? null,
      ),
    );
    const flipped = flip(ops, flip(ops, call.weight("kernel"), 0), 1);
    const kernel = ops.transpose(flipped, [0, 1, 3, 2]);
    return result(
      convolved(ops, call, (x) =>
        ops.conv(x, kernel, {
          strides: [1, 1],
          padding: pads,
          dilation: dilation_rate,
          inputDilation: strides,
          groups: 1,
        }),
      ),
    );
  },

  rewrites: ["natural-output-padding", "dense-kernel"],
  samples: [
    { config: { filters: 2, kernel_size: 3 }, inputs: image },
    {
      config: { filters: 2, kernel_size: 3, strides: 2, padding: "same", activation: "relu" },
      inputs: image,
    },
    {
      config: { filters: 2, kernel_size: [4, 2], strides: 2, padding: "same", use_bias: false },
      inputs: image,
    },
    { config: { filters: 2, kernel_size: 2, strides: 3 }, inputs: image },
    { config: { filters: 2, kernel_size: 2, strides: 3, padding: "same" }, inputs: image },
    { config: { filters: 2, kernel_size: 3, strides: 2, output_padding: 1 }, inputs: image },
    { config: { filters: 2, kernel_size: 3, strides: 2, padding: "same", output_padding: 0 }, inputs: image },
    { config: { filters: 2, kernel_size: 3, strides: 2, padding: "same", output_padding: 1 }, inputs: image },
    { config: { filters: 2, kernel_size: [2, 3], dilation_rate: 2 }, inputs: image },
    {
      config: { filters: 2, kernel_size: 3, data_format: "channels_first" },
      inputs: [{ shape: [2, 3, 4, 4] }],
    },
  ],
});
