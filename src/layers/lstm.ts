/** @file LSTM: gates in the order input, forget, cell, output. */

import { add, multiply } from "../ops/derived.ts";
import { activate } from "./activation.ts";
import { defineLayer, knownDim, weight } from "./define.ts";
import { recur, recurrentActivation, recurrentFields, recurrentTraining } from "./recurrent.ts";

export const lstm = defineLayer({
  classNames: ["LSTM"],
  config: { ...recurrentFields, recurrent_activation: recurrentActivation },
  training: recurrentTraining,
  states: () => 2,

  weights: ({ units, use_bias }, [input]) => [
    weight("kernel", [knownDim(input, -1), 4 * units]),
    weight("recurrent_kernel", [units, 4 * units]),
    ...(use_bias ? [weight("bias", [4 * units])] : []),
  ],

  call: (ops, call) =>
    recur(ops, call, 2, (x, [h, c]) => {
      const { config, weight } = call;
      const { units } = config;
      const sum = add(ops, ops.matmul(x, weight("kernel")), ops.matmul(h ?? x, weight("recurrent_kernel")));
      const z = config.use_bias ? add(ops, sum, weight("bias")) : sum;
      const gate = (i: number) => ops.slice(z, -1, i * units, (i + 1) * units);
      const [input, forget, output] = [0, 1, 3].map((i) =>
        activate(ops, config.recurrent_activation, gate(i)),
      );
      const candidate = activate(ops, config.activation, gate(2));
      const state = add(ops, multiply(ops, forget ?? z, c ?? z), multiply(ops, input ?? z, candidate));
      const hidden = multiply(ops, output ?? z, activate(ops, config.activation, state));
      return { output: hidden, states: [hidden, state] };
    }),

  samples: [
    { config: { units: 3 }, inputs: [{ shape: [2, 4, 5] }] },
    {
      config: {
        units: 2,
        return_sequences: true,
        activation: "relu",
        recurrent_activation: "tanh",
        use_bias: false,
      },
      inputs: [{ shape: [2, 3, 4] }],
    },
    { config: { units: 2, recurrent_activation: "hard_sigmoid" }, inputs: [{ shape: [2, 3, 3] }] },
    {
      config: { units: 3, return_sequences: true, go_backwards: true, return_state: true },
      inputs: [{ shape: [2, 4, 2] }],
    },
    { config: { units: 2, return_sequences: true }, inputs: [{ shape: [3, 5, 2], mask: "ragged" }] },
    { config: { units: 2 }, inputs: [{ shape: [3, 5, 2], mask: "random" }] },
    { config: { units: 2, go_backwards: true }, inputs: [{ shape: [3, 5, 2], mask: "ragged" }] },
    {
      config: { units: 2, return_sequences: true, zero_output_for_mask: true },
      inputs: [{ shape: [3, 5, 2], mask: "ragged" }],
    },
  ],
});
