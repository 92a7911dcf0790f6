/**
 * @file A planned topology as JSON: node lists in Keras 2's and TF.js's form, argument trees in Keras 3's.
 *
 * A nested model's calls count from 1 in Keras 2 and TF.js (its own graph is call 0); in Keras 3 from 0 inside
 * `inbound_nodes` and from 1 in `output_layers` (keras/src/models/functional.py).
 */

import type { Json, JsonObject } from "../base/json.ts";
import { definitionOf } from "../layers/bind.ts";
import type { Dialect } from "../model/layer.ts";
import type { NodeRef, NodeSpec } from "../model/topology.ts";
import type { Dims } from "../tensor/tensor.ts";
import type { PlannedLayer, PlannedTopology } from "./plan.ts";

/** `{ class_name, config }` of a whole model. */
export function modelJson(topology: PlannedTopology, name: string, to: Dialect): JsonObject {
  const own = to === "keras3" ? topology.config : pick(topology.config, ["trainable"]);
  // Keras 3 asks for `trainable` (keras/src/models/functional.py).
  const config: Record<string, Json> = { ...(to === "keras3" ? { trainable: true } : {}), ...own, name };
  if (topology.kind === "Sequential") {
    config["layers"] = topology.layers.map((layer) => entryJson(layer, to));
    return modelEntry(topology, config, to);
  }
  // In Keras 3 a nested Functional model has a call of its own, a nested Sequential has none.
  const nested = new Set(
    topology.layers.flatMap(({ name, inner }) =>
      inner === null || (to === "keras3" && inner.kind === "Sequential") ? [] : [name],
    ),
  );
  config["layers"] = topology.layers.map((layer) => ({
    ...entryJson(layer, to),
    name: layer.name,
    inbound_nodes: layer.nodes.flatMap((node) => {
      if (node.inputs.length === 0) return [];
      return [to === "keras3" ? argumentTree(node, layer, topology) : nodeList(node, nested)];
    }),
  }));
  const ends = (refs: readonly NodeRef[]): Json => {
    const list = refs.map(({ layer, node, tensor }) => [layer, node + (nested.has(layer) ? 1 : 0), tensor]);
    return to === "keras3" && list.length === 1 ? (list[0] as Json) : (list as Json);
  };
  config["input_layers"] = ends(topology.inputs);
  config["output_layers"] = ends(topology.outputs);
  return modelEntry(topology, config, to);
}

function modelEntry({ kind }: PlannedTopology, config: JsonObject, to: Dialect): JsonObject {
  // TF.js of every version and Keras before 2.4 know "Model"; Keras 3 writes "Functional".
  if (to !== "keras3") return { class_name: kind === "Functional" ? "Model" : kind, config };
  return kind === "Functional"
    ? { module: "keras.src.models.functional", class_name: kind, config, registered_name: kind }
    : { module: "keras", class_name: kind, config, registered_name: null };
}

export function layerJson(class_name: string, config: JsonObject, to: Dialect): JsonObject {
  return to === "keras3"
    ? { module: "keras.layers", class_name, config, registered_name: null }
    : { class_name, config };
}

function entryJson(layer: PlannedLayer, to: Dialect): JsonObject {
  if (layer.inner !== null) return modelJson(layer.inner, layer.name, to);
  if (layer.input !== null) return layerJson("InputLayer", inputConfig(layer, to), to);
  const entry = layerJson(layer.className, { name: layer.name, ...layer.config }, to);
  const [shape] = layer.fed;
  return to === "keras3" && layer.fed.length === 1 && shape !== undefined
    ? { ...entry, build_config: { input_shape: [...shape] } }
    : entry;
}

/** TF.js knows float32, int32 and bool. */
function inputConfig({ name, input, config }: PlannedLayer, to: Dialect): JsonObject {
  const dims = [...(input?.dims ?? [])];
  const dtype = input?.dtype ?? "float32";
  if (to === "keras3") return { batch_shape: dims, dtype, sparse: config["sparse"] === true, name };
  const known =
    to !== "tfjs" || dtype === "bool" || dtype === "string" ? dtype : /int/.test(dtype) ? "int32" : "float32";
  return { batch_input_shape: dims, dtype: known, sparse: config["sparse"] === true, name };
}

function nodeList(node: NodeSpec, nested: ReadonlySet<string>): Json {
  const all = [...node.inputs, ...node.initial_state];
  return all.map(({ layer, node: index, tensor }, i) => [
    layer,
    index + (nested.has(layer) ? 1 : 0),
    tensor,
    i === 0 ? keywordsOf(node, nested) : {},
  ]);
}

function keywordsOf({ mask, constants }: NodeSpec, nested: ReadonlySet<string>): JsonObject {
  const shift = (ref: NodeRef): Json => [ref.layer, ref.node + (nested.has(ref.layer) ? 1 : 0), ref.tensor];
  return { ...constants, ...(mask === null ? {} : { mask: shift(mask) }) };
}

function argumentTree(node: NodeSpec, layer: PlannedLayer, topology: PlannedTopology): Json {
  const inputs = node.inputs.map((ref) => tensorJson(ref, topology));
  const kwargs: Record<string, Json> = { ...node.constants };
  if (node.mask !== null) kwargs["mask"] = tensorJson(node.mask, topology);
  if (node.initial_state.length > 0)
    kwargs["initial_state"] = node.initial_state.map((ref) => tensorJson(ref, topology));
  const list = inputs.length > 1 || definitionOf(layer.className)?.takesList === true;
  return { args: list ? [inputs] : inputs, kwargs };
}

function tensorJson({ layer, node, tensor }: NodeRef, topology: PlannedTopology): JsonObject {
  const producer = topology.layers.find(({ name }) => name === layer);
  const dims: Dims = producer?.input?.dims ?? producer?.given[tensor] ?? [null];
  return {
    class_name: "__keras_tensor__",
    config: {
      shape: [...dims],
      dtype: producer?.input?.dtype ?? "float32",
      keras_history: [layer, node, tensor],
    },
  };
}

const pick = (json: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(keys.flatMap((key) => (json[key] === undefined ? [] : [[key, json[key] as Json]])));
