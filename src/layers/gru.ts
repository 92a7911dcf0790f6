/**
 * @file GRU: gates z, r, h side by side; h' = z·h + (1 − z)·activation(x_h + reset part).
 *
 * `reset_after` multiplies by r after the recurrent product, with a bias of its own (cuDNN's form). Every Keras that
 * knows the key writes it: a Keras 2 file without it is from before 2.1.3 and means false, as Keras 1 and TF.js do.
 */

import { boolean } from "../base/decode.ts";
import { add, multiply, scalar, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { activate } from "./activation.ts";
import { defineLayer, optional } from "./define.ts";
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

const biasRow = <T>(ops: Ops<T>, bias: T, row: number): T => ops.slice(bias, 0, row, row + 1);

export const gru = defineLayer({
  classNames: ["GRU"],
  config: {
    ...RECURRENT_FIELDS,
    recurrent_activation: GATES,
    reset_after: optional(boolean, true, {
      fallbacks: { keras2: false, tfjs: false, "keras1-theano": false, "keras1-tensorflow": false },
    }),
  },
  training: RECURRENT_TRAINING,
  weights: (config, [input]) =>
    gateWeights(config, input, 3, config.reset_after ? [2, 3 * config.units] : [3 * config.units]),
  positional: ["initial_state", "mask"],
  stores: { own: "cell" },
  states: () => 1,

  call: (ops, call) =>
    runRecurrent(ops, call, 1, (x, [h = x]) => {
      const { config, weight } = call;
      const { units, use_bias, reset_after } = config;
      const biased = (product: ReturnType<typeof weight>, row: number, from: number, to: number) => {
        if (!use_bias) return product;
        const bias = reset_after ? biasRow(ops, weight("bias"), row) : weight("bias");
        return add(ops, product, ops.slice(bias, -1, from * units, to * units));
      };
      const gates = (name: string, from: number, to: number) =>
        ops.slice(weight(name), -1, from * units, to * units);
      const fed = biased(ops.matmul(x, weight("kernel")), 0, 0, 3);
      const product = ops.matmul(h, gates("recurrent_kernel", 0, 2));
      const kept = reset_after ? biased(product, 1, 0, 2) : product;
      const opened = (index: number) =>
        activate(
          ops,
          config.recurrent_activation,
          add(ops, gate(ops, fed, index, units), gate(ops, kept, index, units)),
        );
      const [z, r] = [opened(0), opened(1)];
      const own = gates("recurrent_kernel", 2, 3);
      const reset = reset_after
        ? multiply(ops, r, biased(ops.matmul(h, own), 1, 2, 3))
        : ops.matmul(multiply(ops, r, h), own);
      const candidate = activate(ops, config.activation, add(ops, gate(ops, fed, 2, units), reset));
      const output = add(
        ops,
        multiply(ops, z, h),
        multiply(ops, subtract(ops, scalar(ops, 1), z), candidate),
      );
      return { output, states: [output] };
    }),

  // tfjs-layers recurrent.ts, GRUCell: "GRUCell does not support reset_after parameter set to true".
  rewrites: ["unrolled-gru"],
  refusedByTfjs: (config, inputs, call) =>
    config.reset_after
      ? {
          reason:
            "its GRU applies the reset gate before the matrix product; reset_after=True, Keras's default, does it after, and no change of weights turns one into the other",
          hint: "give the sequences a fixed length of at most 128 steps and no mask; or train with GRU(reset_after=False), or LSTM",
        }
      : zeroedOutputs(config, inputs, call),

  samples: [
    ...recurrentSamples(1).map((sample) => ({ ...sample, config: { ...sample.config, reset_after: true } })),
    { config: { units: 3, reset_after: false }, inputs: [{ shape: [2, 4, 3] }] },
    {
      config: { units: 2, reset_after: false, return_sequences: true },
      inputs: [{ shape: [3, 4, 3], mask: "random" }],
    },
    { config: { units: 2, reset_after: false, use_bias: false }, inputs: [{ shape: [2, 4, 3] }] },
    {
      config: { units: 3, reset_after: true, recurrent_activation: "hard_sigmoid" },
      inputs: [{ shape: [2, 4, 3] }],
    },
  ],
});
