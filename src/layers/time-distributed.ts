/** @file TimeDistributed: one layer or model applied to every step of axis 1. */

import { at, stack } from "../ops/derived.ts";
import { defineLayer, required } from "./define.ts";
import { innerLayer, meaningOf, weightsUnder } from "./inner-layer.ts";

export const timeDistributed = defineLayer({
  classNames: ["TimeDistributed"],
  config: { layer: required(innerLayer) },

  inner: ({ layer }, { bindInner, inputs: [input = []], where }) => [
    bindInner(layer, [[input[0] ?? null, ...input.slice(2)]], [...where, "layer"]),
  ],
  resolve: (config, _inputs, _context, [inner]) => ({
    layer: inner === undefined ? config.layer : meaningOf(inner),
  }),
  weights: (_config, _inputs, [inner]) =>
    (inner?.weights ?? []).map((spec) => ({ ...spec, name: `layer/${spec.name}` })),

  call(ops, { input, mask, inner: [layer], raw }) {
    if (layer === undefined) throw new RangeError("a TimeDistributed has an inner layer");
    const weights = weightsUnder(raw.weights, "layer/");
    const [, steps = null, ...rest] = ops.dimsOf(input);
    const one = (x: typeof input, itsMask: typeof mask) =>
      layer.evaluate(ops, { weights, inputs: [x], masks: [itsMask] });
    if (steps === null) {
      // A shape only: any step stands for all of them.
      const [output = input] = one(at(ops, input, 1, 0), null).outputs;
      const dims = ops.dimsOf(output);
      return {
        outputs: [ops.broadcast_to(stack(ops, [output], 1), [dims[0] ?? null, null, ...dims.slice(1)])],
        masks: [mask],
      };
    }
    void rest;
    const outputs = Array.from({ length: steps }, (_, t) => {
      // A mask of every step's own steps is cut; one mask value per step says nothing to a single step.
      const own = mask !== null && ops.dimsOf(mask).length > 2 ? at(ops, mask, 1, t) : null;
      return one(at(ops, input, 1, t), own).outputs[0] ?? input;
    });
    return { outputs: [stack(ops, outputs, 1)], masks: [mask] };
  },

  samples: [
    {
      config: { layer: { class_name: "Dense", config: { units: 3, activation: "relu" } } },
      inputs: [{ shape: [2, 4, 5] }],
    },
    { config: { layer: { class_name: "Flatten", config: {} } }, inputs: [{ shape: [2, 3, 2, 2] }] },
    { config: { layer: { class_name: "LayerNormalization", config: {} } }, inputs: [{ shape: [2, 3, 4] }] },
  ],
});
