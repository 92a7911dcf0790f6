/**
 * @file What SimpleRNN, LSTM and GRU share: their keys, and the loop over time.
 *
 * A masked step repeats the output before it (zeros before the first) and keeps the states
 * (keras/src/backend/tensorflow/rnn.py). Each step goes through `call.step`, so that a certificate can put an
 * engine's own cell in its place; the loop uses only what that returns.
 */

import { boolean, type Decoder, integer, invalid } from "../base/decode.ts";
import type { CellResult, Dialect, LayerResult, WeightSpec } from "../model/layer.ts";
import { at, expand_dims, stack } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import type { Dims } from "../tensor/tensor.ts";
import { real } from "../tensor/tensor.ts";
import { type Activation, activation } from "./activation.ts";
import {
  type CallFacts,
  type FieldOptions,
  type FormulaCall,
  knownDim,
  optional,
  required,
  type SampleInput,
  weight,
} from "./define.ts";

export const KERAS1: readonly Dialect[] = ["keras1-theano", "keras1-tensorflow"];

/** Keras 1 called it otherwise. */
export const inKeras1 = <T>(spelling: string): FieldOptions<T> => ({
  spellings: { "keras1-theano": [spelling], "keras1-tensorflow": [spelling] },
});

const batchMajor: Decoder<boolean> = {
  decode(json, where) {
    if (json !== false && json !== null)
      throw invalid("false: sequences with time first are not read", json, where);
    return false;
  },
};

export const RECURRENT_FIELDS = {
  units: required(integer(1), inKeras1("output_dim")),
  activation: optional(activation, "tanh"),
  use_bias: optional(boolean, true),
  return_sequences: optional(boolean, false),
  return_state: optional(boolean, false),
  go_backwards: optional(boolean, false),
  // TF.js does not look at it, but what masks do is the writer's rule.
  zero_output_for_mask: optional(boolean, false, { ignoredBy: KERAS1, rare: true }),
  // Keras 2 only.
  time_major: optional(batchMajor, false, { ignoredBy: ["tfjs", "keras3", ...KERAS1], rare: true }),
};

/** Before Keras 2.3 and in TF.js the gates' default was the piecewise linear function. */
export const GATES = optional<Activation>(activation, "sigmoid", {
  ...inKeras1<Activation>("inner_activation"),
  fallbacks: {
    tfjs: "hard_sigmoid_keras2",
    "keras1-theano": "hard_sigmoid_keras2",
    "keras1-tensorflow": "hard_sigmoid_keras2",
  },
});

/** `stateful` is among them: each prediction starts from zeros. */
export const RECURRENT_TRAINING = [
  "stateful",
  "unroll",
  "implementation",
  "dropout",
  "recurrent_dropout",
  "unit_forget_bias",
  "seed",
  "rng_type",
  "num_constants",
  "cell",
  "init",
  "inner_init",
  "forget_bias_init",
  "consume_less",
  "dropout_W",
  "dropout_U",
];

export interface RecurrentConfig {
  readonly units: number;
  readonly return_sequences: boolean;
  readonly return_state: boolean;
  readonly go_backwards: boolean;
  readonly zero_output_for_mask: boolean;
}

export function gateWeights(
  { units, use_bias }: { readonly units: number; readonly use_bias: boolean },
  input: Dims | undefined,
  gates: number,
  bias: readonly number[] = [gates * units],
): WeightSpec[] {
  return [
    weight("kernel", [knownDim(input, -1), gates * units]),
    weight("recurrent_kernel", [units, gates * units]),
    ...(use_bias ? [weight("bias", bias)] : []),
  ];
}

/** tfjs-layers recurrent.ts passes over the key: a masked step repeats the one before. */
export const zeroedOutputs = (
  { zero_output_for_mask }: { readonly zero_output_for_mask: boolean },
  _inputs: readonly Dims[],
  { masks }: CallFacts,
): string | null =>
  zero_output_for_mask && masks > 0
    ? "its masked steps repeat the step before, where Keras gives zeros"
    : null;

/** Part `index` of the last axis, where gates lie side by side. */
export const gate = <T>(ops: Ops<T>, x: T, index: number, units: number): T =>
  ops.slice(x, -1, index * units, (index + 1) * units);

interface Loop<T> {
  readonly outputs: readonly T[];
  readonly states: readonly T[];
}

/** Runs `cell` over [batch, time, features]. */
export function runRecurrent<T>(
  ops: Ops<T>,
  call: FormulaCall<T, RecurrentConfig>,
  states: number,
  cell: (x: T, states: readonly T[]) => CellResult<T>,
): LayerResult<T> {
  const { config, input } = call;
  const [batch = null, time = null] = ops.dimsOf(input);
  // Where the length is not known yet, one step shows all there is to know.
  const loop = runSteps(ops, call, states, cell, time ?? 1);
  const last = loop.outputs.at(-1) ?? zeros(ops, batch, config.units);
  const output = config.return_sequences
    ? time === null
      ? ops.broadcast_to(expand_dims(ops, last, 1), [batch, null, config.units])
      : stack(ops, loop.outputs, 1)
    : last;
  const extra = config.return_state ? loop.states : [];
  return {
    outputs: [output, ...extra],
    masks: [config.return_sequences ? call.mask : null, ...extra.map(() => null)],
  };
}

function runSteps<T>(
  ops: Ops<T>,
  call: FormulaCall<T, RecurrentConfig>,
  count: number,
  cell: (x: T, states: readonly T[]) => CellResult<T>,
  time: number,
): Loop<T> {
  const { config, input, args } = call;
  const [batch = null] = ops.dimsOf(input);
  const zero = zeros(ops, batch, config.units);
  const given = args.initial_state ?? [];
  const mask = maskOf(call);
  let states: readonly T[] = given.length > 0 ? given : Array.from({ length: count }, () => zero);
  let before = zero;
  const outputs: T[] = [];
  for (let index = 0; index < time; index++) {
    const t = config.go_backwards ? time - 1 - index : index;
    const x = at(ops, input, 1, t);
    const old = states;
    const made = call.step({ direction: "", index, input: x, states: old, compute: () => cell(x, old) });
    if (mask === null) {
      before = made.output;
      states = made.states;
    } else {
      const counts = expand_dims(ops, at(ops, mask, 1, t), -1);
      before = ops.where(counts, made.output, config.zero_output_for_mask ? zero : before);
      states = made.states.map((state, i) => ops.where(counts, state, old[i] ?? state));
    }
    outputs.push(before);
  }
  return { outputs, states };
}

/** Keras 3 hands the mask on only where a call has a single tensor (keras/src/layers/layer.py, __call__). */
function maskOf<T>({ mask, args, rules }: FormulaCall<T, RecurrentConfig>): T | null {
  const keras3 = rules.masking === "where";
  return keras3 && (args.initial_state?.length ?? 0) > 0 ? null : mask;
}

const zeros = <T>(ops: Ops<T>, batch: number | null, units: number): T =>
  ops.broadcast_to(ops.constant(real([1, units], () => 0)), [batch, units]);

const SEQUENCE: SampleInput = { shape: [3, 5, 4] };
const MASKED: SampleInput = { shape: [3, 5, 4], mask: "ragged" };
const HOLES: SampleInput = { shape: [3, 5, 4], mask: "random" };

/** The samples of every family: each key, with and without a mask. */
export const recurrentSamples = (states: number) => [
  { config: { units: 3 }, inputs: [SEQUENCE] },
  { config: { units: 3, return_sequences: true, go_backwards: true }, inputs: [SEQUENCE] },
  { config: { units: 2, use_bias: false, activation: "linear" }, inputs: [SEQUENCE] },
  {
    config: { units: 2, return_state: true, unroll: true, dropout: 0.5, recurrent_dropout: 0.5 },
    inputs: [SEQUENCE],
  },
  { config: { units: 2 }, inputs: [MASKED] },
  { config: { units: 2, return_sequences: true, return_state: true }, inputs: [HOLES] },
  { config: { units: 2, return_sequences: true, go_backwards: true }, inputs: [MASKED] },
  { config: { units: 2, return_sequences: true, zero_output_for_mask: true }, inputs: [HOLES] },
  { config: { units: 2, zero_output_for_mask: true, return_state: true }, inputs: [MASKED] },
  {
    config: { units: 2, return_sequences: true },
    inputs: [SEQUENCE],
    args: { initial_state: Array.from({ length: states }, () => ({ shape: [3, 2] })) },
  },
  {
    config: { units: 2, return_sequences: true },
    inputs: [MASKED],
    args: { initial_state: Array.from({ length: states }, () => ({ shape: [3, 2] })) },
  },
];
