/** @file ZeroPadding1D, ZeroPadding2D: zeros before and after each spatial axis. */

import { data_format } from "./data-format.ts";
import { defineLayer, optional, result } from "./define.ts";
import { type Margin, margins } from "./margins.ts";

const NONE: Margin = [0, 0];
const withBatchAndChannels = (order: string, spatial: readonly Margin[]): readonly Margin[] =>
  order === "channels_first" ? [NONE, NONE, ...spatial] : [NONE, ...spatial, NONE];

export const zeroPadding1d = defineLayer({
  classNames: ["ZeroPadding1D"],
  config: {
    padding: optional(margins(1), [[1, 1]]),
    // Only Keras 3 has the key.
    data_format: {
      ...data_format,
      fallbacks: {},
      ignoredBy: ["keras1-theano", "keras1-tensorflow", "keras2", "tfjs"],
    },
  },
  call: (ops, { config, input }) =>
    result(ops.pad(input, withBatchAndChannels(config.data_format, config.padding), 0)),
  rewrites: ["channels-last", "line-as-image"],
  samples: [
    { config: { padding: 2 }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { padding: [0, 3] }, inputs: [{ shape: [2, 3, 4] }] },
    {
      config: { padding: [1, 2], data_format: "channels_first" },
      inputs: [{ shape: [2, 3, 4] }],
      dialects: ["keras3"],
    },
  ],
});

export const zeroPadding2d = defineLayer({
  classNames: ["ZeroPadding2D"],
  config: {
    padding: optional(margins(2), [
      [1, 1],
      [1, 1],
    ]),
    data_format,
  },
  call: (ops, { config, input }) =>
    result(ops.pad(input, withBatchAndChannels(config.data_format, config.padding), 0)),
  samples: [
    { config: { padding: 1 }, inputs: [{ shape: [2, 3, 4, 2] }] },
    { config: { padding: [1, 2] }, inputs: [{ shape: [2, 3, 4, 2] }] },
    {
      config: {
        padding: [
          [0, 1],
          [2, 3],
        ],
      },
      inputs: [{ shape: [2, 3, 4, 2] }],
    },
    {
      config: {
        padding: [
          [0, 1],
          [2, 3],
        ],
        data_format: "channels_first",
      },
      inputs: [{ shape: [2, 2, 3, 4] }],
    },
  ],
});
