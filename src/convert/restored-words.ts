/** @file Names and keys of a model as they were before a conversion, from what it kept and from what the file says. */

import { asObject, isObject, type Json, type JsonObject } from "../base/json.ts";
import { KERAS_KEYS } from "../layers/keras-keys.ts";
import { flatLayers } from "./flat-layers.ts";
import type { Plan, PlannedLayer, PlannedTopology } from "./plan.ts";

/** Keys that the file has and this Keras alone takes: what is written for both Keras leaves them out. */
export function keysOfOne({ topology, keptKeys }: Plan, dialect: "keras2" | "keras3"): JsonObject {
  return Object.fromEntries(
    flatLayers(topology).flatMap(({ layer: { path, className } }) => {
      const taken = (KERAS_KEYS[className]?.[dialect] ?? "").split(" ");
      const own = Object.entries(keptKeys.get(path) ?? {}).filter(
        ([key, value]) => !isObject(value) && (taken.includes(key) || isTakenInside(key, dialect)),
      );
      return own.length === 0 ? [] : [[path, Object.fromEntries(own)]];
    }),
  );
}

/** "layer/config/implementation": by some class. */
const isTakenInside = (path: string, dialect: "keras2" | "keras3"): boolean =>
  path.includes("/") &&
  Object.values(KERAS_KEYS).some((keys) => keys[dialect].split(" ").includes(path.split("/").at(-1) ?? ""));

/** Per path, those of `b` before those of `a`. */
export const mergedKeys = (a: JsonObject, b: JsonObject): JsonObject =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((path) => [
      path,
      { ...asObject(a[path]), ...asObject(b[path]) },
    ]),
  );

/** `names`: path in the file → path in the source. */
export function renamed(topology: PlannedTopology, names: JsonObject): PlannedTopology {
  if (Object.keys(names).length === 0) return topology;
  const visit = ({ layers, ...rest }: PlannedTopology, prefix: string): PlannedTopology => {
    const own = new Map(
      layers.map(({ name, path }) => {
        const before = names[path];
        // Names in Keras 2 may hold a "/" themselves.
        const isHere = typeof before === "string" && before.startsWith(prefix);
        return [name, isHere ? before.slice(prefix.length) : name] as const;
      }),
    );
    const back = <R extends { readonly layer: string }>(ref: R): R => ({
      ...ref,
      layer: own.get(ref.layer) ?? ref.layer,
    });
    return {
      ...rest,
      inputs: rest.inputs.map(back),
      outputs: rest.outputs.map(back),
      layers: layers.map((layer): PlannedLayer => {
        const name = own.get(layer.name) ?? layer.name;
        const path = `${prefix}${name}`;
        return {
          ...layer,
          name,
          path,
          inner: layer.inner === null ? null : visit(layer.inner, `${path}/`),
          nodes: layer.nodes.map((node) => ({
            ...node,
            inputs: node.inputs.map(back),
            initial_state: node.initial_state.map(back),
            mask: node.mask === null ? null : back(node.mask),
          })),
        };
      }),
    };
  };
  return visit(topology, "");
}

/** `keys`: path in the file → keys in the source's own words. */
export function withKeys(topology: PlannedTopology, keys: JsonObject, names: JsonObject): PlannedTopology {
  if (Object.keys(keys).length === 0) return topology;
  const bySource = new Map(
    Object.entries(keys).map(([path, held]) => [typeof names[path] === "string" ? names[path] : path, held]),
  );
  return {
    ...topology,
    layers: topology.layers.map((layer): PlannedLayer => {
      const held = bySource.get(layer.path);
      const inner = layer.inner === null ? null : withKeys(layer.inner, keys, names);
      return isObject(held)
        ? { ...layer, inner, config: withHeld(layer.config, held as JsonObject) }
        : { ...layer, inner };
    }),
  };
}

/** Keys of layers inside are held by their paths. */
function withHeld(config: JsonObject, held: JsonObject): JsonObject {
  return Object.entries(held).reduce<JsonObject>(
    (all, [path, value]) => withAt(all, path.includes("/") ? path.split("/") : [path], value),
    config,
  );
}

/** Steps: a key, "config", or the name of a layer of a model; where they lead nowhere, nothing is held. */
function withAt(json: JsonObject, [step = "", ...rest]: readonly string[], value: Json): JsonObject {
  if (rest.length === 0) return { ...json, [step]: value };
  const below = json[step];
  if (isObject(below)) return { ...json, [step]: withAt(below as JsonObject, rest, value) };
  const { config } = json;
  if (!isObject(config) || !Array.isArray(config["layers"])) return json;
  const layers = config["layers"].map((layer: Json) =>
    isObject(layer) && isObject(layer["config"]) && (layer["name"] ?? layer["config"]["name"]) === step
      ? withAt(layer as JsonObject, rest, value)
      : layer,
  );
  return { ...json, config: { ...(config as JsonObject), layers } };
}
