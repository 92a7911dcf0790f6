/**
 * @file Optimizer, loss and metrics for TF.js, where it has every word: else it would not load the model. What it cannot
 * say stays as metadata. (facts: tfjs-layers losses.ts, metrics.ts and optimizers.ts know strings only.)
 */

import { isObject, type Json, type JsonObject } from "../base/json.ts";

const LOSSES = new Set(
  `mean_squared_error mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error
  categorical_hinge categorical_crossentropy sparse_categorical_crossentropy binary_crossentropy poisson hinge
  squared_hinge`.split(/\s+/),
);
const LOSS_NAMES: Readonly<Record<string, string>> = {
  mse: "mean_squared_error",
  MSE: "mean_squared_error",
  mae: "mean_absolute_error",
  MAE: "mean_absolute_error",
  bce: "binary_crossentropy",
  mape: "mean_absolute_percentage_error",
  msle: "mean_squared_logarithmic_error",
};
const METRICS = new Set(["accuracy", "acc", "binary_accuracy", "categorical_accuracy", "mse", "mae"]);
/** Optimizers that TF.js has, with the keys that it reads. Others of their keys at another value change the training. */
const OPTIMIZERS: Readonly<Record<string, readonly string[]>> = {
  SGD: ["learning_rate"],
  Adam: ["learning_rate", "beta_1", "beta_2", "epsilon"],
};

/** `null` where TF.js cannot say all of it. */
export function tfjsTrainingConfig(config: JsonObject | null): JsonObject | null {
  if (config === null) return null;
  const optimizer = optimizerFor(config["optimizer_config"] ?? config["optimizer"]);
  const loss = lossFor(config["loss"]);
  const metrics = metricsFor(config["metrics"]);
  const plain = [config["loss_weights"], config["weighted_metrics"], config["sample_weight_mode"]];
  if (
    optimizer === null ||
    loss === null ||
    metrics === null ||
    plain.some((value) => (value ?? null) !== null)
  )
    return null;
  return { optimizer_config: optimizer, loss, metrics };
}

function optimizerFor(json: Json | undefined): JsonObject | null {
  if (!isObject(json) || typeof json["class_name"] !== "string" || !isObject(json["config"])) return null;
  const config = json["config"] as JsonObject;
  const known = OPTIMIZERS[json["class_name"]];
  if (known === undefined) return null;
  const idle = (value: Json): boolean => value === null || value === false || value === 0;
  const others = Object.entries(config).filter(([key]) => !known.includes(key) && !PASSED_OVER.has(key));
  if (others.some(([, value]) => !idle(value))) return null;
  const numbers = known.flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]] as const]));
  if (numbers.some(([, value]) => typeof value !== "number")) return null;
  return { class_name: json["class_name"], config: Object.fromEntries(numbers) as JsonObject };
}

/** Keys without a part in a step at their usual values. */
const PASSED_OVER = new Set([
  "name",
  "ema_momentum",
  "jit_compile",
  "is_legacy_optimizer",
  "gradient_accumulation_steps",
]);

function lossFor(json: Json | undefined): Json | null {
  if (typeof json !== "string") return null;
  const name = LOSS_NAMES[json] ?? json;
  return LOSSES.has(name) ? name : null;
}

function metricsFor(json: Json | undefined): Json | null {
  if (json === null || json === undefined) return [];
  if (!Array.isArray(json)) return null;
  const flat: Json[] = json.flatMap((entry) => (Array.isArray(entry) ? entry : [entry]) as Json[]);
  return flat.every((name) => typeof name === "string" && METRICS.has(name)) ? flat : null;
}
