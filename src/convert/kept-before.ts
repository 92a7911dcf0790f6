/**
 * @file The memory of an earlier conversion, where a model stays in TF.js's format (repaired, quantized, said anew): what was
 * kept for the way back to Keras is kept on, under the names that the layers have now.
 */

import { asList, asObject, isObject, type Json, type JsonObject } from "../base/json.ts";
import type { Plan } from "./plan.ts";

/** `kept`: what this conversion keeps by itself. */
export function withMemory(kept: JsonObject, plan: Plan): JsonObject {
  const { source, renamed } = plan;
  const before = source.kept ?? {};
  const origin = asObject(before["source"]);
  const { dialect } = origin;
  if (plan.to !== "tfjs" || source.dialect !== "tfjs" || (dialect !== "keras2" && dialect !== "keras3"))
    return kept;
  const now = (path: string): string => renamed.get(path) ?? path;
  const moved = (json: Json | undefined): JsonObject =>
    Object.fromEntries(Object.entries(asObject(json)).map(([path, value]) => [now(path), value]));
  const earlier = asList(before["rewritten"]).map((entry) =>
    isObject(entry)
      ? ({ ...entry, parts: asList(entry["parts"]).map((part) => now(String(part))) } as Json)
      : entry,
  );
  // Of the others the words are TF.js's, in which the way back does not read.
  const own = asList(kept["rewritten"]).filter(
    (entry) =>
      isObject(entry) &&
      source.layers.some(({ path, writtenIn }) => path === entry["path"] && writtenIn === dialect),
  );
  const parts = {
    keys: { ...moved(before["keys"]), ...asObject(kept["keys"]) },
    names: { ...asObject(kept["names"]), ...moved(before["names"]) },
    models: { ...asObject(kept["models"]), ...asObject(before["models"]) },
  };
  const rewritten = [...earlier, ...own];
  const training = before["training"];
  return {
    ...kept,
    source: origin,
    ...Object.fromEntries(Object.entries(parts).filter(([, held]) => Object.keys(held).length > 0)),
    ...(rewritten.length === 0 ? {} : { rewritten }),
    ...(training === undefined ? {} : { training }),
  };
}
