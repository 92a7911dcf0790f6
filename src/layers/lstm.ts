/** @file LSTM: gates i, f, c, o side by side; c' = f·c + i·activation(·), h = o·activation(c'). */

import { add, multiply } from "../ops/derived.ts";
import { activate } from "./activation.ts";
import { defineLayer } from "./define.ts";
import {
  GATES,
  gate,
  gateWeights,
  RECURRENT_FIELDS,
  RECURRENT_TRAINING,
  recurrentSamples,
  runRecurrent,
  zeroedOutputs,
} from "./recurrent.ts";

export const lstm = defineLayer({
  classNames: ["LSTM"],
  config: { ...RECURRENT_FIELDS, recurrent_activation: GATES },
  training: RECURRENT_TRAINING,
  weights: (config, [input]) => gateWeights(config, input, 4),
  positional: ["initial_state", "mask"],
  stores: { own: "cell" },
  states: () => 2,
  refusedByTfjs: zeroedOutputs,

  call: (ops, call) =>
    runRecurrent(ops, call, 2, (x, [h = x, c = x]) => {
      const { config, weight } = call;
      const { units, activation, recurrent_activation } = config;
      const product = ops.matmul(x, weight("kernel"));
      const fed = config.use_bias ? add(ops, product, weight("bias")) : product;
      const all = add(ops, fed, ops.matmul(h, weight("recurrent_kernel")));
      const opened = (index: number) => activate(ops, recurrent_activation, gate(ops, all, index, units));
      const candidate = activate(ops, activation, gate(ops, all, 2, units));
      const carry = add(ops, multiply(ops, opened(1), c), multiply(ops, opened(0), candidate));
      const output = multiply(ops, opened(3), activate(ops, activation, carry));
      return { output, states: [output, carry] };
    }),

  samples: [
    ...recurrentSamples(2),
    { config: { units: 3, recurrent_activation: "hard_sigmoid" }, inputs: [{ shape: [2, 4, 3] }] },
    {
      config: { units: 3, activation: "relu", recurrent_activation: "tanh" },
      inputs: [{ shape: [2, 4, 3] }],
    },
  ],
});
