/** @file Reshape: the same elements in another shape; -1 stands for what is left. */

import { integer, invalid, listOf } from "../base/decode.ts";
import type { Dims } from "../tensor/tensor.ts";
import { type DialectDecoder, defineLayer, required, result } from "./define.ts";

const entry = integer(-1);
const targetShape: DialectDecoder<readonly number[]> = {
  decodeIn(json, _dialect, where) {
    // TF.js writes null for -1.
    const plain = Array.isArray(json) ? json.map((dim: unknown) => (dim === null ? -1 : dim)) : json;
    const target = listOf(entry).decode(plain, where);
    if (target.filter((dim) => dim === -1).length > 1) throw invalid("at most one -1", json, where);
    return target;
  },
};

export const reshape = defineLayer({
  classNames: ["Reshape"],

  config: { target_shape: required(targetShape) },

  resolve: ({ target_shape }, [input]) => ({ target_shape: withoutUnknown(target_shape, input) }),

  call: (ops, { config, input }) =>
    result(ops.reshape(input, [ops.dimsOf(input)[0] ?? null, ...config.target_shape])),

  samples: [
    { config: { target_shape: [6, 2] }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { target_shape: [-1, 2, 2] }, inputs: [{ shape: [3, 8] }] },
    { config: { target_shape: [12] }, inputs: [{ shape: [2, 3, 2, 2] }] },
  ],
});

function withoutUnknown(target: readonly number[], input: Dims | undefined): readonly number[] {
  const size = input
    ?.slice(1)
    .reduce<number | null>((n, dim) => (n === null || dim === null ? null : n * dim), 1);
  const known = target.reduce((n, dim) => (dim === -1 ? n : n * dim), 1);
  if (size === undefined || size === null || known === 0 || size % known !== 0) return target;
  return target.map((dim) => (dim === -1 ? size / known : dim));
}
