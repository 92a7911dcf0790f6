/**
 * @file TimeDistributed: one layer at every step of a sequence.
 *
 * Most layers treat samples alone: all steps go through at once, as a batch. Recurrent ones go step by step, so that
 * a certificate meets the cells in an engine's own order. A mask of steps stays outside; one with more axes is the
 * layer's own (layers/rnn/time_distributed.py).
 */

import type { BoundLayer, LayerResult } from "../model/layer.ts";
import { any, at, stack } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import type { Dims } from "../tensor/tensor.ts";
import { defineLayer, type Formula, type FormulaCall, required } from "./define.ts";
import { innerLayer, meaningOf, weightsUnder } from "./inner-layer.ts";

export const timeDistributed = defineLayer({
  classNames: ["TimeDistributed"],
  config: { layer: required(innerLayer) },

  inner: ({ layer }, { inputs, where, bindInner }) => [
    bindInner(layer, inputs.slice(0, 1).map(withoutTime), [...where, "layer"]),
  ],

  resolve: (config, _inputs, _context, [inner]) => ({
    layer: inner === undefined ? config.layer : meaningOf(inner),
  }),

  weights: (_config, _inputs, inner) =>
    inner.flatMap(({ weights }) => weights.map((spec) => ({ ...spec, name: `layer/${spec.name}` }))),

  stores: { inner: [["layer", "layer"]] },

  states: (_config, inner) => inner.reduce((sum, { states }) => sum + states, 0),

  call: everyStep(0),
  // As many as any layer has; those beyond the inner layer's own repeat its last.
  formulas: [everyStep(1), everyStep(2), everyStep(3)],

  samples: [
    { config: { layer: { class_name: "Dense", config: { units: 3 } } }, inputs: [{ shape: [2, 4, 5] }] },
    {
      config: { layer: { class_name: "Dense", config: { units: 3, activation: "softmax" } } },
      inputs: [{ shape: [2, 4, 3, 5] }],
    },
    {
      config: { layer: { class_name: "LSTM", config: { units: 2 } } },
      inputs: [{ shape: [2, 3, 4, 5] }],
    },
    { config: { layer: { class_name: "BatchNormalization", config: {} } }, inputs: [{ shape: [2, 4, 3] }] },
    { config: { layer: { class_name: "Flatten", config: {} } }, inputs: [{ shape: [2, 3, 2, 2] }] },
    {
      config: { layer: { class_name: "Dense", config: { units: 3 } } },
      inputs: [{ shape: [3, 4, 5], mask: "ragged" }],
      dialects: ["keras3"],
    },
  ],
});

const withoutTime = ([batch = null, , ...rest]: Dims): Dims => [batch, ...rest];

function everyStep(formula: number): Formula<unknown> {
  return (ops, call) => {
    const [inner] = call.inner;
    if (inner === undefined) return { outputs: [call.input], masks: [call.mask] };
    const [batch = null, time = null] = ops.dimsOf(call.input);
    const own = Math.min(formula, inner.formulas - 1);
    if (batch === null || time === null) return oneForAll(ops, call, inner, own);
    return inner.states > 0 ? stepwise(ops, call, inner, time, own) : atOnce(ops, call, inner, own);
  };
}

/** Before running only shapes are asked for, and one step has the shape of all. */
function oneForAll<T>(
  ops: Ops<T>,
  call: FormulaCall<T, unknown>,
  inner: BoundLayer,
  formula: number,
): LayerResult<T> {
  const { outputs, masks } = stepwise(ops, call, inner, 1, formula);
  const [batch = null, time = null] = ops.dimsOf(call.input);
  const spread = (x: T): T => ops.broadcast_to(x, [batch, time, ...ops.dimsOf(x).slice(2)]);
  return {
    outputs: outputs.map(spread),
    masks: masks.map((mask) => (mask === null || mask === call.mask ? mask : spread(mask))),
  };
}

function atOnce<T>(
  ops: Ops<T>,
  { input, mask, raw, rules }: FormulaCall<T, unknown>,
  inner: BoundLayer,
  formula: number,
): LayerResult<T> {
  const dims = ops.dimsOf(input);
  const outside = dims.slice(0, 2);
  const merge = (x: T): T => ops.reshape(x, [-1, ...ops.dimsOf(x).slice(2)]);
  const split = (x: T): T => ops.reshape(x, [...outside, ...ops.dimsOf(x).slice(1)]);
  const own = mask !== null && ops.dimsOf(mask).length > 2 ? merge(mask) : null;
  const made = inner.evaluate(
    ops,
    { weights: weightsUnder(raw.weights, "layer/"), inputs: [merge(input)], masks: [own] },
    formula,
  );
  return {
    outputs: made.outputs.map(split),
    masks: made.outputs.map((_, i) => outerMask(ops, mask, made.masks[i] ?? null, rules.masking, split)),
  };
}

/** Keras 3 hands the mask on; Keras 2 asks the layer first, and leaves only the steps of a mask that it consumed. */
function outerMask<T>(
  ops: Ops<T>,
  mask: T | null,
  own: T | null,
  rule: "where" | "multiply",
  split: (x: T) => T,
): T | null {
  if (rule === "where") return mask;
  if (own !== null) return split(own);
  if (mask === null) return null;
  const rank = ops.dimsOf(mask).length;
  return rank > 2
    ? any(
        ops,
        mask,
        Array.from({ length: rank - 2 }, (_, i) => i + 2),
      )
    : mask;
}

function stepwise<T>(
  ops: Ops<T>,
  { input, mask, raw, step, rules }: FormulaCall<T, unknown>,
  inner: BoundLayer,
  time: number,
  formula: number,
): LayerResult<T> {
  const inside = mask !== null && ops.dimsOf(mask).length > 2 ? mask : null;
  const results = Array.from({ length: time }, (_, t) =>
    inner.evaluate(
      ops,
      {
        weights: weightsUnder(raw.weights, "layer/"),
        inputs: [at(ops, input, 1, t)],
        masks: [inside === null ? null : at(ops, inside, 1, t)],
        step,
      },
      formula,
    ),
  );
  const [first] = results;
  const outputs = (first?.outputs ?? []).map((own, i) =>
    stack(
      ops,
      results.map((one) => one.outputs[i] ?? own),
      1,
    ),
  );
  return {
    outputs,
    masks: outputs.map((_, i) => {
      const masks = results.flatMap((one) => one.masks[i] ?? []);
      const own = masks.length === time && time > 0 ? stack(ops, masks, 1) : null;
      return outerMask(ops, mask, own, rules.masking, (x) => x);
    }),
  };
}
