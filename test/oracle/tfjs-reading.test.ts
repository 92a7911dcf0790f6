/**
 * @file What the dialect "tfjs" says a model.json means, against TF.js itself: keys that it reads under another name,
 * passes over, or fills with another default than Keras. Its answers lie within the derived bound of ours.
 */

import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { io, setBackend, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { bindLayer, contextOf } from "../../src/layers/bind.ts";
import { type BoundLayer, type Dialect, KERAS3_MASKS } from "../../src/model/layer.ts";
import { TFJS_CPU_FLOAT32, TFJS_WASM_FLOAT32 } from "../../src/numerics/engines.ts";
import { boundedOps, exact } from "../../src/ops/bounded.ts";
import { type RealTensor, real } from "../../src/tensor/tensor.ts";

interface Reading {
  readonly className: string;
  readonly config: JsonObject;
  readonly shapes: readonly (readonly number[])[];
  /** Does Keras 3 mean something else by the same words? */
  readonly differs?: boolean;
}

const READINGS: readonly Reading[] = [
  { className: "LeakyReLU", config: {}, shapes: [[2, 7]] },
  { className: "LeakyReLU", config: { alpha: 0.1 }, shapes: [[2, 7]] },
  { className: "LeakyReLU", config: { negative_slope: 0.1 }, shapes: [[2, 7]], differs: true },
  { className: "ReLU", config: { max_value: 0.5 }, shapes: [[2, 7]] },
  {
    className: "ReLU",
    config: { negative_slope: 0.2, threshold: 0.5, max_value: 2 },
    shapes: [[2, 7]],
    differs: true,
  },
  { className: "ELU", config: {}, shapes: [[2, 7]] },
  { className: "Softmax", config: {}, shapes: [[2, 5]] },
  { className: "Softmax", config: { axis: -1 }, shapes: [[2, 3, 5]] },
  { className: "Flatten", config: { data_format: "channels_first" }, shapes: [[2, 3, 4, 2]] },
  { className: "Reshape", config: { target_shape: [-1, 2] }, shapes: [[2, 3, 4]] },
  { className: "Permute", config: { dims: [2, 1] }, shapes: [[2, 3, 4]] },
  { className: "RepeatVector", config: { n: 3 }, shapes: [[2, 4]] },
  { className: "Rescaling", config: { scale: 0.1, offset: -1 }, shapes: [[2, 3, 4]] },
  {
    className: "ZeroPadding2D",
    config: {
      padding: [
        [0, 1],
        [2, 3],
      ],
    },
    shapes: [[2, 3, 4, 2]],
  },
  {
    className: "Cropping2D",
    config: {
      cropping: [
        [1, 0],
        [1, 2],
      ],
    },
    shapes: [[2, 4, 5, 2]],
  },
  { className: "UpSampling2D", config: { size: [2, 3] }, shapes: [[2, 3, 4, 2]] },
  {
    className: "UpSampling2D",
    config: { size: [2, 3], interpolation: "bilinear" },
    shapes: [[2, 3, 4, 2]],
    differs: true,
  },
  {
    className: "Average",
    config: {},
    shapes: [
      [2, 3, 4],
      [2, 4],
      [2, 3, 4],
    ],
  },
  {
    className: "Multiply",
    config: {},
    shapes: [
      [2, 3, 4],
      [2, 1, 4],
    ],
  },
  {
    className: "Concatenate",
    config: { axis: 1 },
    shapes: [
      [2, 3, 4],
      [2, 2, 4],
    ],
  },
  {
    className: "Dot",
    config: { axes: [2, 1] },
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
  },
  {
    className: "Dot",
    config: { axes: 1, normalize: true },
    shapes: [
      [2, 4],
      [2, 4],
    ],
    differs: true,
  },
  { className: "Dropout", config: { rate: 0.5 }, shapes: [[2, 7]] },
];

const BACKENDS = [
  { backend: "cpu", arithmetic: TFJS_CPU_FLOAT32 },
  { backend: "wasm", arithmetic: TFJS_WASM_FLOAT32 },
];
setWasmPaths(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url).pathname);

const EVERYWHERE = BACKENDS.flatMap((on) => READINGS.map((reading) => ({ ...on, ...reading })));

for (const { backend, arithmetic, className, config, shapes, differs = false } of EVERYWHERE) {
  test(`TF.js on ${backend} computes what we read for ${className} ${JSON.stringify(config)}${differs ? ", unlike Keras 3" : ""}`, async () => {
    // Small enough that Dot's least length matters, different in every place.
    const scale = className === "Dot" && differs ? 1e-5 : 1;
    const inputs = shapes.map((shape, k) =>
      real(shape, (i) => Math.fround(scale * Math.sin(1.7 * i + k + 1) * 3)),
    );
    await setBackend(backend);
    const actual = await computedByTfjs(className, config, inputs);
    const read = bind("tfjs");
    const readings = Array.from({ length: read.formulas }, (_, formula) =>
      read.evaluate(boundedOps(arithmetic), callOf(inputs), formula),
    ).map(({ outputs: [output] }) => output);
    const [first] = readings;
    expect(first?.value.shape).toEqual(actual.shape);
    const beyond = [...actual.data].filter((value, i) => {
      const bound = Math.max(...readings.map((reading) => reading?.radius?.[i] ?? 0));
      return !(
        Math.abs(value - (first?.value.data[i] ?? Number.NaN)) <= bound && bound < Number.POSITIVE_INFINITY
      );
    });
    expect(beyond).toEqual([]);
    expect(JSON.stringify(bind("keras3").config) !== JSON.stringify(read.config)).toBe(differs);

    function bind(dialect: Dialect): BoundLayer {
      return bindLayer(
        { class_name: className, config },
        contextOf({ dialect, maskRules: KERAS3_MASKS, inputs: shapes, where: [] }),
      );
    }
  });
}

const callOf = (inputs: readonly RealTensor[]) => ({
  weights: new Map(),
  inputs: inputs.map(exact),
  masks: inputs.map(() => null),
});

async function computedByTfjs(className: string, config: JsonObject, inputs: readonly RealTensor[]) {
  const names = inputs.map((_, i) => `in${i}`);
  const layers = [
    ...inputs.map(({ shape }, i) => ({
      class_name: "InputLayer",
      name: names[i],
      config: { name: names[i], dtype: "float32", batch_input_shape: [null, ...shape.slice(1)] },
      inbound_nodes: [],
    })),
    {
      class_name: className,
      name: "layer",
      config: { name: "layer", ...config },
      inbound_nodes: [names.map((name) => [name, 0, 0, {}])],
    },
  ];
  const modelTopology = {
    class_name: "Model",
    config: {
      name: "model",
      layers,
      input_layers: names.map((name) => [name, 0, 0]),
      output_layers: [["layer", 0, 0]],
    },
  };
  const model = await loadLayersModel(
    io.fromMemory({ modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0) }),
  );
  const fed = inputs.map(({ shape, data }) => tensor(Float32Array.from(data), [...shape]));
  const output = model.predict(fed) as Tensor;
  return real(output.shape, await output.data<"float32">());
}
