/** @file Puts made-up graphs together: any sample of any layer that fits a tensor, branches, merges, nested models. */

import { isVernierError } from "../../src/base/errors.ts";
import { isObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { contextFor } from "../../src/dialects/build.ts";
import { bindLayer } from "../../src/layers/bind.ts";
import type { LayerDefinition, Sample } from "../../src/layers/define.ts";
import { LAYERS } from "../../src/layers/index.ts";
import type { MaskRules } from "../../src/model/layer.ts";
import { shapeOps } from "../../src/ops/shape.ts";
import type { Dims } from "../../src/tensor/tensor.ts";
import type { MadeCall, MadeGraph, MadeLayer, MadeRef } from "./graph.ts";
import type { Tape } from "./tape.ts";
import { trainingKeys, type Words } from "./training-words.ts";
import { modelWords } from "./words.ts";

export interface LayerSample {
  readonly definition: LayerDefinition;
  readonly sample: Sample;
}

export const samplesFor = (words: Words): LayerSample[] =>
  LAYERS.flatMap((definition) =>
    definition.classNames[0] === "InputLayer"
      ? []
      : definition.samples
          .filter(({ dialects }) => dialects?.includes(words === "keras3" ? "keras3" : "keras2") ?? true)
          // TF.js takes every negative axis of a Concatenate for the last, which need not fit.
          .filter(({ config }) => words !== "tfjs" || !(Number(config["axis"]) < -1))
          .map((sample) => ({ definition, sample })),
  );

interface Tensor {
  readonly ref: MadeRef;
  readonly dims: Dims;
  used: boolean;
}

export interface Making {
  readonly words: Words;
  readonly maskRules: MaskRules;
  readonly tape: Tape;
  /** `dtype` of the layers: a name, or an object in Keras 3. */
  readonly policy: Json;
  /** Names in use; TF.js wants each once in the whole model. */
  readonly names: Set<string>;
}

/** Tensors with more elements per sample than this are left alone: models stay small. */
const MAX_ELEMENTS = 2000;

export class GraphBuilder {
  readonly layers: MadeLayer[] = [];
  readonly pool: Tensor[] = [];
  readonly #making: Making;
  readonly #inputs: MadeRef[] = [];

  constructor(making: Making) {
    this.#making = making;
  }

  input(dims: Dims, dtype = "float32"): MadeRef {
    const name = this.name("input");
    const config: JsonObject = {};
    const calls: MadeCall[] = [{ inputs: [], initial_state: [], mask: null }];
    this.layers.push({
      name,
      className: "InputLayer",
      config,
      input: { dims, dtype },
      inner: null,
      calls,
      fed: [],
    });
    const ref = { layer: name, call: 0, tensor: 0 };
    this.#inputs.push(ref);
    this.pool.push({ ref, dims, used: false });
    return ref;
  }

  /** The sample with inputs of its own. */
  start({ definition, sample }: LayerSample): boolean {
    const { tape, words } = this.#making;
    const explicit = sample.inputs.length === 1 && words !== "tfjs" && tape.once(3);
    const inputs = sample.inputs.map(({ shape, dtype, mask, values }) => {
      const dims: Dims = [null, ...shape.slice(1)];
      const ref = this.input(dims, dtype ?? (values === "indices" ? "int32" : "float32"));
      if (mask === undefined || explicit || dims.length < 3) return ref;
      return this.add("Masking", { mask_value: 0 }, [ref])?.[0] ?? ref;
    });
    const [first] = sample.inputs;
    const mask =
      explicit && first?.mask !== undefined ? this.input([null, first.shape[1] ?? 1], "bool") : null;
    const states = Array.isArray(sample.args?.["initial_state"]) ? sample.args["initial_state"] : [];
    const initial_state = states.map((state) => {
      const shape = isObject(state) && Array.isArray(state["shape"]) ? (state["shape"] as number[]) : [];
      return this.input([null, ...shape.slice(1)]);
    });
    return this.addSample({ definition, sample }, inputs, { mask, initial_state }) !== null;
  }

  addSample(
    { definition, sample }: LayerSample,
    inputs: readonly MadeRef[],
    given: { mask?: MadeRef | null; initial_state?: readonly MadeRef[] } = {},
  ): MadeRef[] | null {
    const { words } = this.#making;
    const config = words === "keras3" ? sample.config : (sample.keras2 ?? sample.config);
    return this.add(definition.classNames[0], config, inputs, given);
  }

  /** `null` where the layer does not take such inputs. */
  add(
    className: string,
    config: JsonObject,
    inputs: readonly MadeRef[],
    { mask = null, initial_state = [] }: { mask?: MadeRef | null; initial_state?: readonly MadeRef[] } = {},
  ): MadeRef[] | null {
    const { words, tape, policy } = this.#making;
    const dims = inputs.map((ref) => this.dimsOf(ref));
    const full = { ...trainingKeys(className, words, tape, policy), ...this.#withInner(config) };
    const outputs = this.#outputsOf(className, full, dims);
    if (outputs === null) return null;
    const name = this.name(className.toLowerCase());
    const calls: MadeCall[] = [{ inputs, initial_state, mask }];
    this.layers.push({ name, className, config: full, input: null, inner: null, calls, fed: dims });
    return this.#outputs(name, 0, outputs, [...inputs, ...initial_state, ...(mask === null ? [] : [mask])]);
  }

  /** One more call of a layer or model that is there. */
  again(layer: MadeLayer, inputs: readonly MadeRef[], outputs: readonly Dims[]): void {
    layer.calls.push({ inputs, initial_state: [], mask: null });
    this.#outputs(layer.name, layer.calls.length - 1, outputs, inputs);
  }

  addModel(inner: MadeGraph, inputs: readonly MadeRef[]): void {
    const fed = inputs.map((ref) => this.dimsOf(ref));
    const calls: MadeCall[] = [{ inputs, initial_state: [], mask: null }];
    const { name } = inner;
    this.layers.push({ name, className: inner.className, config: {}, input: null, inner, calls, fed });
    this.#outputs(name, 0, inner.given, inputs);
  }

  outputDims(layer: MadeLayer): readonly Dims[] {
    return this.pool.filter(({ ref }) => ref.layer === layer.name && ref.call === 0).map(({ dims }) => dims);
  }

  dimsOf(ref: MadeRef): Dims {
    const found = this.pool.find(({ ref: own }) => same(own, ref));
    if (found === undefined) throw new Error(`no tensor ${JSON.stringify(ref)}`);
    return found.dims;
  }

  name(stem: string): string {
    const { names, tape, words } = this.#making;
    const strange = tape.once(12) ? tape.pick(words === "keras2" ? STRANGE_KERAS2 : STRANGE[words]) : stem;
    let name = strange;
    for (let i = 1; names.has(name); i++) name = `${strange}_${i}`;
    names.add(name);
    return name;
  }

  /** `name`: of the model, where it stands in another. */
  graph(
    className: "Sequential" | "Functional",
    config: JsonObject,
    name = this.name(className === "Sequential" ? "sequential" : "model"),
  ): MadeGraph {
    const free = this.pool.filter(({ used }) => !used);
    const ends = className === "Sequential" ? this.pool.slice(-1) : free;
    const outputs = ends.map(({ ref }) => ref);
    return {
      name,
      className,
      config,
      layers: this.layers,
      inputs: this.#inputs,
      outputs,
      given: ends.map(({ dims }) => dims),
    };
  }

  #outputs(layer: string, call: number, dims: readonly Dims[], read: readonly MadeRef[]): MadeRef[] {
    for (const tensor of this.pool) if (read.some((ref) => same(ref, tensor.ref))) tensor.used = true;
    return dims.map((own, tensor) => {
      const ref = { layer, call, tensor };
      this.pool.push({ ref, dims: own, used: false });
      return ref;
    });
  }

  /** Layers in wrappers have names and training keys of their own, and in Keras 3 a module. */
  #withInner(config: JsonObject): JsonObject {
    const { words, tape, policy } = this.#making;
    return Object.fromEntries(
      Object.entries(config).map(([key, value]) => {
        if ((key !== "layer" && key !== "backward_layer") || !isObject(value)) return [key, value];
        if (value["module"] !== undefined || value["class_name"] === "Sequential") return [key, value];
        const class_name = String(value["class_name"]);
        const inner = {
          name: this.name(class_name.toLowerCase()),
          ...trainingKeys(class_name, words, tape, policy),
          ...this.#withInner(isObject(value["config"]) ? (value["config"] as JsonObject) : {}),
        };
        const plain = { class_name, config: inner };
        return [
          key,
          words === "keras3" ? { module: "keras.layers", ...plain, registered_name: null } : plain,
        ];
      }),
    );
  }

  #outputsOf(className: string, config: JsonObject, inputs: readonly Dims[]): readonly Dims[] | null {
    const { words, maskRules } = this.#making;
    try {
      const context = contextFor({ maskRules, writtenIn: words }, words, inputs, [className]);
      const bound = bindLayer({ class_name: className, config }, context);
      // Groups that do not divide the channels.
      if (!bound.weights.every(({ shape }) => shape.every(Number.isInteger))) return null;
      const { outputs } = bound.evaluate(shapeOps, {
        weights: new Map(bound.weights.map(({ name, shape }) => [name, { dims: shape, dtype: "float32" }])),
        inputs: inputs.map((dims) => ({ dims, dtype: "float32" as const })),
        masks: inputs.map(() => null),
      });
      const dims = outputs.map((output) => output.dims);
      const small = dims.every((one) => one.reduce<number>((n, dim) => n * (dim ?? 1), 1) <= MAX_ELEMENTS);
      return small && dims.every((one) => one.every((dim) => dim !== 0)) ? dims : null;
    } catch (error) {
      if (isVernierError(error)) return null;
      throw error;
    }
  }
}

export const wrapped = (inner: MadeGraph, words: Words): JsonObject => modelWords(inner, words);

const same = (a: MadeRef, b: MadeRef): boolean =>
  a.layer === b.layer && a.call === b.call && a.tensor === b.tensor;

/** What each program lets its user call a layer. */
const STRANGE: Readonly<Record<Words, readonly string[]>> = {
  keras2: [],
  keras3: ["conv 1", "_hidden", "größe", "a:b", "dense.1", "Dense-2"],
  tfjs: ["dense.1", "Dense-2", "kernel", "a_b"],
};
const STRANGE_KERAS2 = ["block1/conv", "dense.1", "Dense-2", "kernel", "conv 1"];
