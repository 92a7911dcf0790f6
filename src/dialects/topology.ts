/** @file The topology that a model's JSON describes, in which every call counts from 0 and nested models are decoded. */

import { VernierError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Dialect } from "../model/layer.ts";
import type { Topology, TopologyLayer } from "../model/topology.ts";
import { type DType, isDType } from "../tensor/dtype.ts";
import type { Dims } from "../tensor/tensor.ts";
import { decodeGraph, type GraphSpec, isModel, type LayerEntry } from "./nodes.ts";
import { canonicalNodes } from "./order.ts";

/** `spec` in the numbering of its writer. Throws as `decodeGraph` does. */
export function topologyOf(spec: GraphSpec, writtenIn: Dialect, prefix = ""): Topology {
  const { name, kind, config, layers, inputs, outputs } = canonicalNodes(spec, writtenIn);
  return {
    name,
    kind,
    config,
    inputs,
    outputs,
    layers: layers.map((entry): TopologyLayer => {
      const path = `${prefix}${entry.name}`;
      const json = { class_name: entry.className, config: entry.config };
      const inner = isModel(json) ? topologyOf(decodeGraph(json, entry.where), writtenIn, `${path}/`) : null;
      const isInput = entry.className === "InputLayer";
      return {
        name: entry.name,
        path,
        className: entry.className,
        config: entry.config as JsonObject,
        nodes: entry.nodes,
        input: isInput ? { dims: shapeOf(entry), dtype: inputDtype(entry), implied: entry.implied } : null,
        inner,
      };
    }),
  };
}

/** An inner model inside a wrapper may not say its input's shape: it takes what it is given. */
function shapeOf(entry: LayerEntry): Dims {
  try {
    return decodeDims(entry);
  } catch (error) {
    if (entry.implied) return [];
    throw error;
  }
}

export function inputDtype({ config }: LayerEntry): DType {
  const named = config["dtype"];
  return typeof named === "string" && isDType(named) ? named : "float32";
}

export function decodeDims({ config, name, where }: LayerEntry): Dims {
  const shape =
    config["batch_shape"] ??
    config["batch_input_shape"] ??
    batched(config["input_shape"]) ??
    batched(config["shape"]);
  const dims = Array.isArray(shape) ? shape : null;
  if (dims === null || !dims.every((dim) => dim === null || (Number.isSafeInteger(dim) && dim >= 0))) {
    throw new VernierError(
      "config.invalid",
      { expected: `a shape of the input "${name}"`, received: JSON.stringify(shape) ?? "nothing" },
      { where },
    );
  }
  return dims as Dims;
}

const batched = (shape: unknown): unknown => (Array.isArray(shape) ? [null, ...shape] : undefined);
