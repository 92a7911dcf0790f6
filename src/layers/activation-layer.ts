/** @file Activation: a function by name, as a layer of its own. */

import { ACTIVATIONS, activate, activation } from "./activation.ts";
import { defineLayer, required, result, type Sample } from "./define.ts";
import { GPU_SOFTMAX_MAXIMUM } from "./gpu-maximum.ts";

/** Names that Keras 2 knows, itself or through tf.nn. */
const KERAS2: ReadonlySet<string> = new Set([
  "elu",
  "exponential",
  "gelu",
  "hard_sigmoid",
  "leaky_relu",
  "linear",
  "log_softmax",
  "mish",
  "relu",
  "relu6",
  "selu",
  "sigmoid",
  "silu",
  "softmax",
  "softplus",
  "softsign",
  "tanh",
]);

const samplesOf = (name: string): Sample[] =>
  // exp of large numbers overflows, and then nothing is claimed.
  (["normal", name === "exponential" ? "small" : "large"] as const).map((values) => ({
    config: { activation: name },
    inputs: [{ shape: [3, 2, 16], values }],
    dialects: KERAS2.has(name) ? ["keras2", "keras3"] : ["keras3"],
  }));

export const activationLayer = defineLayer({
  classNames: ["Activation"],
  config: { activation: required(activation) },
  identity: (config) => config.activation === "linear",
  call: (ops, { config, input, mask }) => result(activate(ops, config.activation, input), mask),
  rewrites: ["activation-as-layers"],
  knownFaults: [GPU_SOFTMAX_MAXIMUM],
  samples: ACTIVATIONS.filter((name) => name !== "hard_sigmoid_keras2").flatMap(samplesOf),
});
