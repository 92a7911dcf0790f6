/**
 * @file Layers in the order in which Keras 3 itself lists them: by depth, the farthest from the outputs first, and of one
 * depth as a search from the outputs comes across them. `.keras` finds weights by a layer's place in that list, whatever
 * order the config has. (keras/src/ops/function.py, `map_graph`.)
 */

import type { NodeRef } from "../model/topology.ts";
import type { PlannedLayer, PlannedTopology } from "./plan.ts";

/** Nested models too; a Sequential keeps its order. */
export function inKerasOrder(topology: PlannedTopology): PlannedTopology {
  const layers = topology.layers.map((layer) =>
    layer.inner === null ? layer : { ...layer, inner: inKerasOrder(layer.inner) },
  );
  if (topology.kind === "Sequential") return { ...topology, layers };
  const { visited, postOrder } = search(topology);
  const depths = depthsOf(topology, postOrder);
  const rank = (name: string): number => visited.get(name) ?? -1;
  return {
    ...topology,
    layers: layers.toSorted(
      (a, b) => (depths.get(b.name) ?? 0) - (depths.get(a.name) ?? 0) || rank(a.name) - rank(b.name),
    ),
  };
}

interface Node {
  readonly layer: string;
  readonly node: number;
}

const keyOf = ({ layer, node }: Node): string => `${layer}:${node}`;

/** In the order in which Keras flattens a call's arguments. */
function readBy(layers: ReadonlyMap<string, PlannedLayer>, { layer, node }: Node): readonly NodeRef[] {
  const spec = layers.get(layer)?.nodes[node];
  if (spec === undefined) return [];
  return [...spec.inputs, ...spec.initial_state, ...(spec.mask === null ? [] : [spec.mask])];
}

const byName = ({ layers }: PlannedTopology): ReadonlyMap<string, PlannedLayer> =>
  new Map(layers.map((layer) => [layer.name, layer]));

/** Depth first from the outputs, with a stack of its own: chains are longer than the call stack of a crafted file allows. */
function search(topology: PlannedTopology): {
  readonly visited: ReadonlyMap<string, number>;
  readonly postOrder: readonly Node[];
} {
  const layers = byName(topology);
  const visited = new Map<string, number>();
  const finished = new Set<string>();
  const postOrder: Node[] = [];
  for (const output of topology.outputs) {
    const stack: { readonly node: Node; readonly entered: boolean }[] = [{ node: output, entered: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { node, entered } = top;
      if (finished.has(keyOf(node))) continue;
      if (entered) {
        finished.add(keyOf(node));
        postOrder.push(node);
        continue;
      }
      if (!visited.has(node.layer)) visited.set(node.layer, visited.size);
      stack.push({ node, entered: true });
      for (const before of readBy(layers, node).toReversed())
        if (!finished.has(keyOf(before))) stack.push({ node: before, entered: false });
    }
  }
  return { visited, postOrder };
}

/** Of each layer: its farthest call. */
function depthsOf(topology: PlannedTopology, postOrder: readonly Node[]): ReadonlyMap<string, number> {
  const layers = byName(topology);
  const ofNode = new Map<string, number>();
  const ofLayer = new Map<string, number>();
  for (const node of postOrder.toReversed()) {
    const depth = Math.max(ofNode.get(keyOf(node)) ?? 0, ofLayer.get(node.layer) ?? 0);
    ofLayer.set(node.layer, depth);
    ofNode.set(keyOf(node), depth);
    for (const before of readBy(layers, node))
      ofNode.set(keyOf(before), Math.max(depth + 1, ofNode.get(keyOf(before)) ?? 0));
  }
  return ofLayer;
}
