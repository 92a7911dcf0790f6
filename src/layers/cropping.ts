/** @file Cropping1D, Cropping2D: elements cut off before and after each spatial axis. */

import type { Ops } from "../ops/ops.ts";
import { data_format } from "./data-format.ts";
import { defineLayer, optional, result } from "./define.ts";
import { type Margin, margins } from "./margins.ts";

/** `-0` would cut everything: nothing after means to the end. */
const cropped = <T>(ops: Ops<T>, x: T, firstAxis: number, spatial: readonly Margin[]): T =>
  spatial.reduce(
    (rest, [before, after], i) => ops.slice(rest, firstAxis + i, before, after === 0 ? null : -after),
    x,
  );

export const cropping1d = defineLayer({
  classNames: ["Cropping1D"],
  config: { cropping: optional(margins(1), [[1, 1]]) },
  call: (ops, { config, input }) => result(cropped(ops, input, 1, config.cropping)),
  rewrites: ["line-as-image"],
  samples: [
    { config: { cropping: 1 }, inputs: [{ shape: [2, 5, 3] }] },
    { config: { cropping: [2, 0] }, inputs: [{ shape: [2, 5, 3] }] },
    { config: { cropping: [0, 3] }, inputs: [{ shape: [2, 5, 3] }] },
  ],
});

export const cropping2d = defineLayer({
  classNames: ["Cropping2D"],
  config: {
    cropping: optional(margins(2), [
      [0, 0],
      [0, 0],
    ]),
    data_format,
  },
  call: (ops, { config, input }) =>
    result(cropped(ops, input, config.data_format === "channels_first" ? 2 : 1, config.cropping)),
  samples: [
    { config: { cropping: 1 }, inputs: [{ shape: [2, 4, 5, 2] }] },
    { config: { cropping: [1, 2] }, inputs: [{ shape: [2, 4, 6, 2] }] },
    {
      config: {
        cropping: [
          [0, 1],
          [2, 0],
        ],
      },
      inputs: [{ shape: [2, 4, 5, 2] }],
    },
    {
      config: {
        cropping: [
          [1, 0],
          [1, 2],
        ],
        data_format: "channels_first",
      },
      inputs: [{ shape: [2, 2, 4, 5] }],
    },
  ],
});
