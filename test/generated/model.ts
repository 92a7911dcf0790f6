/** @file Made-up canonical models with seeded weights, from a tape of numbers. */

import type { Json, JsonObject } from "../../src/base/json.ts";
import { buildGraph } from "../../src/dialects/build.ts";
import { KERAS2_MASKS, KERAS3_MASKS, TFJS_MASKS, type WeightSpec } from "../../src/model/layer.ts";
import type { Model, ModelLayer, StoredTensor } from "../../src/model/model.ts";
import { randomFrom } from "../../src/numerics/random.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { type Shape, sizeOf, type Tensor } from "../../src/tensor/tensor.ts";
import { GraphBuilder, type LayerSample, type Making, samplesFor, wrapped } from "./builder.ts";
import type { MadeGraph, MadeRef } from "./graph.ts";
import { Tape } from "./tape.ts";
import { trainingConfig, type Words } from "./training-words.ts";
import { modelWords } from "./words.ts";

export interface ModelPlan {
  readonly words: Words;
  /** Index into `samplesFor(words)`. */
  readonly first: number;
  readonly tape: readonly number[];
  readonly seed: number;
}

export interface MadeModel {
  readonly model: Model;
  /** `{ class_name, config }` in the dialect's words. */
  readonly json: JsonObject;
}

const MASKS = { keras2: KERAS2_MASKS, keras3: KERAS3_MASKS, tfjs: KERAS2_MASKS } as const;

export function madeModel({ words, first, tape: numbers, seed }: ModelPlan): MadeModel {
  const tape = new Tape(numbers);
  const samples = samplesFor(words);
  const sample = samples[first % samples.length] as LayerSample;
  const byTfjs = words === "tfjs" && tape.once(2);
  const maskRules = byTfjs ? TFJS_MASKS : MASKS[words];
  const policy = policyOf(words, tape);
  const making: Making = { words, maskRules, tape, policy: policy.json, names: new Set() };
  const builder = new GraphBuilder(making);
  const fits = builder.start(sample);
  if (!fits) throw new Error(`sample ${first % samples.length} of ${words} does not fit its own inputs`);
  const sequential = isChain(builder) && tape.next(3) === 1;
  for (let steps = tape.next(6); steps > 0; steps--) grow(builder, making, samples, sequential, 0);
  const graph = builder.graph(sequential ? "Sequential" : "Functional", modelKeys(making));
  const json = modelWords(graph, words, words !== "keras3" && tape.once(2) ? "Model" : "Functional");
  const writtenIn = words !== "tfjs" ? words : byTfjs ? "tfjs" : "keras2";
  const built = buildGraph(json, { dialect: words, writtenIn, maskRules }, ["made"]);
  const compiled = tape.once(3);
  const random = randomFrom(seed);
  const tensorOf = (shape: Shape, dtype: DType, least = -Infinity, most = Infinity): Tensor => ({
    shape,
    dtype,
    data: numbersFor(sizeOf(shape), dtype, () => Math.min(most, Math.max(least, random.normal()))),
  });
  const layers = built.layers.map(
    (layer): ModelLayer => ({
      ...layer,
      weights: layer.layer.weights.map((spec) => {
        const dtype = spec.dtype ?? policy.dtype;
        const drawn = tensorOf(spec.shape, dtype, ...rangeOf(spec));
        const tensor = isScale(spec) ? awayFromZero(drawn) : drawn;
        return {
          spec,
          fileName: `${layer.path}/${spec.name}`,
          dtype,
          shape: spec.shape,
          quantization: null,
          read: async () => tensor,
        };
      }),
    }),
  );
  const model: Model = {
    ...built,
    layers,
    format: words === "keras3" ? "keras-v3" : words === "keras2" ? "keras-h5" : "tfjs-layers",
    dialect: words,
    writer: { keras2: "Keras 2.15.0", keras3: "Keras 3.15.1", tfjs: "TensorFlow.js 4.22.0" }[words],
    backend: words === "keras3" ? null : "tensorflow",
    maskRules,
    optimizerWeights: compiled ? optimizerState(layers, tensorOf) : [],
    kept: null,
    training: compiled ? trainingOf(trainingConfig(words, tape)) : null,
    problems: [],
  };
  return { model, json };
}

/** One more layer, call or model, where one is found that fits. */
function grow(
  builder: GraphBuilder,
  making: Making,
  samples: readonly LayerSample[],
  sequential: boolean,
  depth: number,
): void {
  const { tape } = making;
  const usable = builder.pool.filter(
    ({ ref }) => !builder.layers.some(({ name, input }) => name === ref.layer && input?.dtype === "bool"),
  );
  const [last] = usable.slice(-1);
  if (last === undefined) return;
  const from = sequential || !tape.once(3) ? last : tape.pick(usable);
  const choice = tape.next(sequential ? 6 : 9);
  switch (choice) {
    case 5:
      if (depth < 2) nest(builder, making, samples, from.ref, depth);
      return;
    case 6: {
      const twin = usable.find(({ ref, dims }) => ref !== from.ref && dims.join() === from.dims.join());
      builder.add(tape.pick(["Add", "Multiply", "Concatenate", "Maximum"]), {}, [
        from.ref,
        (twin ?? from).ref,
      ]);
      return;
    }
    case 7: {
      const shared = builder.layers.filter(
        ({ fed, input }) => input === null && fed.length === 1 && fed[0]?.join() === from.dims.join(),
      );
      const layer = shared.length === 0 ? undefined : tape.pick(shared);
      if (layer !== undefined && layer.calls[0]?.initial_state.length === 0)
        builder.again(layer, [from.ref], builder.outputDims(layer));
      return;
    }
    default: {
      const fitting = samples.filter(
        ({ sample }) =>
          sample.inputs.length === 1 &&
          sample.args === undefined &&
          sample.inputs[0]?.shape.length === from.dims.length &&
          sample.inputs[0]?.values !== "indices",
      );
      for (let tries = 0; tries < 4 && fitting.length > 0; tries++) {
        const sample = tape.pick(fitting);
        if (sequential && givesSeveral(sample)) continue;
        if (builder.addSample(sample, [from.ref]) !== null) return;
      }
    }
  }
}

const givesSeveral = ({ sample: { config } }: LayerSample): boolean =>
  JSON.stringify(config).includes("return_state") || config["merge_mode"] === null;

function nest(
  builder: GraphBuilder,
  making: Making,
  samples: readonly LayerSample[],
  ref: MadeRef,
  depth: number,
): void {
  const { tape, words } = making;
  const dims = builder.dimsOf(ref);
  const inTime = tape.once(3) && dims.length > 2 && typeof dims[1] === "number";
  // In Keras a nested model's names are its own; TF.js loads no two layers with weights of one name.
  const inner = new GraphBuilder(words === "tfjs" ? making : { ...making, names: new Set() });
  const sequential = inTime || tape.once(2);
  inner.input(inTime ? [null, ...dims.slice(2)] : dims);
  for (let steps = 1 + tape.next(3); steps > 0; steps--)
    grow(inner, making, samples, sequential, inTime ? 2 : depth + 1);
  if (inner.layers.length < 2) return;
  const graph: MadeGraph = inner.graph(
    sequential ? "Sequential" : "Functional",
    modelKeys(making),
    builder.name(sequential ? "sequential" : "model"),
  );
  if (!inTime) builder.addModel(graph, [ref]);
  else builder.add("TimeDistributed", { layer: wrapped(graph, words) }, [ref]);
}

const isChain = ({ layers, pool }: GraphBuilder): boolean =>
  layers.filter(({ input }) => input !== null).length === 1 &&
  pool.length === layers.length &&
  layers.every(({ calls }) => calls.length === 1 && (calls[0]?.initial_state.length ?? 0) === 0);

function modelKeys({ words, tape, policy }: Making): JsonObject {
  if (words === "tfjs") return {};
  const trainable = !tape.once(6);
  return words === "keras3" ? { trainable, dtype: policy } : tape.once(2) ? { trainable } : {};
}

function policyOf(words: Words, tape: Tape): { readonly json: Json; readonly dtype: DType } {
  const name = words === "tfjs" || !tape.once(6) ? "float32" : tape.pick(POLICIES);
  const dtype: DType = name.startsWith("mixed") ? "float32" : (name as DType);
  const json: Json =
    words === "keras3"
      ? { module: "keras", class_name: "DTypePolicy", config: { name }, registered_name: null }
      : name.startsWith("mixed")
        ? { class_name: "Policy", config: { name } }
        : name;
  return { json, dtype };
}
const POLICIES = ["float64", "float16", "mixed_float16", "bfloat16", "mixed_bfloat16"] as const;

/** Zeros of both signs and a value of the smallest kind among them. */
/** What is divided by. */
const isScale = ({ name }: WeightSpec): boolean => name.endsWith("_scale");

const awayFromZero = ({ shape, dtype, data }: Tensor): Tensor => ({
  shape,
  dtype,
  data: (data as Float32Array).map((x) => 0.5 + Math.abs(x)),
});

/** Variances are not negative; g_idx counts groups, of which there is one at least. */
function rangeOf({ name }: WeightSpec): [least?: number, most?: number] {
  if (name === "g_idx") return [0, 0];
  return name.endsWith("variance") ? [1] : [];
}

function numbersFor(length: number, dtype: DType, normal: () => number): Tensor["data"] {
  const values = Float64Array.from({ length }, (_, i) => (i % 17 === 16 ? -0 : normal() / 2));
  switch (dtype) {
    case "float64":
      return values;
    case "int8":
      return Int8Array.from({ length }, () => Math.max(-127, Math.min(127, Math.round(40 * normal()))));
    case "int64":
      return BigInt64Array.from({ length }, () => 12n);
    case "float16":
      return Float32Array.from(values, (x) => Math.round(x * 256) / 256);
    case "bfloat16":
      return Float32Array.from(values, (x) => Math.round(x * 16) / 16);
    default:
      return Float32Array.from(values, (x, i) => (i % 29 === 28 ? 1.4e-45 : x));
  }
}

function optimizerState(
  layers: readonly ModelLayer[],
  tensorOf: (shape: Shape, dtype: DType) => Tensor,
): StoredTensor[] {
  const stored = (name: string, tensor: Tensor): StoredTensor => ({
    name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    read: async () => tensor,
  });
  const trained = layers.flatMap(({ weights }) => weights).slice(0, 2);
  return [
    stored("adam/iteration", tensorOf([], "int64")),
    stored("adam/learning_rate", tensorOf([], "float32")),
    ...trained.map(({ shape }, i) => stored(`adam/m_${i}`, tensorOf(shape, "float32"))),
  ];
}

function trainingOf(config: JsonObject): Model["training"] {
  const optimizer = (config["optimizer_config"] ?? config["optimizer"]) as JsonObject;
  return {
    optimizer: String(optimizer["class_name"]),
    loss: config["loss"] ?? null,
    metrics: config["metrics"] ?? null,
    config,
  };
}
