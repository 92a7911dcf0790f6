/**
 * @file Where `.keras` and `.weights.h5` keep each layer's variables: "layers/dense_1" for the second Dense of a model,
 * "layers/functional/layers/dense" inside a nested one. Names do not count, position and class do.
 *
 * The layers of a model are visited in order, each under its class in snake case, "_1", "_2", … for repeats; a
 * Sequential's input is no layer of it. Measured on files of Keras 2.13, 2.14, 2.15, 2.21, 3.0.1, 3.0.5, 3.5 and 3.15.
 * A layer that stands in a model and in one nested in it is saved once, which no version of Keras can read back:
 * there it is missing here too. (keras/src/saving/saving_lib.py, _walk_saveable and _save_container_state.)
 */

import type { BoundLayer, StoreRules, WeightStore } from "../model/layer.ts";
import type { Topology, TopologyLayer } from "../model/topology.ts";

/** Keras 2.15 on, and 3. */
export const KERAS3_STORES: StoreRules = { root: "layers", weightedTwice: false };
/** Those of every version, the current one first. */
export const STORE_RULES: readonly StoreRules[] = [
  KERAS3_STORES,
  // Keras 2.14, then 2.12 and 2.13: the attribute is the first that holds the layers, in the order of `dir`.
  { root: "_layer_checkpoint_dependencies", weightedTwice: false },
  { root: "_layer_checkpoint_dependencies", weightedTwice: true },
];

/** "/vars" and a number follow each group. Layers without weights are left out. */
export function kerasWeightPaths(
  topology: Topology,
  layers: ReadonlyMap<string, BoundLayer>,
  rules: StoreRules = KERAS3_STORES,
): ReadonlyMap<string, readonly WeightStore[]> {
  const paths = new Map<string, readonly WeightStore[]>();
  addModel(topology, "", { layers, rules, paths });
  return paths;
}

export const layersByPath = (
  layers: readonly { readonly path: string; readonly layer: BoundLayer }[],
): ReadonlyMap<string, BoundLayer> => new Map(layers.map(({ path, layer }) => [path, layer]));

/** keras/src/utils/naming.py; tf_keras/src/utils/generic_utils.py says the same of these names. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

interface Walk {
  readonly layers: ReadonlyMap<string, BoundLayer>;
  readonly rules: StoreRules;
  readonly paths: Map<string, readonly WeightStore[]>;
}

function addModel({ kind, layers }: Topology, prefix: string, walk: Walk): void {
  const { root, weightedTwice } = walk.rules;
  const used = new Map<string, number>();
  for (const layer of layers) {
    if (kind === "Sequential" && layer.input !== null) continue;
    const name = snakeCase(classOf(layer));
    const count = used.get(name) ?? 0;
    used.set(name, count + (weightedTwice && hasWeights(layer, walk.layers) ? 2 : 1));
    const group = `${prefix}${root}/${count === 0 ? name : `${name}_${count}`}`;
    if (layer.inner !== null) addModel(layer.inner, `${group}/`, walk);
    else addLayer(layer.path, group, walk);
  }
}

function addLayer(path: string, group: string, { layers, rules, paths }: Walk): void {
  const stores = layers.get(path)?.stores(rules) ?? [];
  if (stores.length === 0) return;
  paths.set(
    path,
    stores.map((store) => ({ ...store, group: store.group === "" ? group : `${group}/${store.group}` })),
  );
}

/** "Model" is what Keras 2 called a Functional in some files; a package stands before ">". */
const classOf = ({ className, inner }: TopologyLayer): string =>
  inner === null ? (className.split(">").at(-1) ?? "") : inner.kind;

const hasWeights = ({ path, inner }: TopologyLayer, layers: ReadonlyMap<string, BoundLayer>): boolean =>
  inner === null
    ? (layers.get(path)?.weights.length ?? 0) > 0
    : inner.layers.some((layer) => hasWeights(layer, layers));
