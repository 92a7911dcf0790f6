/** @file Keys that only training depends on, in each dialect's words: for whatever keys the class takes there. */

import type { Json, JsonObject } from "../../src/base/json.ts";
import { KERAS_KEYS } from "../../src/layers/keras-keys.ts";
import type { Tape } from "./tape.ts";

export type Words = "keras2" | "keras3" | "tfjs";

const INITIALIZERS: readonly (readonly [class_name: string, config: JsonObject])[] = [
  ["GlorotUniform", { seed: null }],
  ["Zeros", {}],
  ["Ones", {}],
  ["HeNormal", { seed: 7 }],
  ["LecunNormal", { seed: null }],
  ["LecunUniform", { seed: 3 }],
  ["Constant", { value: 0.25 }],
  ["RandomNormal", { mean: 0, stddev: 0.05, seed: 11 }],
  ["RandomUniform", { minval: -0.05, maxval: 0.05, seed: null }],
  ["TruncatedNormal", { mean: 0, stddev: 0.05, seed: null }],
  ["VarianceScaling", { scale: 2, mode: "fan_in", distribution: "truncated_normal", seed: null }],
  ["Orthogonal", { gain: 1, seed: null }],
  ["Identity", { gain: 1 }],
];
const REGULARIZERS: readonly (readonly [string, JsonObject])[] = [
  ["L1", { l1: 0.01 }],
  ["L2", { l2: 0.02 }],
  ["L1L2", { l1: 0.1, l2: 0.3 }],
  ["OrthogonalRegularizer", { factor: 0.01, mode: "rows" }],
];
const CONSTRAINTS: readonly (readonly [string, JsonObject])[] = [
  ["MaxNorm", { max_value: 2, axis: 0 }],
  ["NonNeg", {}],
  ["UnitNorm", { axis: 0 }],
  ["MinMaxNorm", { min_value: 0, max_value: 1, rate: 1, axis: 0 }],
];
/** Of TF.js: as `model.save` there writes them. */
const TFJS_INITIALIZERS = ["GlorotUniform", "Zeros", "LeCunNormal", "HeUniform", "Orthogonal"] as const;

function serialized(
  [class_name, config]: readonly [string, JsonObject],
  module: string,
  words: Words,
): JsonObject {
  return words === "keras3"
    ? { module: `keras.${module}`, class_name, config, registered_name: null }
    : { class_name, config };
}

/** Keys and values for some of the training keys that the class has; `policy` where the layer has a dtype. */
export function trainingKeys(className: string, words: Words, tape: Tape, policy: Json): JsonObject {
  const table = KERAS_KEYS[className];
  const known = (table?.[words === "keras3" ? "keras3" : "keras2"] ?? "").split(" ");
  const keys: Record<string, Json> = {};
  for (const key of known) {
    const value = tape.once(3) ? undefined : valueOf(key, words, tape, policy);
    if (value !== undefined) keys[key] = value;
  }
  return keys;
}

function valueOf(key: string, words: Words, tape: Tape, policy: Json): Json | undefined {
  if (key.endsWith("_initializer")) {
    if (words === "tfjs")
      return {
        class_name: tape.pick(TFJS_INITIALIZERS),
        config: tape.once(2) ? { seed: 5 } : { seed: null },
      };
    return serialized(tape.pick(INITIALIZERS), "initializers", words);
  }
  if (key.endsWith("_regularizer")) {
    if (!tape.once(3)) return null;
    if (words === "tfjs") return { class_name: "L1L2", config: { l1: 0.5, l2: 0.25 } };
    return serialized(tape.pick(REGULARIZERS), "regularizers", words);
  }
  if (key.endsWith("_constraint")) {
    if (!tape.once(3)) return null;
    return serialized(tape.pick(CONSTRAINTS), "constraints", words);
  }
  switch (key) {
    case "trainable":
      return !tape.once(4);
    case "dtype":
      return policy;
    case "seed":
      return tape.pick([null, 1337]);
    case "stateful":
    case "unroll":
      return tape.once(8);
    case "implementation":
      return tape.pick([2, 1]);
    case "dropout":
    case "recurrent_dropout":
      return tape.pick([0, 0.25]);
    case "momentum":
      return tape.pick([0.99, 0.5]);
    case "unit_forget_bias":
      return !tape.once(4);
    case "synchronized":
      return false;
    default:
      return undefined;
  }
}

export interface Compiled {
  readonly config: JsonObject;
}

export function trainingConfig(words: Words, tape: Tape): JsonObject {
  const name = tape.pick(["Adam", "SGD", "RMSprop"] as const);
  const numbers: JsonObject =
    name === "Adam"
      ? { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false }
      : name === "SGD"
        ? { learning_rate: 0.01, momentum: tape.pick([0, 0.9]), nesterov: false }
        : { learning_rate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };
  const loss = tape.pick<Json>([
    "mse",
    "categorical_crossentropy",
    words === "keras3"
      ? {
          module: "keras.losses",
          class_name: "Huber",
          config: { name: "huber", reduction: "sum", delta: 2 },
          registered_name: null,
        }
      : { class_name: "Huber", config: { name: "huber", reduction: "auto", delta: 2 } },
  ]);
  const metrics = tape.pick<Json>([null, ["accuracy"], [["accuracy", "mae"]]]);
  switch (words) {
    case "keras3":
      return {
        optimizer: {
          module: "keras.optimizers",
          class_name: name,
          config: { name: name.toLowerCase(), ...numbers, weight_decay: null, clipnorm: null },
          registered_name: null,
        },
        loss,
        loss_weights: tape.pick<Json>([null, [0.5]]),
        metrics,
        weighted_metrics: null,
        run_eagerly: false,
        steps_per_execution: 1,
        jit_compile: false,
      };
    case "keras2":
      return {
        optimizer_config: { class_name: name, config: { name, ...numbers, decay: 0 } },
        loss,
        metrics,
        weighted_metrics: null,
        loss_weights: tape.pick<Json>([null, [0.5]]),
      };
    case "tfjs":
      return {
        optimizer_config: { class_name: name, config: numbers },
        loss: typeof loss === "string" ? loss : "mse",
        metrics: ["accuracy"],
      };
    default:
      throw words satisfies never;
  }
}
