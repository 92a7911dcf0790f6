/** @file SimpleRNN: h' = activation(x·kernel + bias + h·recurrent_kernel). */

import { add } from "../ops/derived.ts";
import { activate } from "./activation.ts";
import { defineLayer, knownDim, weight } from "./define.ts";
import { recur, recurrentFields, recurrentTraining } from "./recurrent.ts";

export const simpleRnn = defineLayer({
  classNames: ["SimpleRNN"],
  config: recurrentFields,
  training: recurrentTraining,
  states: () => 1,

  weights: ({ units, use_bias }, [input]) => [
    weight("kernel", [knownDim(input, -1), units]),
    weight("recurrent_kernel", [units, units]),
    ...(use_bias ? [weight("bias", [units])] : []),
  ],

  call: (ops, call) =>
    recur(ops, call, 1, (x, [h]) => {
      const { config, weight } = call;
      const fed = ops.matmul(x, weight("kernel"));
      const sum = add(
        ops,
        config.use_bias ? add(ops, fed, weight("bias")) : fed,
        ops.matmul(h ?? x, weight("recurrent_kernel")),
      );
      const output = activate(ops, config.activation, sum);
      return { output, states: [output] };
    }),

  samples: [
    { config: { units: 3 }, inputs: [{ shape: [2, 4, 5] }] },
    {
      config: { units: 2, return_sequences: true, activation: "relu", use_bias: false },
      inputs: [{ shape: [2, 3, 4] }],
    },
    { config: { units: 3, return_sequences: true, go_backwards: true }, inputs: [{ shape: [2, 4, 2] }] },
    { config: { units: 2, return_sequences: true }, inputs: [{ shape: [3, 5, 2], mask: "ragged" }] },
    { config: { units: 2, return_state: true }, inputs: [{ shape: [3, 5, 2], mask: "random" }] },
    {
      config: { units: 2, return_sequences: true, zero_output_for_mask: true },
      inputs: [{ shape: [3, 5, 2], mask: "ragged" }],
    },
  ],
});
