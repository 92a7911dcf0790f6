/** @file Bidirectional: a recurrent layer over time in both directions, joined. */

import { nullable, oneOf } from "../base/decode.ts";
import { isObject } from "../base/json.ts";
import type { LayerResult } from "../model/layer.ts";
import { add, divide, flip, multiply, scalar } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { type DialectDecoder, defineLayer, type FormulaCall, optional, required } from "./define.ts";
import { innerLayer, meaningOf, weightsUnder, withConfig } from "./inner-layer.ts";

const mergeMode = nullable(oneOf("concat", "sum", "mul", "ave"));
const merge_mode: DialectDecoder<"concat" | "sum" | "mul" | "ave" | null> = {
  decodeIn: (json, _dialect, where) => mergeMode.decode(json, where),
};
const backward: DialectDecoder<ReturnType<typeof innerLayer.decodeIn> | null> = {
  decodeIn: (json, dialect, where) => (json === null ? null : innerLayer.decodeIn(json, dialect, where)),
};

export const bidirectional = defineLayer({
  classNames: ["Bidirectional"],
  config: {
    layer: required(innerLayer),
    backward_layer: optional(backward, null, { ignoredBy: ["tfjs"] }),
    merge_mode: optional(merge_mode, "concat"),
  },
  training: ["num_constants"],

  inner({ layer, backward_layer }, { bindInner, inputs, where, dialect }) {
    // With a mask both Keras give zeros at masked steps of a returned sequence (bidirectional.py); TF.js does not.
    const forced =
      dialect === "tfjs" || !isObject(layer["config"]) || layer["config"]["return_sequences"] !== true
        ? {}
        : { zero_output_for_mask: true };
    const backwards = isObject(layer["config"]) && layer["config"]["go_backwards"] === true;
    return [
      bindInner(withConfig(layer, forced), inputs, [...where, "layer"]),
      bindInner(
        backward_layer === null
          ? withConfig(layer, { ...forced, go_backwards: !backwards })
          : withConfig(backward_layer, forced),
        inputs,
        [...where, "backward_layer"],
      ),
    ];
  },

  resolve: (config, _inputs, _context, [forward, backward]) => ({
    ...config,
    layer: forward === undefined ? config.layer : meaningOf(forward),
    backward_layer: backward === undefined ? null : meaningOf(backward),
  }),

  states: (_config, [forward, backward]) => (forward?.states ?? 0) + (backward?.states ?? 0),

  weights(_config, _inputs, [forward, backward]) {
    const all = [
      ...(forward?.weights ?? []).map((spec) => ({ ...spec, name: `forward/${spec.name}` })),
      ...(backward?.weights ?? []).map((spec) => ({ ...spec, name: `backward/${spec.name}` })),
    ];
    return [...all.filter(({ trainable }) => trainable), ...all.filter(({ trainable }) => !trainable)];
  },

  call(ops, call) {
    const forward = direction(ops, call, 0, "forward");
    const backward = direction(ops, call, 1, "backward");
    const sequences = ops.dimsOf(forward.outputs[0] ?? call.input).length === 3;
    const [x, y] = [forward.outputs[0] ?? call.input, backward.outputs[0] ?? call.input];
    const aligned = sequences ? flip(ops, y, 1) : y;
    const states = [...forward.outputs.slice(1), ...backward.outputs.slice(1)];
    const outputs = [...merged(ops, call.config.merge_mode, x, aligned), ...states];
    const mask = sequences ? call.mask : null;
    const joined = outputs.length - states.length;
    return { outputs, masks: outputs.map((_, i) => (i < joined ? mask : null)) };
  },

  samples: [
    { config: { layer: { class_name: "LSTM", config: { units: 2 } } }, inputs: [{ shape: [2, 4, 3] }] },
    {
      config: {
        layer: { class_name: "GRU", config: { units: 2, return_sequences: true } },
        merge_mode: "sum",
      },
      inputs: [{ shape: [2, 4, 3] }],
    },
    {
      config: {
        layer: { class_name: "SimpleRNN", config: { units: 2, return_sequences: true } },
        merge_mode: "ave",
      },
      inputs: [{ shape: [2, 4, 3] }],
    },
    {
      config: { layer: { class_name: "LSTM", config: { units: 2 } }, merge_mode: "mul" },
      inputs: [{ shape: [2, 4, 3] }],
    },
    {
      config: { layer: { class_name: "LSTM", config: { units: 2, return_sequences: true } } },
      inputs: [{ shape: [3, 5, 2], mask: "ragged" }],
    },
    {
      config: { layer: { class_name: "GRU", config: { units: 2 } } },
      inputs: [{ shape: [3, 5, 2], mask: "ragged" }],
    },
  ],
});

type Call<T> = FormulaCall<T, { readonly merge_mode: "concat" | "sum" | "mul" | "ave" | null }>;

function direction<T>(
  ops: Ops<T>,
  { inner, raw, args, step }: Call<T>,
  which: 0 | 1,
  name: "forward" | "backward",
): LayerResult<T> {
  const layer = inner[which];
  if (layer === undefined) throw new RangeError("a Bidirectional has two inner layers");
  const given = args.initial_state;
  const half = layer.states;
  return layer.evaluate(ops, {
    inputs: raw.inputs,
    masks: raw.masks,
    weights: weightsUnder(raw.weights, `${name}/`),
    args: given === undefined ? {} : { initial_state: given.slice(which * half, (which + 1) * half) },
    step: (one) => step({ ...one, direction: name }),
  });
}

function merged<T>(ops: Ops<T>, mode: "concat" | "sum" | "mul" | "ave" | null, x: T, y: T): T[] {
  switch (mode) {
    case "concat":
      return [ops.concatenate([x, y], -1)];
    case "sum":
      return [add(ops, x, y)];
    case "mul":
      return [multiply(ops, x, y)];
    case "ave":
      return [divide(ops, add(ops, x, y), scalar(ops, 2))];
    case null:
      return [x, y];
    default:
      return mode satisfies never;
  }
}
