/** @file The keys of a layer's config that change no prediction: those of training, and those that no rule knows. */

import type { Json, JsonObject } from "../base/json.ts";

/** Keys that every layer may have and that no prediction depends on. */
const COMMON_KEYS: ReadonlySet<string> = new Set([
  "name",
  "trainable",
  "dtype",
  "batch_input_shape",
  "batch_shape",
  "input_shape",
  "input_dtype",
  "input_dim",
  "input_length",
  "build_config",
  "shared_object_id",
  "activity_regularizer",
  "autocast",
  "batch_size",
]);
const TRAINING_SUFFIXES = ["_initializer", "_regularizer", "_constraint"];

/** `known`: keys that change predictions; `ofTraining`: those of the class that only training depends on. */
export function otherKeysOf(
  json: JsonObject,
  known: ReadonlySet<string>,
  ofTraining: readonly string[],
): { training: JsonObject; unknown: string[] } {
  const training: Record<string, Json> = {};
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(json)) {
    if (known.has(key)) continue;
    const harmless =
      COMMON_KEYS.has(key) ||
      TRAINING_SUFFIXES.some((suffix) => key.endsWith(suffix)) ||
      ofTraining.includes(key);
    if (harmless) training[key] = value;
    else unknown.push(key);
  }
  return { training, unknown };
}
