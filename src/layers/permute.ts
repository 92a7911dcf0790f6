/** @file Permute: reorders the axes after the batch; `dims` counts them from 1. */

import { integer, invalid, listOf } from "../base/decode.ts";
import { type DialectDecoder, defineLayer, required, result } from "./define.ts";

const permutation: DialectDecoder<readonly number[]> = {
  decodeIn(json, _dialect, where) {
    const dims = listOf(integer(1)).decode(json, where);
    const sorted = [...dims].sort((a, b) => a - b);
    if (sorted.some((dim, i) => dim !== i + 1))
      throw invalid(`a permutation of 1 to ${dims.length}`, json, where);
    return dims;
  },
};

export const permute = defineLayer({
  classNames: ["Permute"],
  config: { dims: required(permutation) },
  call: (ops, { config, input }) => result(ops.transpose(input, [0, ...config.dims])),
  samples: [
    { config: { dims: [2, 1] }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { dims: [2, 3, 1] }, inputs: [{ shape: [2, 3, 4, 2] }] },
  ],
});
