/**
 * @file GRU: gates in the order update z, reset r, candidate. `reset_after` multiplies r into (h·U + b) instead of
 * into h, and has two biases; it is Keras's default since 2.3 and tf.keras's, and TF.js has only the other form.
 */

import { boolean } from "../base/decode.ts";
import { add, at, multiply, scalar, subtract } from "../ops/derived.ts";
import { activate } from "./activation.ts";
import { defineLayer, knownDim, optional, weight } from "./define.ts";
import { recur, recurrentActivation, recurrentFields, recurrentTraining } from "./recurrent.ts";

export const gru = defineLayer({
  classNames: ["GRU"],
  config: {
    ...recurrentFields,
    recurrent_activation: recurrentActivation,
    reset_after: optional(boolean, true, {
      fallbacks: { tfjs: false, "keras1-theano": false, "keras1-tensorflow": false },
    }),
  },
  training: recurrentTraining,
  states: () => 1,

  weights: ({ units, use_bias, reset_after }, [input]) => [
    weight("kernel", [knownDim(input, -1), 3 * units]),
    weight("recurrent_kernel", [units, 3 * units]),
    ...(use_bias ? [weight("bias", reset_after ? [2, 3 * units] : [3 * units])] : []),
  ],

  call: (ops, call) =>
    recur(ops, call, 1, (x, [state]) => {
      const { config, weight } = call;
      const { units } = config;
      const h = state ?? x;
      const part = (z: typeof x, from: number, to: number) => ops.slice(z, -1, from * units, to * units);
      const gate = (z: typeof x) => activate(ops, config.recurrent_activation, z);
      const bias = config.use_bias ? weight("bias") : null;
      const fed = ops.matmul(x, weight("kernel"));
      const inputBias = bias === null ? null : config.reset_after ? at(ops, bias, 0, 0) : bias;
      const fromInput = inputBias === null ? fed : add(ops, fed, inputBias);
      let [z, r, candidate] = [x, x, x];
      if (config.reset_after) {
        const product = ops.matmul(h, weight("recurrent_kernel"));
        const fromState = bias === null ? product : add(ops, product, at(ops, bias, 0, 1));
        z = gate(add(ops, part(fromInput, 0, 1), part(fromState, 0, 1)));
        r = gate(add(ops, part(fromInput, 1, 2), part(fromState, 1, 2)));
        candidate = add(ops, part(fromInput, 2, 3), multiply(ops, r, part(fromState, 2, 3)));
      } else {
        const recurrent = weight("recurrent_kernel");
        z = gate(add(ops, part(fromInput, 0, 1), ops.matmul(h, part(recurrent, 0, 1))));
        r = gate(add(ops, part(fromInput, 1, 2), ops.matmul(h, part(recurrent, 1, 2))));
        candidate = add(ops, part(fromInput, 2, 3), ops.matmul(multiply(ops, r, h), part(recurrent, 2, 3)));
      }
      const fresh = activate(ops, config.activation, candidate);
      const output = add(ops, multiply(ops, z, h), multiply(ops, subtract(ops, scalar(ops, 1), z), fresh));
      return { output, states: [output] };
    }),

  samples: [
    { config: { units: 3 }, inputs: [{ shape: [2, 4, 5] }] },
    { config: { units: 3, reset_after: false }, inputs: [{ shape: [2, 4, 5] }] },
    { config: { units: 2, use_bias: false }, inputs: [{ shape: [2, 3, 4] }] },
    {
      config: {
        units: 2,
        use_bias: false,
        reset_after: false,
        activation: "relu",
        recurrent_activation: "hard_sigmoid",
      },
      inputs: [{ shape: [2, 3, 4] }],
    },
    {
      config: { units: 2, return_sequences: true, go_backwards: true, return_state: true },
      inputs: [{ shape: [2, 4, 2] }],
    },
    { config: { units: 2, return_sequences: true }, inputs: [{ shape: [3, 5, 2], mask: "ragged" }] },
    { config: { units: 2, reset_after: false }, inputs: [{ shape: [3, 5, 2], mask: "random" }] },
  ],
});
