/**
 * @file What the recurrent layers share: their common keys, and the loop over time with its masks.
 *
 * The loop computes nothing itself but the choice that a mask makes; each step is the cell's own formula, or what a
 * certificate replays in its place (`step`).
 */

import { boolean, integer } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import type { CellResult, LayerResult } from "../model/layer.ts";
import { at, expand_dims, flip, scalar, stack } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { real } from "../tensor/tensor.ts";
import { type Activation, activation } from "./activation.ts";
import { type FormulaCall, optional, required } from "./define.ts";

export const recurrentFields = {
  units: required(integer(1)),
  activation: optional<Activation>(activation, "tanh"),
  use_bias: optional(boolean, true),
  return_sequences: optional(boolean, false),
  return_state: optional(boolean, false),
  go_backwards: optional(boolean, false),
  zero_output_for_mask: optional(boolean, false, { ignoredBy: ["tfjs"] }),
  time_major: optional(boolean, false),
};

/** A missing key means hard_sigmoid to TF.js (tfjs-layers recurrent.ts), sigmoid to Keras since 2.3. */
export const recurrentActivation = optional<Activation>(activation, "sigmoid", {
  fallbacks: { tfjs: "hard_sigmoid_keras2" },
});

export const recurrentTraining = [
  "stateful",
  "unroll",
  "dropout",
  "recurrent_dropout",
  "implementation",
  "seed",
  "unit_forget_bias",
];

export interface RecurrentConfig {
  readonly units: number;
  readonly return_sequences: boolean;
  readonly return_state: boolean;
  readonly go_backwards: boolean;
  readonly zero_output_for_mask: boolean;
  readonly time_major: boolean;
}

/** Runs `cell` over axis 1 of the input [batch, time, features]; `states` is how many the cell carries. */
export function recur<T>(
  ops: Ops<T>,
  call: FormulaCall<T, RecurrentConfig>,
  states: number,
  cell: (input: T, states: readonly T[]) => CellResult<T>,
): LayerResult<T> {
  const { config, input, args, step } = call;
  if (config.time_major)
    throw new VernierError("layer.unsupported", {
      className: "RNN",
      reason: "time_major is not known to Keras 3 and TensorFlow.js",
    });
  const [batch = null, steps = null, features = null] = ops.dimsOf(input);
  if (batch === null || steps === null) return unknownSteps(ops, call, states, batch, steps);
  void features;
  const ordered = config.go_backwards ? flip(ops, input, 1) : input;
  const mask = call.mask === null || !config.go_backwards ? call.mask : flip(ops, call.mask, 1);
  const zero = ops.constant(real([batch, config.units], new Float64Array(batch * config.units)));
  let carried: readonly T[] = args.initial_state ?? Array.from({ length: states }, () => zero);
  let output = zero;
  const outputs: T[] = [];
  for (let t = 0; t < steps; t++) {
    const x = at(ops, ordered, 1, t);
    const before = carried;
    const computed = step({
      direction: "",
      index: t,
      input: x,
      states: before,
      compute: () => cell(x, before),
    });
    if (mask === null) {
      output = computed.output;
      carried = computed.states;
    } else {
      // A masked step repeats the output before it (or gives 0) and leaves the states alone.
      const real = expand_dims(ops, at(ops, mask, 1, t), -1);
      output = ops.where(real, computed.output, config.zero_output_for_mask ? scalar(ops, 0) : output);
      carried = computed.states.map((state, i) => ops.where(real, state, before[i] ?? zero));
    }
    outputs.push(output);
  }
  const main = config.return_sequences ? stack(ops, outputs, 1) : output;
  return withStates(config, main, config.return_sequences ? call.mask : null, carried);
}

function withStates<T>(
  config: RecurrentConfig,
  main: T,
  mask: T | null,
  states: readonly T[],
): LayerResult<T> {
  const extra = config.return_state ? states : [];
  return { outputs: [main, ...extra], masks: [mask, ...extra.map(() => null)] };
}

/** Before running, the batch or the number of steps may be unknown: only shapes are asked for then. */
function unknownSteps<T>(
  ops: Ops<T>,
  { config, input, mask }: FormulaCall<T, RecurrentConfig>,
  states: number,
  batch: number | null,
  steps: number | null,
): LayerResult<T> {
  // [batch, time, features] → one feature that stands for each unit: a shape only.
  const column = ops.reduce("sum", input, [2], true);
  const wide = ops.broadcast_to(column, [batch, steps, config.units]);
  const state = ops.reduce("sum", wide, [1], false);
  return withStates(
    config,
    config.return_sequences ? wide : state,
    config.return_sequences ? mask : null,
    Array.from({ length: states }, () => state),
  );
}
