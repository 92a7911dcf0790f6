/** @file `output_padding` of a transposed convolution that only says what follows from its other keys: left out for TF.js. */

import { chain, type Rewrite } from "./rewrite.ts";

export const naturalOutputPadding: Rewrite = {
  id: "natural-output-padding",
  summary: "The layer without an output_padding that changes nothing",
  exact: true,
  parts({ className, config }, { inputs: [input], outputs: [output] }) {
    const { output_padding, padding, kernel_size, strides, dilation_rate } = config;
    if (!Array.isArray(output_padding) || input === undefined || output === undefined) return null;
    const numbers = (list: unknown): readonly number[] => (Array.isArray(list) ? (list as number[]) : []);
    // keras/src/backend/common/backend_utils.py: what the length is without the key, and with it.
    const same = numbers(kernel_size).every((size, axis) => {
      const stride = numbers(strides)[axis] ?? 1;
      const span = (size - 1) * (numbers(dilation_rate)[axis] ?? 1) + 1;
      const natural = padding === "valid" ? Math.max(span, stride) : stride;
      const stated = (padding === "valid" ? span : span % 2) + (numbers(output_padding)[axis] ?? 0);
      return natural === stated;
    });
    if (!same) return null;
    return chain({ suffix: "natural", className, config: { ...config, output_padding: null }, main: true });
  },
};
