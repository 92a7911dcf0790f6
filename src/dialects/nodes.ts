/**
 * @file A model's topology as its JSON says it: layers, and for each call of a layer the tensors it is given.
 * One form for Sequential and Functional, for Keras 2's and TF.js's node lists and Keras 3's argument trees.
 */

import { invalid } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject, type Json, type JsonObject } from "../base/json.ts";
import type { Place } from "../base/problem.ts";
import { definitionOf } from "../layers/bind.ts";
import { classNameOf } from "../layers/class-name.ts";
import type { NodeRef, NodeSpec } from "../model/topology.ts";

export interface LayerEntry {
  readonly name: string;
  readonly className: string;
  /** Of a Keras 3 operation such as "keras.src.ops.numpy", else "". */
  readonly module: string;
  readonly config: Record<string, unknown>;
  readonly nodes: readonly NodeSpec[];
  /** A Sequential's input that the file does not list. */
  readonly implied: boolean;
  readonly where: Place;
}

export interface GraphSpec {
  readonly name: string | null;
  readonly kind: "Sequential" | "Functional";
  /** The model's own keys, without its layers and connections. */
  readonly config: JsonObject;
  readonly layers: readonly LayerEntry[];
  readonly inputs: readonly NodeRef[];
  readonly outputs: readonly NodeRef[];
}

/** Far above any real model (NASNetLarge has 1,039); keeps a crafted file from taking the machine. */
export const MAX_LAYERS = 20_000;

const MODELS = new Set(["Sequential", "Functional", "Model"]);
export const isModel = (json: unknown): json is Record<string, unknown> =>
  isObject(json) &&
  MODELS.has(String(json["class_name"])) &&
  (Array.isArray(json["config"]) || isObject(json["config"]));

export function decodeGraph(json: unknown, where: Place): GraphSpec {
  if (!isObject(json)) throw invalid("a model with class_name and config", json, where);
  const className = json["class_name"];
  if (className === "Sequential") return decodeSequential(json["config"], [...where, "config"]);
  if (typeof className === "string" && MODELS.has(className))
    return decodeFunctional(json["config"], [...where, "config"]);
  throw new VernierError(
    "layer.unsupported",
    {
      className: String(className),
      reason: "it is a model class of its own, whose connections are not in the file",
    },
    { where },
  );
}

function layersOf(json: unknown, where: Place): unknown[] {
  if (!Array.isArray(json)) throw invalid("a list of layers", json, where);
  if (json.length > MAX_LAYERS)
    throw new VernierError(
      "file.limit",
      { limit: "the number of layers", value: String(json.length), allowed: String(MAX_LAYERS) },
      { where },
    );
  return json;
}

function decodeSequential(config: unknown, where: Place): GraphSpec {
  const list = Array.isArray(config) ? config : isObject(config) ? config["layers"] : undefined;
  const place = Array.isArray(config) ? where : [...where, "layers"];
  const entries = layersOf(list, place).map((layer, i) => decodeEntry(layer, [...place, i]));
  const [first] = entries;
  if (first === undefined)
    throw new VernierError("graph.malformed", { reason: "the model has no layers" }, { where });
  const shape =
    first.config["batch_input_shape"] ??
    first.config["batch_shape"] ??
    (isObject(config) ? config["build_input_shape"] : undefined) ??
    innerShape(first);
  const chain =
    first.className === "InputLayer"
      ? entries
      : [inputEntry(`${first.name}_input`, shape, first, where), ...entries];
  const layers = chain.map((entry, i): LayerEntry => {
    const before = chain[i - 1];
    const inputs = before === undefined ? [] : [{ layer: before.name, node: 0, tensor: 0 }];
    return { ...entry, nodes: [{ ...NO_ARGUMENTS, inputs }] };
  });
  const refTo = (entry: LayerEntry | undefined): NodeRef[] =>
    entry === undefined ? [] : [{ layer: entry.name, node: 0, tensor: 0 }];
  return {
    name: isObject(config) && typeof config["name"] === "string" ? config["name"] : null,
    kind: "Sequential",
    config: ownKeys(config),
    layers,
    inputs: refTo(layers[0]),
    outputs: refTo(layers.at(-1)),
  };
}

/** The input shape of a nested model or wrapped layer that comes first, however deep; models nest in few levels. */
function innerShape({ config }: LayerEntry, depth = 0): unknown {
  const inner =
    isObject(config["layer"]) && isObject(config["layer"]["config"]) ? config["layer"]["config"] : config;
  const own = inner["batch_input_shape"] ?? inner["batch_shape"];
  if (own !== undefined || depth > MAX_SHAPE_DEPTH) return own;
  const layers = inner["layers"];
  const first: unknown = Array.isArray(layers) ? layers[0] : undefined;
  if (!isObject(first) || !isObject(first["config"])) return undefined;
  return innerShape(
    { name: "", className: "", module: "", nodes: [], implied: false, where: [], config: first["config"] },
    depth + 1,
  );
}

/** As deep as models may nest (build.ts). */
const MAX_SHAPE_DEPTH = 32;

function inputEntry(name: string, shape: unknown, first: LayerEntry, where: Place): LayerEntry {
  const dtype =
    first.className === "Embedding"
      ? "int32"
      : typeof first.config["dtype"] === "string"
        ? first.config["dtype"]
        : "float32";
  return {
    name,
    className: "InputLayer",
    module: "",
    config: { ...(shape === undefined ? {} : { batch_input_shape: shape }), dtype, name },
    nodes: [],
    implied: true,
    where,
  };
}

const NO_ARGUMENTS: NodeSpec = { inputs: [], initial_state: [], mask: null, constants: {} };

const STRUCTURE = new Set(["name", "layers", "input_layers", "output_layers"]);
const ownKeys = (config: unknown): JsonObject =>
  isObject(config)
    ? (Object.fromEntries(Object.entries(config).filter(([key]) => !STRUCTURE.has(key))) as JsonObject)
    : {};

function decodeEntry(json: unknown, where: Place): LayerEntry {
  if (!isObject(json)) throw invalid("a layer", json, where);
  const { config } = json;
  const className = classNameOf(json);
  if (className === undefined) throw invalid("a class_name", json["class_name"], [...where, "class_name"]);
  // Sequential and old nested models may hold a plain list of layers.
  const held = Array.isArray(config) ? { layers: config } : config;
  if (!isObject(held)) throw invalid("a config", config, [...where, "config"]);
  const name = json["name"] ?? held["name"];
  return {
    name: typeof name === "string" ? name : `${className.toLowerCase()}_${String(where.at(-1) ?? 0)}`,
    className,
    module: typeof json["module"] === "string" && json["module"].includes(".ops") ? json["module"] : "",
    config: held,
    nodes: [],
    implied: false,
    where,
  };
}

function decodeFunctional(config: unknown, where: Place): GraphSpec {
  if (!isObject(config)) throw invalid("a config", config, where);
  const layers = layersOf(config["layers"], [...where, "layers"]).map((json, i): LayerEntry => {
    const place = [...where, "layers", i];
    const entry = decodeEntry(json, place);
    const inbound = isObject(json) ? (json["inbound_nodes"] ?? []) : [];
    if (!Array.isArray(inbound)) throw invalid("a list of nodes", inbound, [...place, "inbound_nodes"]);
    const nodes = inbound.map((node, n) =>
      decodeNode(node, entry.module === "" ? entry.className : "", [...place, "inbound_nodes", n]),
    );
    return {
      ...entry,
      nodes: nodes.length === 0 && entry.className === "InputLayer" ? [NO_ARGUMENTS] : nodes,
    };
  });
  return {
    name: typeof config["name"] === "string" ? config["name"] : null,
    kind: "Functional",
    config: ownKeys(config),
    layers,
    inputs: refsIn(config["input_layers"], [...where, "input_layers"]),
    outputs: refsIn(config["output_layers"], [...where, "output_layers"]),
  };
}

function decodeNode(json: unknown, className: string, where: Place): NodeSpec {
  // Keras 3: { args, kwargs } with tensors as { class_name: "__keras_tensor__", config: { keras_history } }.
  if (isObject(json) && ("args" in json || "kwargs" in json)) {
    const kwargs = isObject(json["kwargs"]) ? json["kwargs"] : {};
    const args = byPosition(json["args"] ?? [], className, where);
    const { mask, initial_state, ...rest } = { ...args.named, ...kwargs };
    return {
      inputs: [...kerasTensors(args.inputs, where), ...kerasTensors(rest, where)],
      initial_state: kerasTensors(initial_state ?? null, where),
      mask: kerasTensors(mask ?? null, where)[0] ?? null,
      constants: constantsIn(kwargs),
    };
  }
  const list = Array.isArray(json) ? json : isObject(json) ? Object.values(json) : null;
  if (list === null) throw invalid("a node", json, where);
  // A single connection may stand without its list.
  const connections = typeof list[0] === "string" ? [list] : list;
  const inputs: NodeRef[] = [];
  let initial_state: NodeRef[] = [];
  let mask: NodeRef | null = null;
  const constants: Record<string, Json> = {};
  for (const [i, connection] of connections.entries()) {
    inputs.push(decodeRef(connection, [...where, i]));
    const kwargs: unknown = Array.isArray(connection) ? connection[3] : undefined;
    if (!isObject(kwargs)) continue;
    if (Array.isArray(kwargs["initial_state"]))
      initial_state = refsIn(kwargs["initial_state"], [...where, i, "initial_state"]);
    if (Array.isArray(kwargs["mask"])) mask = decodeRef(kwargs["mask"], [...where, i, "mask"]);
    Object.assign(constants, constantsIn(kwargs));
  }
  return { inputs, initial_state, mask, constants };
}

/** The first argument is what a layer is given; tensors in those after it mean what its family says. */
function byPosition(
  args: unknown,
  className: string,
  where: Place,
): { inputs: unknown; named: Record<string, unknown> } {
  const definition = definitionOf(className);
  if (!Array.isArray(args) || definition === undefined) return { inputs: args, named: {} };
  const further = (args as unknown[]).slice(1).map((arg, i) => [definition.positional[i], arg] as const);
  // An operation of keras.ops ("x + 3.0") is written in an .h5 under the name of a layer.
  if (further.some(([, arg]) => typeof arg === "number"))
    throw new VernierError(
      "layer.unsupported",
      { className, reason: "it is called with a number: an operation on tensors under a layer's name" },
      { where },
    );
  const withTensors = further.filter(([, arg]) => kerasTensors(arg, where).length > 0);
  if (withTensors.some(([name]) => name === undefined))
    throw new VernierError(
      "layer.unsupported",
      { className, reason: "it is given more tensors than its rule takes" },
      { where },
    );
  return { inputs: args[0], named: Object.fromEntries(withTensors) };
}

/** Arguments that are plain values: `training: false`. */
const constantsIn = (kwargs: Record<string, unknown>): JsonObject =>
  Object.fromEntries(
    Object.entries(kwargs).filter(([, value]) => value !== null && typeof value !== "object"),
  ) as JsonObject;

/** Every tensor of an argument tree, in order; the tree's depth is bounded by the JSON reader. */
function kerasTensors(json: unknown, where: Place): NodeRef[] {
  if (Array.isArray(json)) return json.flatMap((item) => kerasTensors(item, where));
  if (!isObject(json)) return [];
  if (json["class_name"] === "__keras_tensor__" && isObject(json["config"]))
    return [decodeRef(json["config"]["keras_history"], where)];
  return Object.values(json).flatMap((item) => kerasTensors(item, where));
}

/** One triple, a list of triples, or an object of them (dict inputs). */
function refsIn(json: unknown, where: Place): NodeRef[] {
  if (Array.isArray(json)) {
    if (typeof json[0] === "string") return [decodeRef(json, where)];
    return json.flatMap((item, i) => refsIn(item, [...where, i]));
  }
  // Keras takes the values of a dict in the order of its sorted keys, whatever the file's (tree.flatten).
  if (isObject(json))
    return Object.keys(json)
      .toSorted()
      .flatMap((key) => refsIn(json[key], [...where, key]));
  throw invalid("[layer, node, tensor]", json, where);
}

function decodeRef(json: unknown, where: Place): NodeRef {
  if (!Array.isArray(json)) throw invalid("[layer, node, tensor]", json, where);
  const [layer, node, tensor] = json as unknown[];
  const index = (value: unknown): value is number =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  if (typeof layer !== "string" || !index(node) || !index(tensor))
    throw invalid("[layer, node, tensor]", json, where);
  return { layer, node, tensor };
}
