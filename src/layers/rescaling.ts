/** @file Rescaling: x·scale + offset, each a number or an array that broadcasts against the input's last axes. */

import { invalid, real32 } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { add, multiply } from "../ops/derived.ts";
import { isFloating } from "../tensor/dtype.ts";
import { type RealTensor, real } from "../tensor/tensor.ts";
import { type DialectDecoder, defineLayer, optional, required, result } from "./define.ts";

type Numbers = number | readonly Numbers[];

const numbers: DialectDecoder<Numbers> = {
  decodeIn(json, dialect, where) {
    // Keras 3 writes a NumPy array as {"class_name": "__numpy__", "config": {"value": […], "dtype": …}}.
    if (isObject(json)) {
      const { class_name, config } = json;
      if (class_name === "__numpy__" && isObject(config))
        return numbers.decodeIn(config["value"], dialect, where);
      throw new VernierError(
        "layer.unsupported",
        {
          className: "Rescaling",
          reason: `its ${where.at(-1) ?? "scale"} is a ${String(class_name)}, not numbers`,
        },
        { where },
      );
    }
    if (Array.isArray(json)) return json.map((entry, i) => numbers.decodeIn(entry, dialect, [...where, i]));
    if (json === null) throw invalid("a number or a list", json, where);
    return real32.decode(json, where);
  },
};

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
    const scaled = multiply(ops, x, ops.constant(tensorFrom(config.scale)));
    return result(add(ops, scaled, ops.constant(tensorFrom(config.offset))), mask);
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

function tensorFrom(nested: Numbers): RealTensor {
  const shape: number[] = [];
  for (let at: Numbers | undefined = nested; at !== undefined && typeof at !== "number"; at = at[0])
    shape.push(at.length);
  const flat = flattened(nested);
  if (flat.length !== shape.reduce((n, dim) => n * dim, 1)) {
    throw new VernierError("layer.unsupported", { className: "Rescaling", reason: "its lists are ragged" });
  }
  return real(shape, flat);
}

function flattened(nested: Numbers): readonly number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flattened);
}
