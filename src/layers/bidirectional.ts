/**
 * @file Bidirectional: a recurrent layer and its mirror image over the same sequence, their outputs merged.
 *
 * Where sequences are returned, Keras makes both write zeros at masked steps whatever the layer's own config says
 * (layers/rnn/bidirectional.py, force_zero_output_for_mask). TF.js has no such key: a mask means what the writer of
 * the file makes of it, and that TF.js does otherwise is its fault.
 */

import { oneOf } from "../base/decode.ts";
import { asObject, type JsonObject } from "../base/json.ts";
import type { BoundLayer, LayerCall, LayerResult } from "../model/layer.ts";
import { add, divide, flip, multiply, scalar } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { type DialectDecoder, defineLayer, type FormulaCall, optional, required } from "./define.ts";
import { encodeInner, innerLayer, meaningOf, weightsUnder, withConfig } from "./inner-layer.ts";
import { KERAS1 } from "./recurrent.ts";

const MODES = oneOf("concat", "sum", "mul", "ave");
type Mode = "concat" | "sum" | "mul" | "ave" | null;
const mode: DialectDecoder<Mode> = {
  decodeIn: (json, _dialect, where) => (json === null ? null : MODES.decode(json, where)),
};

const backwardLayer: DialectDecoder<JsonObject | null> = {
  decodeIn: (json, dialect, where) => (json === null ? null : innerLayer.decodeIn(json, dialect, where)),
  encodeIn: (value, raw, context) => encodeInner(value, raw, context),
};

interface Config {
  readonly merge_mode: Mode;
}

export const bidirectional = defineLayer({
  classNames: ["Bidirectional"],
  config: {
    layer: required(innerLayer),
    merge_mode: optional(mode, "concat"),
    backward_layer: optional(backwardLayer, null, { ignoredBy: ["tfjs", ...KERAS1] }),
  },

  inner({ layer, backward_layer }, { dialect, maskRules, inputs, where, bindInner }) {
    const forced = maskRules.bidirectional === "zeroed" && !KERAS1.includes(dialect);
    const forward = forced ? zeroed(layer) : layer;
    const mirror = backward_layer === null ? mirrored(layer) : backward_layer;
    const fed = inputs.slice(0, 1);
    return [
      bindInner(forward, fed, [...where, "layer"]),
      bindInner(forced ? zeroed(mirror) : mirror, fed, [...where, "backward_layer"]),
    ];
  },

  resolve: (config, _inputs, _context, [forward, backward]) => ({
    ...config,
    layer: forward === undefined ? config.layer : meaningOf(forward),
    backward_layer: backward === undefined ? null : meaningOf(backward),
  }),

  weights: (_config, _inputs, [forward, backward]) => {
    const all = [...named(forward, "forward"), ...named(backward, "backward")];
    return [...all.filter(({ trainable }) => trainable), ...all.filter(({ trainable }) => !trainable)];
  },

  positional: ["initial_state", "mask"],
  stores: {
    inner: [
      ["forward", "forward_layer"],
      ["backward", "backward_layer"],
    ],
  },

  maskRule: "bidirectional",
  // tfjs-layers wrappers.ts: masked steps repeat the output before them, where Keras gives zeros.
  refusedByTfjs: ({ layer }, _inputs, { masks }) =>
    masks > 0 && asObject(layer["config"])["return_sequences"] === true
      ? "its masked steps repeat the step before, where Keras gives zeros"
      : null,

  states: (_config, inner) => inner.reduce((sum, { states }) => sum + states, 0),

  call(ops, call) {
    const { inner, args } = call;
    const [forward, backward] = inner;
    const given = args.initial_state ?? [];
    const half = given.length / 2;
    const there = runHalf(ops, call, forward, "forward", given.slice(0, half));
    const back = runHalf(ops, call, backward, "backward", given.slice(half));
    return merged(ops, call, there, back);
  },

  samples: ["LSTM", "GRU", "SimpleRNN"].flatMap((class_name) => {
    const of = (config: JsonObject): JsonObject => ({
      class_name,
      config: { units: 2, ...(class_name === "GRU" ? { reset_after: true } : {}), ...config },
    });
    const sequences = of({ return_sequences: true });
    const mirror = of({ return_sequences: true, go_backwards: true, activation: "relu", name: "mirror" });
    return [
      { config: { layer: of({}) }, inputs: [{ shape: [3, 4, 3] }] },
      { config: { layer: sequences, merge_mode: "sum" }, inputs: [{ shape: [3, 4, 3] }] },
      {
        config: { layer: sequences, merge_mode: "ave" },
        inputs: [{ shape: [3, 4, 3], mask: "ragged" as const }],
      },
      {
        config: { layer: of({}), merge_mode: "mul" },
        inputs: [{ shape: [3, 4, 3], mask: "ragged" as const }],
      },
      { config: { layer: sequences, merge_mode: null }, inputs: [{ shape: [3, 4, 3] }] },
      { config: { layer: sequences, backward_layer: mirror }, inputs: [{ shape: [3, 4, 3] }] },
      { config: { layer: of({ return_state: true }) }, inputs: [{ shape: [3, 4, 3] }] },
    ];
  }),
});

const named = (layer: BoundLayer | undefined, part: string) =>
  (layer?.weights ?? []).map((spec) => ({ ...spec, name: `${part}/${spec.name}` }));

const zeroed = (layer: JsonObject): JsonObject =>
  withConfig(layer, { zero_output_for_mask: asObject(layer["config"])["return_sequences"] === true });

const mirrored = (layer: JsonObject): JsonObject =>
  withConfig(layer, { go_backwards: asObject(layer["config"])["go_backwards"] !== true });

function runHalf<T>(
  ops: Ops<T>,
  { raw, step }: FormulaCall<T, Config>,
  layer: BoundLayer | undefined,
  direction: "forward" | "backward",
  initial_state: readonly T[],
): LayerResult<T> {
  const weights = weightsUnder(raw.weights, `${direction}/`);
  const call: LayerCall<T> = {
    weights,
    inputs: raw.inputs.slice(0, 1),
    masks: raw.masks.slice(0, 1),
    args: initial_state.length > 0 ? { initial_state } : {},
    step: (one) => step({ ...one, direction }),
  };
  return layer === undefined ? { outputs: [], masks: [] } : layer.evaluate(ops, call);
}

function merged<T>(
  ops: Ops<T>,
  { config, mask, inner }: FormulaCall<T, Config>,
  there: LayerResult<T>,
  back: LayerResult<T>,
): LayerResult<T> {
  const [y, ...states] = there.outputs;
  const [mirror, ...backStates] = back.outputs;
  if (y === undefined || mirror === undefined) return there;
  const sequences = inner[0]?.config["return_sequences"] === true;
  const own = sequences ? mask : null;
  const yBack = sequences ? flip(ops, mirror, 1) : mirror;
  const outputs = config.merge_mode === null ? [y, yBack] : [joined(ops, config.merge_mode, y, yBack)];
  const extra = [...states, ...backStates];
  return { outputs: [...outputs, ...extra], masks: [...outputs.map(() => own), ...extra.map(() => null)] };
}

function joined<T>(ops: Ops<T>, mode: Exclude<Mode, null>, y: T, yBack: T): T {
  switch (mode) {
    case "concat":
      return ops.concatenate([y, yBack], -1);
    case "sum":
      return add(ops, y, yBack);
    case "ave":
      return divide(ops, add(ops, y, yBack), scalar(ops, 2));
    case "mul":
      return multiply(ops, y, yBack);
    default:
      return mode satisfies never;
  }
}
