/** @file SimpleRNN: h = activation(x·kernel + bias + h·recurrent_kernel). */

import { add } from "../ops/derived.ts";
import { activate } from "./activation.ts";
import { defineLayer } from "./define.ts";
import {
  gateWeights,
  RECURRENT_FIELDS,
  RECURRENT_TRAINING,
  recurrentSamples,
  runRecurrent,
  zeroedOutputs,
} from "./recurrent.ts";

export const simpleRnn = defineLayer({
  classNames: ["SimpleRNN"],
  config: RECURRENT_FIELDS,
  training: RECURRENT_TRAINING,
  weights: (config, [input]) => gateWeights(config, input, 1),
  positional: ["initial_state", "mask"],
  stores: { own: "cell" },
  states: () => 1,
  refusedByTfjs: zeroedOutputs,

  call: (ops, call) =>
    runRecurrent(ops, call, 1, (x, [h]) => {
      const { config, weight } = call;
      const product = ops.matmul(x, weight("kernel"));
      const fed = config.use_bias ? add(ops, product, weight("bias")) : product;
      const sum = h === undefined ? fed : add(ops, fed, ops.matmul(h, weight("recurrent_kernel")));
      const output = activate(ops, config.activation, sum);
      return { output, states: [output] };
    }),

  samples: recurrentSamples(1),
});
