/** @file Small layers-models, made by TF.js itself and written as a page would have them: model.json and one shard. */

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import type { DType } from "../../src/tensor/dtype.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const { layers } = tfl;
// Quiet: no greeting on the console of the tests.
tf.enableProdMode();
/** The default, "orthogonal", needs methods on tensors that only the umbrella package adds. */
const recurrentInitializer = "zeros";
type Build = () => tfl.LayersModel;

function functional(inputs: tfl.SymbolicTensor[], outputs: tfl.SymbolicTensor[]): tfl.LayersModel {
  return tfl.model({ inputs, outputs });
}
const on = (layer: tfl.layers.Layer, ...inputs: tfl.SymbolicTensor[]): tfl.SymbolicTensor =>
  layer.apply(inputs.length === 1 ? (inputs[0] as tfl.SymbolicTensor) : inputs) as tfl.SymbolicTensor;

/** A convolutional block inside a model inside a model. */
export const nested: Build = () => {
  const inner = tfl.sequential({
    name: "inner",
    layers: [
      layers.conv2d({ name: "conv", inputShape: [6, 6, 2], filters: 3, kernelSize: 3, activation: "relu" }),
      layers.batchNormalization({ name: "norm" }),
    ],
  });
  const middle = tfl.sequential({ name: "middle", layers: [inner, layers.flatten({ name: "flat" })] });
  return tfl.sequential({ layers: [middle, layers.dense({ name: "top", units: 4, activation: "softmax" })] });
};

/** One Dense called twice, the second time on its own output. */
export const shared: Build = () => {
  const input = tfl.input({ shape: [3], name: "x" });
  const twice = layers.dense({ name: "twice", units: 3, activation: "tanh" });
  const first = on(twice, input);
  const second = on(twice, first);
  return functional([input], [on(layers.add({ name: "sum" }), first, second)]);
};

/** Masked ids through LSTM, GRU, SimpleRNN and Bidirectional. */
export const recurrent: Build = () =>
  tfl.sequential({
    layers: [
      layers.embedding({ name: "ids", inputDim: 7, outputDim: 4, maskZero: true, inputLength: 5 }),
      layers.lstm({
        name: "lstm",
        units: 3,
        returnSequences: true,
        recurrentActivation: "sigmoid",
        recurrentInitializer,
      }),
      layers.bidirectional({
        name: "both",
        layer: layers.gru({ units: 2, returnSequences: true, recurrentInitializer }) as tfl.RNN,
        mergeMode: "concat",
      }),
      layers.simpleRNN({ name: "simple", units: 2, recurrentInitializer }),
    ],
  });

export const twoInTwoOut: Build = () => {
  const a = tfl.input({ shape: [3], name: "a" });
  const b = tfl.input({ shape: [2], name: "b" });
  const joined = on(layers.concatenate({ name: "joined" }), a, b);
  return functional(
    [a, b],
    [
      on(layers.dense({ name: "left", units: 2, activation: "sigmoid" }), joined),
      on(layers.dense({ name: "right", units: 3, activation: "elu" }), joined),
    ],
  );
};

/** Wrappers, stacked cells, a layer that hands its input through. */
export const wrapped: Build = () =>
  tfl.sequential({
    layers: [
      layers.timeDistributed({ name: "each", inputShape: [4, 3], layer: layers.dense({ units: 3 }) }),
      layers.dropout({ name: "drop", rate: 0.5 }),
      layers.rnn({
        name: "stack",
        cell: [
          layers.lstmCell({ units: 2, recurrentInitializer }),
          layers.gruCell({ units: 2, recurrentInitializer }),
        ],
        returnSequences: true,
      }),
      layers.timeDistributed({ name: "each_row", layer: layers.reshape({ targetShape: [2, 1] }) }),
      layers.timeDistributed({ name: "inner_lstm", layer: layers.lstm({ units: 2, recurrentInitializer }) }),
      layers.globalAveragePooling1d({ name: "pool" }),
    ],
  });

export const initialStates: Build = () => {
  const x = tfl.input({ shape: [3, 2], name: "x" });
  const h = tfl.input({ shape: [2], name: "h" });
  const lstm = layers.lstm({
    name: "first",
    units: 2,
    returnSequences: true,
    returnState: true,
    recurrentInitializer,
  });
  const [sequence, state] = lstm.apply([x, h, h]) as tfl.SymbolicTensor[];
  const second = layers.gru({ name: "second", units: 2, recurrentInitializer });
  return functional([x, h], [on(second, sequence as tfl.SymbolicTensor, state as tfl.SymbolicTensor)]);
};

/** 40 MB and more of activations, one after another. */
export const heavy: Build = () =>
  tfl.sequential({
    layers: [
      layers.repeatVector({ name: "many", inputShape: [1000], n: 10_000 }),
      ...Array.from({ length: 30 }, (_, i) => layers.activation({ name: `step_${i}`, activation: "tanh" })),
      layers.globalAveragePooling1d({ name: "mean" }),
    ],
  });

export const MODELS = { nested, shared, recurrent, twoInTwoOut, wrapped, initialStates };

const scratch = mkdtempSync(join(tmpdir(), "vernier-tfjs-"));

/** Writes the model with weights that are no two alike; `edit` may spoil model.json first. Gives the path of model.json. */
export async function written(
  name: string,
  build: Build,
  edit: (json: Json) => unknown = (json) => json,
): Promise<string> {
  await tf.setBackend("cpu");
  const model = build();
  const isVariance = model.weights.map(({ name }) => name.includes("variance"));
  model.setWeights(
    model
      .getWeights()
      .map(({ size, shape }, k) => tf.tensor(wave(size, isVariance[k] === true ? 0 : k), shape)),
  );
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const { warn } = console;
  // TF.js says that it does not write keyword arguments; initial states go with the inputs.
  console.warn = () => {};
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      const json = { format: "layers-model", modelTopology, weightsManifest } as unknown as Json;
      writeFileSync(join(folder, "weights.bin"), new Uint8Array(weightData as ArrayBuffer));
      writeFileSync(join(folder, "model.json"), JSON.stringify(edit(json)));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
  console.warn = warn;
  model.dispose();
  return join(folder, "model.json");
}

/** What edits of a test reach for. */
export interface Json {
  modelTopology: { class_name: string; config: { layers: JsonLayer[] } };
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[] }[] }[];
}
export interface JsonLayer {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[];
}

const wave = (size: number, k: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.abs(Math.sin(1 + i * 1.7 + k)) * 0.8 - 0.3 * (k % 2));

/** Two samples for each input; ids for an Embedding, with padding. */
export function samplesFor(inputs: readonly { name: string; shape: readonly (number | null)[] }[]): Tensor[] {
  return inputs.map(({ name, shape }, k) => {
    const dims = shape.map((extent) => extent ?? 2);
    const size = dims.reduce((product, extent) => product * extent, 1);
    return name.startsWith("ids")
      ? tensor(dims, "int32", [1, 2, 0, 3, 6, 4, 0, 0, 5, 1])
      : tensor(dims, "float32", wave(size, k));
  });
}

export function tensor(shape: readonly number[], dtype: DType, values: ArrayLike<number>): Tensor {
  const data =
    dtype === "int32"
      ? Int32Array.from(values)
      : dtype === "float64"
        ? Float64Array.from(values)
        : Float32Array.from(values);
  return { shape, dtype, data };
}
