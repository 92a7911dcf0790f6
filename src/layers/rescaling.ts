/** @file Rescaling: x·scale + offset, each a number or an array that broadcasts against the input's last axes. */

import { add, multiply } from "../ops/derived.ts";
import { isFloating } from "../tensor/dtype.ts";
import { type DialectDecoder, defineLayer, optional, required, result } from "./define.ts";
import { type Numbers, numbers, tensorFrom } from "./numbers.ts";

const offset: DialectDecoder<Numbers> = {
  // TF.js takes whatever is false for 0.
  decodeIn: (json, dialect, where) =>
    json === null && dialect === "tfjs" ? 0 : numbers.decodeIn(json, dialect, where),
};

export const rescaling = defineLayer({
  classNames: ["Rescaling"],

  config: { scale: required(numbers), offset: optional(offset, 0) },

  call(ops, { config, input, mask }) {
    const x = isFloating(ops.dtypeOf(input)) ? input : ops.cast(input, "float32");
    const scaled = multiply(ops, x, ops.constant(tensorFrom(config.scale, "Rescaling")));
    return result(add(ops, scaled, ops.constant(tensorFrom(config.offset, "Rescaling"))), mask);
  },

  samples: [
    { config: { scale: 0.00392156862745098, offset: 0 }, inputs: [{ shape: [2, 3, 4], values: "large" }] },
    {
      config: { scale: 0.00784313725490196, offset: -1 },
      inputs: [{ shape: [2, 3, 4, 3], values: "large" }],
    },
    { config: { scale: [0.1, 0.2, 0.3], offset: [1, -1, 0.5] }, inputs: [{ shape: [2, 4, 3] }] },
    {
      config: { scale: 2, offset: [1, -1, 0.5] },
      inputs: [{ shape: [2, 3], dtype: "int32", values: "indices", max: 200 }],
    },
  ],
});
