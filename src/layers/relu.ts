/**
 * @file ReLU with its three numbers: 0 up to the threshold, the input beyond it, at most `max_value`; below the
 * threshold, `negative_slope` times the distance to it. TF.js reads only `max_value`.
 */

import { invalid, real32 } from "../base/decode.ts";
import { isObject } from "../base/json.ts";
import { multiply, relu, scalar, subtract } from "../ops/derived.ts";
import { type DialectDecoder, defineLayer, optional, result } from "./define.ts";

const slope = real32;
const maxValue: DialectDecoder<number | null> = {
  decodeIn(json, dialect, where) {
    if (json === null) return null;
    // Keras 2.2 wrote a NumPy number as {"type": "ndarray", "value": 6.0}; TF.js cannot read that.
    const value = dialect !== "tfjs" && isObject(json) && json["type"] === "ndarray" ? json["value"] : json;
    const limit = real32.decode(value, where);
    if (limit < 0) throw invalid("a limit of at least 0", json, where);
    return limit;
  },
};
/** `null` stands for the default in old files. */
const orZero: DialectDecoder<number> = {
  decodeIn: (json, _dialect, where) => (json === null ? 0 : slope.decode(json, where)),
};

export const reluLayer = defineLayer({
  classNames: ["ReLU"],

  config: {
    max_value: optional(maxValue, null),
    negative_slope: optional(orZero, 0, { ignoredBy: ["tfjs"] }),
    threshold: optional(orZero, 0, { ignoredBy: ["tfjs"] }),
  },

  call(ops, { config: { max_value, negative_slope, threshold }, input, mask }) {
    const limit = scalar(ops, threshold);
    const above =
      threshold === 0
        ? relu(ops, input)
        : ops.where(ops.compare("greater", input, limit), input, scalar(ops, 0));
    const positive = threshold >= 0 ? above : relu(ops, above);
    const clipped = max_value === null ? above : ops.binary("minimum", positive, scalar(ops, max_value));
    if (negative_slope === 0) return result(clipped, mask);
    const below = relu(ops, threshold === 0 ? ops.unary("negative", input) : subtract(ops, limit, input));
    return result(subtract(ops, clipped, multiply(ops, scalar(ops, negative_slope), below)), mask);
  },

  rewrites: ["relu-parts"],
  samples: [
    { config: {}, inputs: [{ shape: [3, 4, 5], mask: "ragged" }] },
    { config: { max_value: 6 }, inputs: [{ shape: [3, 9], values: "large" }] },
    { config: { max_value: 0.5 }, inputs: [{ shape: [3, 9] }] },
    { config: { negative_slope: 0.2 }, inputs: [{ shape: [3, 9] }] },
    { config: { threshold: 0.5 }, inputs: [{ shape: [3, 9] }] },
    { config: { negative_slope: 0.1, threshold: 0.3 }, inputs: [{ shape: [3, 9] }] },
    { config: { max_value: 1, negative_slope: 0.1 }, inputs: [{ shape: [3, 9] }] },
    { config: { max_value: 1, negative_slope: 0.1, threshold: 0.3 }, inputs: [{ shape: [3, 9] }] },
  ],
});
