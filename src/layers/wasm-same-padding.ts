/**
 * @file The wasm backend's zeros: with `same` padding whose total would be negative before it is clipped to 0, XNNPACK
 * is handed the flag for TensorFlow's padding and writes zeros for the convolution; a bias survives.
 */

import type { Dims } from "../tensor/tensor.ts";

interface Window {
  readonly kernel_size: readonly number[];
  readonly strides: readonly number[];
  readonly padding: string;
  readonly data_format: string;
}

/** As found over 686 configurations of each layer: 109 are wrong, all of them and no other by this rule. */
function applies({ kernel_size, strides, padding, data_format }: Window, [input]: readonly Dims[]): boolean {
  if (padding !== "same" || input === undefined || kernel_size.every((size) => size === 1)) return false;
  const first = data_format === "channels_first" ? 2 : 1;
  return kernel_size.some((size, axis) => {
    const [extent, stride = 1] = [input[first + axis], strides[axis]];
    return typeof extent === "number" && (Math.ceil(extent / stride) - 1) * stride + size - extent < 0;
  });
}

export const WASM_ZEROS = {
  id: "wasm-same-padding-zeros",
  engines: ["tfjs:wasm"],
  applies,
  why: "with padding 'same', where the strides step over the input's edge, the kernel gives zeros (the bias survives)",
  remedy: "pad explicitly (ZeroPadding) and use padding 'valid', or run another backend",
  link: "https://github.com/tensorflow/tfjs/issues/6629",
} as const;
