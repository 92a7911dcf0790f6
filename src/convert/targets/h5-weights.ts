/**
 * @file The group of weights of a Keras `.h5`: one group per outermost layer, its weights trainable first
 * (keras/src/legacy/saving/legacy_h5_format.py, `_legacy_weights`: what `trainable` says counts), found by order.
 */

import { inOrderOfH5 } from "../../dialects/weights.ts";
import { type Hdf5AttributeValue, type Hdf5Group, splitAttribute } from "../../formats/hdf5-writer.ts";
import type { TensorSource } from "../../formats/output.ts";
import type { Dialect } from "../../model/layer.ts";
import { flatLayers } from "../flat-layers.ts";
import type { PlannedLayer, PlannedTopology, PlannedWeight } from "../plan.ts";
import { datasetOf, emptyGroup, groupAt } from "./h5-tree.ts";

export function weightsGroup(
  topology: PlannedTopology,
  attributes: ReadonlyMap<string, Hdf5AttributeValue>,
  to: Dialect,
): Hdf5Group {
  const trains = topology.config["trainable"] !== false;
  const children = new Map<string, Hdf5Group>();
  for (const layer of topology.layers) {
    if (topology.kind === "Sequential" && layer.input !== null) continue;
    children.set(layer.name, layerGroup(layer, trains, to));
  }
  const names = splitAttribute("layer_names", [...children.keys()]);
  children.set("top_level_model_weights", {
    kind: "group",
    attributes: new Map([["weight_names", []]]),
    children: new Map(),
  });
  return { kind: "group", attributes: new Map([...attributes, ...names]), children };
}

function layerGroup(layer: PlannedLayer, trains: boolean, to: Dialect): Hdf5Group {
  const inside =
    layer.inner === null
      ? [{ layer, trainable: trains && layer.config["trainable"] !== false }]
      : flatLayers(layer.inner, trains);
  const all = inside.flatMap((one) =>
    one.layer.weights.map((weight) => ({ ...one, weight, trained: one.trainable && weight.trainable })),
  );
  const ordered = inOrderOfH5(
    all,
    ({ layer: { bound }, weight: { name } }) =>
      bound?.weights.find((spec) => spec.name === name)?.early === true,
    ({ trained }) => trained,
  );
  return datasets(
    ordered.map((one) => ({ name: storedName(layer, one.layer, one.weight, to), source: one.weight.source })),
  );
}

/** "dense/kernel:0" in Keras 2, "dense/kernel" in Keras 3; of a nested model with its name before. */
function storedName(
  outer: PlannedLayer,
  layer: PlannedLayer,
  { name, older }: PlannedWeight,
  to: Dialect,
): string {
  const parts = name.split("/");
  const last = (to === "keras2" ? older : null) ?? parts.at(-1) ?? name;
  const middle = parts
    .slice(0, -1)
    .map((part) => (part === "layer" ? "" : part))
    .filter((part) => part !== "");
  const path = [
    ...new Set([outer.name, ...(layer === outer ? [] : layer.path.split("/").slice(1))]),
    ...middle,
    last,
  ].join("/");
  return to === "keras2" ? `${path}:0` : path;
}

/** Weights under their paths, steps of a path as groups, and the list of them. */
export function datasets(
  weights: readonly { readonly name: string; readonly source: TensorSource }[],
): Hdf5Group {
  const root = emptyGroup();
  const names: string[] = [];
  for (const { name, source } of weights) {
    let unique = name;
    for (let i = 1; names.includes(unique); i++) unique = name.replace(/(:0)?$/, `_${i}$1`);
    names.push(unique);
    const steps = unique.split("/");
    const leaf = steps.pop() ?? unique;
    groupAt(root, steps).children.set(leaf, datasetOf(source));
  }
  for (const [key, value] of splitAttribute("weight_names", names)) root.attributes.set(key, value);
  return root;
}
