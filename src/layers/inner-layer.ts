/** @file The config key `layer` of wrappers: a layer or model inside another. Compared by what it means, not as written. */

import { invalid } from "../base/decode.ts";
import { asObject, isObject, type Json, type JsonObject } from "../base/json.ts";
import type { BoundLayer } from "../model/layer.ts";
import type { DialectDecoder, EncodeContext } from "./define.ts";

export const innerLayer: DialectDecoder<JsonObject> = {
  decodeIn(json, _dialect, where) {
    if (!isObject(json) || typeof json["class_name"] !== "string")
      throw invalid("a layer with a class_name", json, where);
    return json as JsonObject;
  },
  encodeIn: (value, raw, context) => encodeInner(value, raw, context),
};

/** What the file holds, in other words; nothing where it holds nothing (a mirror image that was derived). */
export const encodeInner = (
  meaning: JsonObject | null,
  raw: unknown,
  { inner }: EncodeContext,
): Json | undefined => (isObject(raw) && meaning !== null ? inner(meaning, raw as JsonObject) : undefined);

/** The canonical form of what was bound. */
export const meaningOf = ({ className, config }: BoundLayer): JsonObject => ({
  class_name: className,
  config,
});

export const withConfig = (layer: JsonObject, changes: Readonly<Record<string, Json>>): JsonObject => ({
  ...layer,
  config: { ...asObject(layer["config"]), ...changes },
});

/** The weights of one inner layer, without the wrapper's prefix. */
export function weightsUnder<T>(weights: ReadonlyMap<string, T>, prefix: string): ReadonlyMap<string, T> {
  return new Map(
    [...weights].flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    ),
  );
}
