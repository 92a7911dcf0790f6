/** @file PReLU: negative values times a learned slope, one per element of a sample, or shared along some axes. */

import { integer } from "../base/decode.ts";
import { multiply, relu, subtract } from "../ops/derived.ts";
import { type DialectDecoder, defineLayer, knownDim, optional, result, weight } from "./define.ts";

const axis = integer(1);
const axes: DialectDecoder<readonly number[]> = {
  decodeIn(json, _dialect, where) {
    const list: readonly unknown[] = json === null ? [] : Array.isArray(json) ? json : [json];
    const decoded = list.map((entry, i) => axis.decode(entry, [...where, i]));
    return [...new Set(decoded)].sort((a, b) => a - b);
  },
};

export const prelu = defineLayer({
  classNames: ["PReLU"],

  config: { shared_axes: optional(axes, []) },

  weights: ({ shared_axes }, [input]) => [
    weight(
      "alpha",
      (input ?? []).slice(1).map((_, i) => (shared_axes.includes(i + 1) ? 1 : knownDim(input, i + 1))),
    ),
  ],

  call(ops, { weight, input, mask }) {
    const below = multiply(ops, weight("alpha"), relu(ops, ops.unary("negative", input)));
    return result(subtract(ops, relu(ops, input), below), mask);
  },

  knownFaults: [
    {
      id: "prelu-inner-shared-axis",
      engines: ["tfjs:wasm"],
      // The slopes of the last axes repeat over the first ones; any other sharing needs broadcasting.
      applies: ({ shared_axes }, [input]) =>
        shared_axes.some((axis) =>
          Array.from({ length: axis }, (_, before) => before).some(
            (before) =>
              before > 0 && !shared_axes.includes(before) && input?.[before] !== 1 && input?.[axis] !== 1,
          ),
        ),
      why: "the kernel takes the slopes as one flat row and does not broadcast a shared axis behind another",
      remedy: "share the axes before it as well, or run another backend",
      link: "https://github.com/tensorflow/tfjs/blob/tfjs-v4.22.0/tfjs-backend-wasm/src/cc/kernels/Prelu.cc",
    },
  ],

  samples: [
    { config: {}, inputs: [{ shape: [2, 5] }] },
    { config: {}, inputs: [{ shape: [3, 4, 2], mask: "ragged" }] },
    { config: { shared_axes: [1, 2] }, inputs: [{ shape: [2, 3, 4, 5] }] },
    { config: { shared_axes: [2] }, inputs: [{ shape: [2, 3, 4, 5] }] },
  ],
});
