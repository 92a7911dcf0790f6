/**
 * @file Keys of a layer that only training depends on, from one dialect's words to another's: initializers, regularizers,
 * constraints, dtype policies and the like. What the target does not know stays with the model as metadata.
 */

import { asObject, isObject, type Json, type JsonObject, sameJson } from "../base/json.ts";
import { definitionOf } from "../layers/bind.ts";
import { KERAS_KEYS } from "../layers/keras-keys.ts";
import type { Dialect } from "../model/layer.ts";

export interface TranslatedKeys {
  readonly written: JsonObject;
  /** As the source has them. */
  readonly kept: JsonObject;
  /** Keys whose words changed. */
  readonly translated: ReadonlySet<string>;
}

/** `keys`: in words of `from`, without `name` and input shapes. */
export function translateTrainingKeys(
  keys: JsonObject,
  className: string,
  {
    from,
    to,
    without,
  }: { readonly from: Dialect; readonly to: Dialect; readonly without: readonly string[] },
): TranslatedKeys {
  const written: Record<string, Json> = {};
  const kept: Record<string, Json> = {};
  const translated = new Set<string>();
  for (const [key, value] of Object.entries(keys)) {
    const known = !without.includes(key) && isKnown(key, value, className, from, to);
    const said = known ? sayKey(key, value, from, to) : undefined;
    if (said === undefined) {
      kept[key] = value;
      continue;
    }
    written[key] = said;
    if (!sameJson(said, value)) {
      translated.add(key);
      // Words that come back to the same ones need no memory.
      const back = sayKey(key, said, to, from);
      if (!sameJson(back, value)) kept[key] = value;
    }
  }
  return { written, kept, translated };
}

/** Readers of Keras refuse keys that they do not know; what is written in Keras 2's words is read by Keras 3 too. */
function isKnown(key: string, value: Json, className: string, from: Dialect, to: Dialect): boolean {
  const table = KERAS_KEYS[className];
  if (isIdle(key, value)) return from === to && to === "keras3";
  if (to === "tfjs") return !(definitionOf(className)?.trainingRefusedByTfjs ?? []).includes(key);
  if (table === undefined || (from === to && to !== "keras2")) return true;
  const has = (dialect: "keras2" | "keras3"): boolean => (table[dialect] ?? "").split(" ").includes(key);
  if (from === to) return !has("keras2") || has("keras3") || PASSED_OVER_BY_KERAS3.has(key);
  if (key === "activity_regularizer") return value !== null;
  return to === "keras2" ? has("keras2") && has("keras3") : has("keras3");
}

/** Keras 3 takes them, though it does not write them. */
const PASSED_OVER_BY_KERAS3: ReadonlySet<string> = new Set([
  "activity_regularizer",
  "implementation",
  "input_length",
  "batch_input_shape",
]);

/** Keys that do nothing at this value, and that other readers refuse: DepthwiseConv2D's `groups` of Keras 2. */
const isIdle = (key: string, value: Json): boolean => key === "groups" && value === 1;

function sayKey(key: string, value: Json, from: Dialect, to: Dialect): Json | undefined {
  if (key === "dtype") return sayDtype(value, from, to);
  if (from === to) return value;
  if (value === null) return to === "tfjs" ? undefined : null;
  if (key.endsWith("_initializer"))
    return sayObject(value, "keras.initializers", to, to === "tfjs" ? TFJS_INITIALIZERS : null);
  if (key.endsWith("_regularizer")) {
    if (to === "tfjs") return key === "activity_regularizer" ? undefined : regularizerForTfjs(value);
    return sayObject(value, "keras.regularizers", to, null);
  }
  // TF.js applies constraints to the weights as it loads them (tfjs-layers variables.ts, write).
  if (key.endsWith("_constraint"))
    return to === "tfjs" ? undefined : sayObject(value, "keras.constraints", to, null);
  if (isObject(value)) return to === "tfjs" ? undefined : (value as Json);
  return value;
}

/** Beside these TF.js knows LeCunNormal and LeCunUniform, which Keras spells LecunNormal and LecunUniform. */
const TFJS_INITIALIZERS: Readonly<Record<string, string>> = Object.fromEntries([
  ...`Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity Ones Orthogonal RandomNormal RandomUniform
  TruncatedNormal VarianceScaling Zeros`
    .split(/\s+/)
    .map((name) => [name, name]),
  ["LecunNormal", "LeCunNormal"],
  ["LecunUniform", "LeCunUniform"],
]);

function sayObject(
  value: Json,
  module: string,
  to: Dialect,
  names: Readonly<Record<string, string>> | null,
): Json | undefined {
  if (!isObject(value) || typeof value["class_name"] !== "string") return value;
  const { class_name } = value;
  const held = asObject(value["config"]);
  // Keras 3.15 writes keys that no other reader knows; without a value they say nothing.
  const config = Object.fromEntries(
    Object.entries(held).filter(
      ([name, given]) =>
        // Keras before 2.3 wrote one that no reader takes any more.
        name !== "dtype" && (to === "keras3" || !NEW_KEYS.has(name) || given !== null),
    ),
  ) as JsonObject;
  if (to !== "keras3" && Object.keys(config).some((name) => NEW_KEYS.has(name))) return undefined;
  const known = names === null ? spelledByKeras(class_name) : names[class_name];
  if (known === undefined) return undefined;
  return to === "keras3"
    ? { module, class_name: known, config, registered_name: null }
    : { class_name: known, config: known === "Identity" || !("seed" in config) ? config : plainSeed(config) };
}

const NEW_KEYS = new Set(["input_axes", "output_axes"]);

const spelledByKeras = (name: string): string => name.replace(/^LeCun/, "Lecun");

/** Keras 3 may hold a seed generator where the others know a number. */
const plainSeed = (config: JsonObject): JsonObject =>
  isObject(config["seed"]) ? { ...config, seed: null } : config;

/** TF.js knows L1L2 only. */
function regularizerForTfjs(value: Json): Json | undefined {
  if (!isObject(value) || !isObject(value["config"])) return undefined;
  const { l1, l2 } = value["config"];
  const number = (weight: unknown): number => (typeof weight === "number" ? weight : 0);
  switch (value["class_name"]) {
    case "L1":
    case "L2":
    case "L1L2":
      return { class_name: "L1L2", config: { l1: number(l1), l2: number(l2) } };
    default:
      return undefined;
  }
}

/** A dtype policy: a name where the target has one for it. */
function sayDtype(value: Json, from: Dialect, to: Dialect): Json | undefined {
  const name = policyName(value);
  if (to === "tfjs") {
    // TF.js reads the dtype of inputs and Embedding only, and knows no others.
    return name === "float32" || name === "int32" ? name : undefined;
  }
  if (from === to) return value;
  if (name === null) return to === "keras3" ? value : undefined;
  if (to === "keras3")
    return { module: "keras", class_name: "DTypePolicy", config: { name }, registered_name: null };
  return name;
}

/** "float32", "mixed_float16"; `null` for what has no name (maps, quantized policies). */
export function policyName(value: Json | undefined): string | null {
  if (typeof value === "string") return value;
  if (!isObject(value) || !isObject(value["config"])) return null;
  const { name } = value["config"];
  const plain = ["DTypePolicy", "FloatDTypePolicy", "Policy", "PolicyV1"].includes(
    String(value["class_name"]),
  );
  return plain && typeof name === "string" ? name : null;
}
