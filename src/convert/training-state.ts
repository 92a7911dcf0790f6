/**
 * @file Training configuration and optimizer state, for a Keras target. Between files of one Keras generation both go
 * over as they are; from a conversion's memory they come back; to another generation they stay with the model.
 */

import type { Json, JsonObject } from "../base/json.ts";
import { isObject } from "../base/json.ts";
import type { Plan } from "./plan.ts";

export interface TrainingState {
  readonly config: JsonObject;
}

/** `form`: `.h5` has `training_config`, `.keras` `compile_config`: the same keys but for the optimizer's. */
export function trainingFor({ source, to }: Plan, form: "h5" | "keras"): TrainingState | null {
  const generation = originOf(source.kept) ?? source.dialect;
  if (generation !== to) return null;
  // The memory comes first: what a model.json says of training is at most a part of it.
  const config = objectOrNull(source.kept?.["training"]) ?? source.training?.config ?? null;
  if (config === null) return null;
  const { optimizer, optimizer_config, ...rest } = config;
  const said = (optimizer_config ?? optimizer ?? null) as Json;
  if (said === null || !isObject(said)) return null;
  const renamed = form === "h5" ? { optimizer_config: said } : { optimizer: withModule(said as JsonObject) };
  return { config: { ...rest, ...renamed } as JsonObject };
}

/** An `.h5` leaves out where the class is, by which a `.keras` finds it; a user's own class says its package. */
const withModule = (optimizer: JsonObject): JsonObject =>
  "module" in optimizer || String(optimizer["class_name"]).includes(">")
    ? optimizer
    : { module: "keras.optimizers", ...optimizer, registered_name: null };

/** In whose words an earlier conversion's source was. */
function originOf(kept: JsonObject | null): string | null {
  const source = objectOrNull(kept?.["source"]);
  return typeof source?.["dialect"] === "string" ? source["dialect"] : null;
}

const objectOrNull = (json: Json | undefined): JsonObject | null =>
  isObject(json) ? (json as JsonObject) : null;
