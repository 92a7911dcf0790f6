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
  // A .keras may say its optimizer by name alone.
  if (typeof said === "string" && form === "keras")
    return { config: { ...rest, optimizer: said } as JsonObject };
  if (!isObject(said)) return null;
  if (form === "h5") return { config: { ...rest, optimizer_config: said } as JsonObject };
  const placed = Object.entries(rest as JsonObject).map(([key, value]) => {
    const module = key === "loss" ? "keras.losses" : key.endsWith("metrics") ? "keras.metrics" : null;
    return [key, module === null ? value : withModule(value, module)] as const;
  });
  return {
    config: { ...Object.fromEntries(placed), optimizer: withModule(said as Json, "keras.optimizers") },
  };
}

/**
 * An `.h5` leaves out where a class is, by which a `.keras` finds it; a user's own class says its package. Losses and
 * metrics may stand in lists, and by the names of outputs.
 */
function withModule(json: Json, module: string): Json {
  if (Array.isArray(json)) return json.map((item) => withModule(item as Json, module));
  if (!isObject(json) || "module" in json) return json;
  const { class_name } = json;
  if (typeof class_name !== "string")
    return Object.fromEntries(
      Object.entries(json as JsonObject).map(([output, item]) => [output, withModule(item, module)]),
    );
  return class_name.includes(">") ? json : { module, ...(json as JsonObject), registered_name: null };
}

/** In whose words an earlier conversion's source was. */
function originOf(kept: JsonObject | null): string | null {
  const source = objectOrNull(kept?.["source"]);
  return typeof source?.["dialect"] === "string" ? source["dialect"] : null;
}

const objectOrNull = (json: Json | undefined): JsonObject | null =>
  isObject(json) ? (json as JsonObject) : null;
