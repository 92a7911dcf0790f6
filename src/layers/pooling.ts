/** @file Max and average pooling in one and two dimensions. TF.js does not look at `data_format` in one. */

import { channelsLast } from "../ops/derived.ts";
import type { PoolOptions } from "../ops/ops.ts";
import { data_format } from "./data-format.ts";
import { defineLayer, type LayerDefinition, result, type Sample } from "./define.ts";
import { GPU_POOLED_MAXIMUM } from "./gpu-maximum.ts";
import { padding, pool_size, poolStrides } from "./window-fields.ts";

function poolingOf(
  f: "max" | "average",
  rank: 1 | 2,
  classNames: readonly [string, ...string[]],
  samples: readonly Sample[],
): LayerDefinition {
  return defineLayer({
    classNames,
    config: {
      pool_size: pool_size(rank),
      strides: poolStrides(rank),
      padding,
      data_format: rank === 1 ? { ...data_format, ignoredBy: ["tfjs"] } : data_format,
    },
    resolve: (config) => ({ ...config, strides: config.strides ?? config.pool_size }),
    call(ops, { config, input }) {
      const { pool_size, strides, padding, data_format } = config;
      const options: PoolOptions = { window: pool_size, strides: strides ?? pool_size, padding };
      return result(channelsLast(ops, data_format, input, (x) => ops.pool(f, x, options)));
    },
    ...(f === "max" ? { knownFaults: [GPU_POOLED_MAXIMUM] } : {}),
    rewrites: ["channels-last"],
    samples,
  });
}

const line: readonly Sample[] = [
  { config: { pool_size: 2 }, inputs: [{ shape: [2, 7, 3] }] },
  { config: { pool_size: 3, strides: 2, padding: "same" }, inputs: [{ shape: [2, 8, 3] }] },
  { config: { pool_size: 2, strides: 3, padding: "same" }, inputs: [{ shape: [2, 7, 3] }] },
  { config: { pool_size: 2, data_format: "channels_first" }, inputs: [{ shape: [2, 3, 8] }] },
];
const image: readonly Sample[] = [
  { config: { pool_size: 2 }, inputs: [{ shape: [2, 7, 6, 3] }] },
  { config: { pool_size: 3, strides: [2, 1], padding: "same" }, inputs: [{ shape: [2, 7, 6, 3] }] },
  { config: { pool_size: [2, 3], strides: 1 }, inputs: [{ shape: [2, 5, 6, 2] }] },
  { config: { pool_size: 3, strides: 2, padding: "same" }, inputs: [{ shape: [1, 1, 2, 2] }] },
  { config: { pool_size: 2, data_format: "channels_first" }, inputs: [{ shape: [2, 3, 6, 5] }] },
];

export const maxPooling1d = poolingOf("max", 1, ["MaxPooling1D", "MaxPool1D"], line);
export const averagePooling1d = poolingOf("average", 1, ["AveragePooling1D", "AvgPool1D"], line);
export const maxPooling2d = poolingOf("max", 2, ["MaxPooling2D", "MaxPool2D"], image);
export const averagePooling2d = poolingOf("average", 2, ["AveragePooling2D", "AvgPool2D"], image);
