/** @file A model with something of everything that a writer may get wrong, and the faults, put into what was written. */

import { unzipSync } from "fflate";
import type { Json } from "../../src/base/json.ts";
import type { Conversion, Target } from "../../src/convert/convert.ts";
import { type Hdf5Dataset, type Hdf5Group, writeHdf5 } from "../../src/formats/hdf5-writer.ts";
import type { OutputFile } from "../../src/formats/output.ts";
import { randomFrom } from "../../src/numerics/random.ts";
import { filesOf } from "../generated/converted.ts";
import { zipBytes } from "../zip-bytes.ts";

const layer = (class_name: string, name: string, inputs: readonly string[], config: object): object => ({
  class_name,
  name,
  config: { name, ...config },
  inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
});

/** `causal` and `soft` are rewritten for TensorFlow.js; `square` and `second` have weights of one shape. */
const CONFIG = {
  class_name: "Functional",
  config: {
    name: "faults",
    layers: [
      layer("InputLayer", "x", [], { batch_input_shape: [null, 4, 4], dtype: "float32" }),
      layer("Conv1D", "causal", ["x"], { filters: 4, kernel_size: [3], padding: "causal" }),
      layer("BatchNormalization", "norm", ["causal"], { axis: [2], epsilon: 0.01 }),
      layer("Dense", "square", ["norm"], { units: 4, activation: "relu" }),
      layer("Dense", "second", ["square"], { units: 4, activation: "tanh" }),
      layer("Activation", "act", ["second"], { activation: "sigmoid" }),
      layer("Softmax", "soft", ["act"], { axis: 1 }),
      layer("Add", "sum", ["soft", "norm"], {}),
    ],
    input_layers: [["x", 0, 0]],
    output_layers: [["sum", 0, 0]],
  },
};

const WEIGHTS: { readonly [path: string]: readonly number[] } = {
  "causal/kernel": [3, 4, 4],
  "causal/bias": [4],
  "norm/gamma": [4],
  "norm/beta": [4],
  "norm/moving_mean": [4],
  "norm/moving_variance": [4],
  "square/kernel": [4, 4],
  "square/bias": [4],
  "second/kernel": [4, 4],
  "second/bias": [4],
};

const random = randomFrom(11);
const DATA = new Map(
  Object.entries(WEIGHTS).map(([path, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return [path, Float32Array.from({ length: size }, () => 0.25 + Math.abs(random.normal()))] as const;
  }),
);

/** As Keras 2 writes it. */
export async function sourceH5(): Promise<Uint8Array> {
  const names = CONFIG.config.layers.map((one) => (one as { name: string }).name);
  const layers = names.map((name): [string, Hdf5Group] => {
    const own = [...DATA].filter(([path]) => path.startsWith(`${name}/`));
    const inner = own.map(([path, data]): [string, Hdf5Dataset] => {
      const source = { shape: WEIGHTS[path] ?? [], dtype: "float32" as const, data };
      return [`${path.slice(name.length + 1)}:0`, { kind: "dataset", attributes: new Map(), source }];
    });
    return [
      name,
      group(
        { weight_names: own.map(([path]) => `${path}:0`) },
        own.length === 0 ? [] : [[name, group({}, inner)]],
      ),
    ];
  });
  const about = { backend: "tensorflow", keras_version: "2.15.0" };
  const weights = group({ ...about, layer_names: names }, layers);
  const root = group({ ...about, model_config: JSON.stringify(CONFIG) }, [["model_weights", weights]]);
  return (await filesOf([writeHdf5(root, "source.h5")])).get("source.h5") ?? new Uint8Array();
}

const group = (
  attributes: { readonly [name: string]: string | readonly string[] },
  children: readonly (readonly [string, Hdf5Group | Hdf5Dataset])[],
): Hdf5Group => ({
  kind: "group",
  attributes: new Map(Object.entries(attributes)),
  children: new Map(children),
});

interface LayerJson {
  name?: string;
  class_name: string;
  config: Record<string, Json>;
  inbound_nodes?: Json;
}

/** What of a written model a fault is put into. */
interface Parts {
  /** The file that holds the weights. */
  weights: Uint8Array;
  layers: LayerJson[];
}

type Fault = (parts: Parts, target: Target) => void;

const named = ({ layers }: Parts, name: string): LayerJson => {
  const found = layers.find((one) => (one.name ?? one.config["name"]) === name);
  if (found === undefined) throw new Error(`there is no layer ${name}`);
  return found;
};

/** The bytes of a weight where they lie. */
function weightIn({ weights }: Parts, path: string): Float32Array & { put(data: ArrayLike<number>): void } {
  const data = DATA.get(path) ?? new Float32Array();
  const at = Buffer.from(weights.buffer, weights.byteOffset).indexOf(new Uint8Array(data.buffer));
  if (at < 0) throw new Error(`${path} was not written as it is`);
  const put = (changed: ArrayLike<number>): void =>
    weights.set(new Uint8Array(Float32Array.from(changed).buffer), at);
  return Object.assign(data.slice(), { put });
}

const connected = (one: LayerJson, from: string, to: string): void => {
  if (one.inbound_nodes === undefined) return;
  one.inbound_nodes = JSON.parse(
    JSON.stringify(one.inbound_nodes).replaceAll(`"${from}"`, `"${to}"`),
  ) as Json;
};

export const FAULTS: { readonly [what: string]: Fault } = {
  "the last bit of one weight": (parts) => {
    const kernel = weightIn(parts, "square/kernel");
    new Int32Array(kernel.buffer)[5] = (new Int32Array(kernel.buffer)[5] ?? 0) ^ 1;
    kernel.put(kernel);
  },
  "two weights exchanged": (parts) => {
    const [one, other] = [weightIn(parts, "square/kernel"), weightIn(parts, "second/kernel")];
    one.put(other);
    other.put(one);
  },
  "a kernel transposed": (parts) => {
    const kernel = weightIn(parts, "second/kernel");
    kernel.put(kernel.map((_, i) => kernel[(i % 4) * 4 + Math.floor(i / 4)] ?? 0));
  },
  "a bias of zeros": (parts) => weightIn(parts, "square/bias").put([0, 0, 0, 0]),
  "another epsilon": (parts) => {
    named(parts, "norm").config["epsilon"] = 0.02;
  },
  "a layer dropped": (parts) => {
    parts.layers.splice(parts.layers.indexOf(named(parts, "act")), 1);
    for (const one of parts.layers) connected(one, "act", "second");
  },
  "another activation": (parts) => {
    named(parts, "square").config["activation"] = "elu";
  },
  "another connection": (parts) => connected(named(parts, "act"), "second", "square"),
  "another axis": (parts) => {
    // Four steps of four channels: the weights fit either.
    const { config } = named(parts, "norm");
    config["axis"] = Array.isArray(config["axis"]) ? [1] : 1;
  },
  "a part of a rewritten layer": (parts, target) => {
    if (target !== "tfjs") named(parts, "causal").config["padding"] = "same";
    else {
      const pad = parts.layers.find(
        ({ class_name }) => class_name === "ZeroPadding1D" || class_name === "ZeroPadding2D",
      );
      if (pad === undefined) throw new Error("causal was not rewritten");
      pad.config["padding"] = JSON.parse(JSON.stringify(pad.config["padding"]).replace("2,0", "1,1")) as Json;
    }
  },
  "weights cut off": (parts) => {
    parts.weights = parts.weights.slice(0, -16);
  },
};

/** The conversion as a writer with this fault would have made it. */
export async function withFault(conversion: Conversion, target: Target, fault: Fault): Promise<Conversion> {
  const files = await filesOf(conversion.files);
  const main = conversion.files.at(-1)?.name ?? "";
  const text = (bytes: Uint8Array = new Uint8Array()): string => new TextDecoder().decode(bytes);
  const bytesOf = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
  const before = new Map(files);
  switch (target) {
    case "tfjs": {
      const [shard = ""] = files.keys();
      const json = JSON.parse(text(files.get(main))) as { modelTopology: { model_config: ModelJson } };
      const { config } = json.modelTopology.model_config;
      const parts: Parts = { weights: Uint8Array.from(files.get(shard) ?? []), layers: config.layers };
      fault(parts, target);
      files.set(shard, parts.weights).set(main, bytesOf(json));
      break;
    }
    case "keras": {
      const members = unzipSync(files.get(main) ?? new Uint8Array());
      const json = JSON.parse(text(members["config.json"])) as ModelJson;
      const parts: Parts = {
        weights: Uint8Array.from(members["model.weights.h5"] ?? []),
        layers: json.config.layers,
      };
      fault(parts, target);
      const changed = { ...members, "config.json": bytesOf(json), "model.weights.h5": parts.weights };
      files.set(main, zipBytes(Object.entries(changed).map(([name, bytes]) => ({ name, bytes }))));
      break;
    }
    default: {
      const parts: Parts = { weights: Uint8Array.from(files.get(main) ?? []), layers: [] };
      const whole = Buffer.from(parts.weights).toString("latin1");
      const at = whole.search(/\{"class_name":"(Model|Functional)"/);
      const end = endOfJson(whole, at);
      const json = JSON.parse(whole.slice(at, end)) as ModelJson;
      parts.layers = json.config.layers;
      fault(parts, target);
      // The attribute keeps its length.
      parts.weights.set(Buffer.from(JSON.stringify(json).padEnd(end - at), "utf8"), at);
      files.set(main, parts.weights);
    }
  }
  if ([...files].every(([name, bytes]) => Buffer.compare(bytes, before.get(name) ?? new Uint8Array()) === 0))
    throw new Error("the fault changes nothing");
  return {
    ...conversion,
    files: conversion.files.map((file) => ({ ...file, ...fileFrom(files.get(file.name)) })),
  };
}

/** None of its strings holds a brace. */
function endOfJson(whole: string, start: number): number {
  for (let at = start, depth = 0; at < whole.length; at++) {
    depth += whole[at] === "{" ? 1 : whole[at] === "}" ? -1 : 0;
    if (depth === 0) return at + 1;
  }
  throw new Error("the model_config has no end");
}

interface ModelJson {
  readonly config: { readonly layers: LayerJson[] };
}

const fileFrom = (bytes: Uint8Array = new Uint8Array()): Pick<OutputFile, "sizeBytes" | "pieces"> => ({
  sizeBytes: bytes.length,
  async *pieces() {
    yield bytes;
  },
});
