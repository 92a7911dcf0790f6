/**
 * @file What the dialect "tfjs" says of layers with weights, against TF.js itself: gates' default activation, a GRU
 * without reset_after, a backward layer that is passed over, sequences, normalizations.
 */

import "@tensorflow/tfjs-backend-cpu";
// Orthogonal, the default of recurrent kernels, calls operations as methods.
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import { io, setBackend, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { bindLayer, contextOf } from "../../src/layers/bind.ts";
import { KERAS2_MASKS } from "../../src/model/layer.ts";
import { TFJS_CPU_FLOAT32 } from "../../src/numerics/engines.ts";
import { boundedOps, exact } from "../../src/ops/bounded.ts";
import { type RealTensor, real } from "../../src/tensor/tensor.ts";

const lstm = { class_name: "LSTM", config: { units: 2, return_sequences: true } };
const mirror = {
  class_name: "LSTM",
  config: { units: 2, return_sequences: true, go_backwards: true, activation: "relu" },
};

const READINGS: readonly (readonly [string, JsonObject, readonly number[]])[] = [
  ["LSTM", { units: 3 }, [2, 4, 3]],
  [
    "LSTM",
    { units: 3, recurrent_activation: "sigmoid", return_sequences: true, go_backwards: true },
    [2, 4, 3],
  ],
  ["GRU", { units: 3 }, [2, 4, 3]],
  ["GRU", { units: 3, reset_after: false, recurrent_activation: "sigmoid", use_bias: false }, [2, 4, 3]],
  ["SimpleRNN", { units: 3, return_sequences: true }, [2, 4, 3]],
  ["Bidirectional", { layer: lstm, merge_mode: "ave" }, [2, 4, 3]],
  ["Bidirectional", { layer: lstm, backward_layer: mirror, merge_mode: "concat" }, [2, 4, 3]],
  ["TimeDistributed", { layer: { class_name: "Dense", config: { units: 3 } } }, [2, 4, 3]],
  ["TimeDistributed", { layer: { class_name: "LSTM", config: { units: 2 } } }, [2, 3, 4, 3]],
  ["BatchNormalization", {}, [2, 3, 4]],
  ["BatchNormalization", { axis: [3], scale: false }, [2, 3, 4, 5]],
  ["LayerNormalization", {}, [2, 3, 4]],
  ["LayerNormalization", { axis: [1, 2], center: false }, [2, 3, 4]],
];

for (const [className, config, shape] of READINGS) {
  test(`TF.js computes what we read for ${className} ${JSON.stringify(config)}`, async () => {
    const input = real(shape, (i) => Math.fround(Math.sin(1.7 * i + 1) * 2));
    const layer = bindLayer(
      { class_name: className, config },
      contextOf({ dialect: "tfjs", maskRules: KERAS2_MASKS, inputs: [shape], where: [] }),
    );
    // Positive where it is a variance, different in every place.
    const weights = layer.weights.map((spec, k) =>
      real(spec.shape, (i) =>
        Math.fround(spec.name.endsWith("variance") ? 0.5 + (i % 3) : Math.cos(2.3 * i + k)),
      ),
    );
    const actual = await computedByTfjs(className, config, input, weights);
    const readings = Array.from({ length: layer.formulas }, (_, formula) =>
      layer.evaluate(
        boundedOps(TFJS_CPU_FLOAT32),
        {
          weights: new Map(
            layer.weights.flatMap(({ name }, i) => (weights[i] ? [[name, exact(weights[i])] as const] : [])),
          ),
          inputs: [exact(input)],
          masks: [null],
        },
        formula,
      ),
    ).map(({ outputs: [output] }) => output);
    const [first] = readings;
    expect(first?.value.shape).toEqual(actual.shape);
    const beyond = [...actual.data].filter((value, i) => {
      const bound = Math.max(...readings.map((reading) => reading?.radius?.[i] ?? 0));
      const error = Math.abs(value - (first?.value.data[i] ?? Number.NaN));
      return !(error <= bound && bound < Number.POSITIVE_INFINITY);
    });
    expect(beyond).toEqual([]);
  });
}

async function computedByTfjs(
  className: string,
  config: JsonObject,
  input: RealTensor,
  weights: readonly RealTensor[],
) {
  await setBackend("cpu");
  const layers = [
    {
      class_name: className,
      config: { name: "layer", batch_input_shape: [null, ...input.shape.slice(1)], ...config },
    },
  ];
  const modelTopology = { class_name: "Sequential", config: { name: "model", layers } };
  const model = await loadLayersModel(io.fromMemory({ modelTopology }));
  model.layers
    .at(-1)
    ?.setWeights(weights.map(({ shape, data }) => tensor(Float32Array.from(data), [...shape])));
  const output = model.predict(tensor(Float32Array.from(input.data), [...input.shape])) as Tensor;
  return real(output.shape, await output.data<"float32">());
}
