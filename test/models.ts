/** @file Small canonical models built by hand, with seeded weights, for tests that need no file. */

import type { JsonObject } from "../src/base/json.ts";
import { bindLayer, contextOf } from "../src/layers/bind.ts";
import { type BoundLayer, KERAS3_MASKS } from "../src/model/layer.ts";
import type { Call, Model, ModelInput, ModelLayer, ModelOutput, TensorRef } from "../src/model/model.ts";
import { randomFrom } from "../src/numerics/random.ts";
import { shapeOps } from "../src/ops/shape.ts";
import type { DType } from "../src/tensor/dtype.ts";
import { type Dims, type RealTensor, realFromTensor, sizeOf, type Tensor } from "../src/tensor/tensor.ts";

/** A layer's class and config, or one that a test defines itself. */
export type LayerSpec =
  | { readonly class_name: string; readonly config?: JsonObject }
  | ((inputs: readonly Dims[]) => BoundLayer);

export class ModelBuilder {
  readonly layers: ModelLayer[] = [];
  readonly calls: Call[] = [];
  readonly #inputs: ModelInput[] = [];
  readonly #outputs: ModelOutput[] = [];
  readonly #seed: number;

  constructor(seed = 1) {
    this.#seed = seed;
  }

  input(name: string, dims: Dims, dtype: DType = "float32"): TensorRef {
    const call = this.calls.length;
    const outputs = [{ dims, dtype }];
    this.calls.push({ id: name, layer: -1, inputs: [], initial_state: [], masks: null, outputs });
    this.#inputs.push({ name, dims, dtype, call });
    return { call, output: 0 };
  }

  /** Called again with the same path, it is the same layer. */
  layer(path: string, spec: LayerSpec, ...inputs: readonly TensorRef[]): TensorRef {
    const fed = inputs.map((ref) => this.calls[ref.call]?.outputs[ref.output] as Call["outputs"][number]);
    const dims = fed.map((output) => output.dims);
    let layer = this.layers.findIndex((entry) => entry.path === path);
    if (layer < 0) layer = this.layers.push(this.#bind(path, spec, dims)) - 1;
    const bound = (this.layers[layer] as ModelLayer).layer;
    const { outputs } = bound.evaluate(shapeOps, {
      weights: new Map(bound.weights.map(({ name, shape }) => [name, { dims: shape, dtype: "float32" }])),
      inputs: fed,
      masks: fed.map(() => null),
    });
    const repeats = this.calls.filter((call) => call.layer === layer).length;
    const call: Call = {
      id: repeats === 0 ? path : `${path}#${repeats}`,
      layer,
      inputs,
      initial_state: [],
      masks: null,
      outputs: outputs.map(({ dims, dtype }) => ({ dims, dtype })),
    };
    return { call: this.calls.push(call) - 1, output: 0 };
  }

  output(...refs: readonly TensorRef[]): this {
    for (const ref of refs) this.#outputs.push({ name: this.calls[ref.call]?.id ?? "?", ref });
    return this;
  }

  build(): Model {
    return {
      name: null,
      format: "test",
      dialect: "keras3",
      writer: null,
      backend: null,
      layers: this.layers,
      calls: this.calls,
      inputs: this.#inputs,
      outputs: this.#outputs,
      training: null,
      topology: { name: null, kind: "Functional", config: {}, layers: [], inputs: [], outputs: [] },
      maskRules: KERAS3_MASKS,
      optimizerWeights: [],
      kept: null,
      problems: [],
    };
  }

  #bind(path: string, spec: LayerSpec, inputs: readonly Dims[]): ModelLayer {
    const context = contextOf({ dialect: "keras3", maskRules: KERAS3_MASKS, inputs, where: [path] });
    const json = typeof spec === "function" ? null : { ...spec, config: { name: path, ...spec.config } };
    const layer = typeof spec === "function" ? spec(inputs) : bindLayer(json, context);
    // By place, not by name: renamed models keep their numbers.
    const stream = this.layers.length * 16;
    const weights = layer.weights.map((weight, i) => {
      const random = randomFrom(this.#seed, stream + i);
      const data = Float32Array.from({ length: sizeOf(weight.shape) }, () => random.normal() / 2);
      const tensor: Tensor = { shape: weight.shape, dtype: "float32", data };
      return {
        spec: weight,
        fileName: `${path}/${weight.name}`,
        dtype: "float32" as const,
        shape: weight.shape,
        quantization: null,
        read: async () => tensor,
      };
    });
    return { path, layer, intended: null, weights, fileConfig: null };
  }
}

/** All weights of a layer, as `evaluate` and `certify` ask for them. */
export async function weightsOf(model: Model, layer: number): Promise<ReadonlyMap<string, RealTensor>> {
  const weights = model.layers[layer]?.weights ?? [];
  return new Map(
    await Promise.all(
      weights.map(async (weight) => [weight.spec.name, realFromTensor(await weight.read())] as const),
    ),
  );
}
