/**
 * @file Global max and average pooling in one and two dimensions.
 *
 * GlobalAveragePooling1D counts only the steps that a mask keeps, whoever reads the file: TF.js does not
 * look at the mask, and what it loses so is its fault and not the file's.
 */

import { boolean } from "../base/decode.ts";
import { divide, expand_dims, mean, meanOfQuotients, multiply } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { data_format } from "./data-format.ts";
import { defineLayer, type Formula, type LayerDefinition, optional, result, type Sample } from "./define.ts";
import { GPU_REDUCED_MAXIMUM } from "./gpu-maximum.ts";

function globalOf(
  f: "max" | "average",
  rank: 1 | 2,
  classNames: readonly [string, ...string[]],
  samples: readonly Sample[],
): LayerDefinition {
  return defineLayer({
    classNames,
    config: {
      data_format: rank === 1 ? { ...data_format, ignoredBy: ["tfjs"] } : data_format,
      keepdims: optional(boolean, false, { ignoredBy: ["tfjs"], rare: true }),
    },
    positional: rank === 1 && f === "average" ? ["mask"] : [],
    call<T>(ops: Ops<T>, call: { config: Config; input: T; mask: T | null }) {
      const { data_format, keepdims } = call.config;
      const first = data_format === "channels_first";
      const axes = Array.from({ length: rank }, (_, i) => i + (first ? 2 : 1));
      if (f === "max") return result(ops.reduce("max", call.input, axes, keepdims));
      const masked = rank === 1 && call.mask !== null;
      if (!masked || call.mask === null) return result(mean(ops, call.input, axes, keepdims));
      const kept = expand_dims(ops, ops.cast(call.mask, "float32"), first ? 1 : -1);
      const sum = ops.reduce("sum", multiply(ops, call.input, kept), axes, keepdims);
      return result(divide(ops, sum, ops.reduce("sum", kept, axes, keepdims)));
    },
    // The cpu backend divides every step first (Mean.js); where a mask counts, it is the formula above.
    formulas: f === "max" ? [] : [withQuotients(rank)],
    // tfjs-layers layers/pooling.ts averages over masked steps too.
    refusedByTfjs: (_config, _inputs, { masks }) =>
      rank === 1 && f === "average" && masks > 0 ? "its average counts masked steps too" : null,
    ...(f === "max" ? { knownFaults: [GPU_REDUCED_MAXIMUM] } : {}),
    rewrites: ["keep-dims", "channels-last"],
    samples,
  });
}

const withQuotients =
  (rank: 1 | 2): Formula<Config> =>
  (ops, { config, input }) => {
    const first = config.data_format === "channels_first";
    const axes = Array.from({ length: rank }, (_, i) => i + (first ? 2 : 1));
    return result(meanOfQuotients(ops, input, axes, config.keepdims));
  };

interface Config {
  readonly data_format: string;
  readonly keepdims: boolean;
}

const line: readonly Sample[] = [
  { config: {}, inputs: [{ shape: [2, 7, 3] }] },
  { config: { keepdims: true }, inputs: [{ shape: [2, 7, 3] }] },
  { config: { data_format: "channels_first", keepdims: true }, inputs: [{ shape: [2, 3, 8] }] },
];
const masked: readonly Sample[] = [
  { config: {}, inputs: [{ shape: [3, 7, 2], mask: "ragged" }] },
  { config: { keepdims: true }, inputs: [{ shape: [3, 7, 2], mask: "ragged" }] },
];
const image: readonly Sample[] = [
  { config: {}, inputs: [{ shape: [2, 5, 6, 3] }] },
  { config: { keepdims: true }, inputs: [{ shape: [2, 5, 6, 3] }] },
  { config: { data_format: "channels_first" }, inputs: [{ shape: [2, 3, 4, 5] }] },
];

export const globalMaxPooling1d = globalOf("max", 1, ["GlobalMaxPooling1D", "GlobalMaxPool1D"], line);
export const globalAveragePooling1d = globalOf(
  "average",
  1,
  ["GlobalAveragePooling1D", "GlobalAvgPool1D"],
  [...line, ...masked],
);
export const globalMaxPooling2d = globalOf("max", 2, ["GlobalMaxPooling2D", "GlobalMaxPool2D"], image);
export const globalAveragePooling2d = globalOf(
  "average",
  2,
  ["GlobalAveragePooling2D", "GlobalAvgPool2D"],
  image,
);
