/** @file Keys of a model's own config, nested models included: those that the target says, and those to be kept. */

import { isObject, type Json, type JsonObject } from "../base/json.ts";
import type { Dialect } from "../model/layer.ts";
import type { Topology } from "../model/topology.ts";
import type { PlannedTopology } from "./plan.ts";
import { policyName } from "./training-keys.ts";

/** "default": nothing is lost where it is not said. */
export function isSaidOfModels(key: string, value: Json, to: Dialect): "said" | "default" | "kept" {
  if (key === "name" || key === "trainable" || to === "keras3") return "said";
  return key === "dtype" && policyName(value) === "float32" ? "default" : "kept";
}

/** By the path of the model in the source, "" the whole. */
export function keptModelKeys(topology: Topology, to: Dialect, path = ""): JsonObject {
  const own = Object.entries(topology.config).filter(
    ([key, value]) => isSaidOfModels(key, value, to) === "kept",
  );
  return {
    ...(own.length === 0 ? {} : { [path]: Object.fromEntries(own) }),
    ...topology.layers.reduce<JsonObject>(
      (all, layer) => ({
        ...all,
        ...(layer.inner === null ? {} : keptModelKeys(layer.inner, to, layer.path)),
      }),
      {},
    ),
  };
}

export function withModelKeys(topology: PlannedTopology, keys: JsonObject, path = ""): PlannedTopology {
  const own = keys[path];
  return {
    ...topology,
    config: isObject(own) ? { ...topology.config, ...(own as JsonObject) } : topology.config,
    layers: topology.layers.map((layer) =>
      layer.inner === null ? layer : { ...layer, inner: withModelKeys(layer.inner, keys, layer.path) },
    ),
  };
}
