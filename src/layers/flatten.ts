/** @file Flatten: one row per sample, channels last whatever the input's order. Its mask is lost, as in Keras. */

import { toChannelsLast } from "../ops/derived.ts";
import { data_format } from "./data-format.ts";
import { defineLayer, result } from "./define.ts";

export const flatten = defineLayer({
  classNames: ["Flatten"],

  // Keras 1 knows no order here: its spelling of the key does not occur.
  config: { data_format: { ...data_format, fallbacks: {} } },

  /** Without a second axis besides the batch there is nothing to reorder. */
  resolve: (config, [input]) =>
    input !== undefined && input.length <= 2 ? { data_format: "channels_last" } : config,

  call(ops, { config, input }) {
    const dims = ops.dimsOf(input);
    const ordered =
      config.data_format === "channels_first" && dims.length > 2 ? toChannelsLast(ops, input) : input;
    const features = dims
      .slice(1)
      .reduce<number | null>((size, dim) => (size === null || dim === null ? null : size * dim), 1);
    return result(ops.reshape(ordered, [dims[0] ?? null, features]));
  },

  // tfjs-layers core.ts: minNDim 3, and every dimension but the batch known.
  refusedByTfjs: (_config, [input]) =>
    input === undefined || (input.length > 2 && !input.slice(1).includes(null))
      ? null
      : "its Flatten takes at least two axes beside the batch, of known lengths",

  rewrites: ["flatten-as-reshape"],
  samples: [
    { config: {}, inputs: [{ shape: [2, 3, 4] }] },
    { config: { data_format: "channels_first" }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { data_format: "channels_first" }, inputs: [{ shape: [2, 3, 4, 2] }] },
    { config: { data_format: "channels_first" }, inputs: [{ shape: [2, 5] }] },
    { config: {}, inputs: [{ shape: [3] }] },
  ],
});
