/** @file A number, or nested lists of them, as a config holds constants. */

import { invalid, real32 } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { type RealTensor, real } from "../tensor/tensor.ts";
import type { DialectDecoder } from "./define.ts";

export type Numbers = number | readonly Numbers[];

export const numbers: DialectDecoder<Numbers> = {
  decodeIn(json, dialect, where) {
    // Keras 3 writes a NumPy array as {"class_name": "__numpy__", "config": {"value": […], "dtype": …}}.
    if (isObject(json)) {
      const { class_name, config } = json;
      if (class_name === "__numpy__" && isObject(config))
        return numbers.decodeIn(config["value"], dialect, where);
      throw new VernierError(
        "layer.unsupported",
        {
          className: "a layer of constants",
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

/** Throws `layer.unsupported` for ragged lists. */
export function tensorFrom(nested: Numbers, className: string): RealTensor {
  const shape: number[] = [];
  for (let at: Numbers | undefined = nested; at !== undefined && typeof at !== "number"; at = at[0])
    shape.push(at.length);
  const flat = flattened(nested);
  if (flat.length !== shape.reduce((n, dim) => n * dim, 1)) {
    throw new VernierError("layer.unsupported", { className, reason: "its lists are ragged" });
  }
  return real(shape, flat);
}

function flattened(nested: Numbers): readonly number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flattened);
}
