/**
 * @file The nodes of a topology in an order in which each comes after what it reads, and node numbers without the
 * conventions of their writers.
 */

import { isVernierError, VernierError } from "../base/errors.ts";
import type { Dialect } from "../model/layer.ts";
import type { NodeRef, NodeSpec } from "../model/topology.ts";
import { type GraphSpec, isModel, type LayerEntry } from "./nodes.ts";

/**
 * References to nested models count from 1 in Keras 2 and TF.js (a nested model's own graph is its call 0); Keras 3
 * counts from 0 inside `inbound_nodes` and from 1 in `output_layers` (keras/src/models/functional.py; of a Sequential
 * from 0 in both). Some Keras 2
 * files start higher, where a model had been called before it was nested. Here all count from 0.
 */
export function canonicalNodes(graph: GraphSpec, writtenIn: Dialect): GraphSpec {
  const spec = withoutMaskOperations(graph);
  const nested = new Map(
    spec.layers
      .filter(({ className, config }) => isModel({ class_name: className, config }))
      .map(({ name, nodes }) => [name, nodes.length]),
  );
  if (nested.size === 0) return spec;
  const inner = spec.layers.flatMap(({ nodes }) =>
    nodes.flatMap(({ inputs, initial_state, mask }) => [
      ...inputs,
      ...initial_state,
      ...(mask === null ? [] : [mask]),
    ]),
  );
  const isKeras3 = writtenIn === "keras3";
  // A Sequential has no call of its own there.
  const plain = new Set(
    spec.layers.flatMap(({ name, className }) => (className === "Sequential" ? [name] : [])),
  );
  const first = (name: string): number => (isKeras3 && plain.has(name) ? 0 : 1);
  const offsetIn = offsets(
    nested,
    isKeras3 ? inner : [...inner, ...spec.outputs],
    isKeras3 ? () => 0 : first,
  );
  const offsetOut = offsets(nested, isKeras3 ? spec.outputs : [...inner, ...spec.outputs], first);
  const shift =
    (by: (name: string) => number) =>
    (ref: NodeRef): NodeRef => ({ ...ref, node: Math.max(0, ref.node - by(ref.layer)) });
  const inside = shift(offsetIn);
  return {
    ...spec,
    outputs: spec.outputs.map(shift(offsetOut)),
    layers: spec.layers.map((entry) => ({
      ...entry,
      nodes: entry.nodes.map(({ inputs, initial_state, mask, constants }) => ({
        constants,
        inputs: inputs.map(inside),
        initial_state: initial_state.map(inside),
        mask: mask === null ? null : inside(mask),
      })),
    })),
  };
}

/**
 * Keras 3 spells the masks that travel with tensors as operations (NotEqual, Any, …) whose result is given as `mask`.
 * Masks travel by the layers' own rules here, so that such an argument says nothing new.
 */
function withoutMaskOperations(spec: GraphSpec): GraphSpec {
  const operations = new Set(spec.layers.filter(({ module }) => module !== "").map(({ name }) => name));
  if (operations.size === 0) return spec;
  const layers = spec.layers.map((entry) => ({
    ...entry,
    nodes: entry.nodes.map((node) =>
      node.mask !== null && operations.has(node.mask.layer) ? { ...node, mask: null } : node,
    ),
  }));
  return { ...spec, layers };
}

/** By how much the numbers of a nested model's calls are too high. */
function offsets(
  nested: ReadonlyMap<string, number>,
  refs: readonly NodeRef[],
  convention: (name: string) => number,
): (name: string) => number {
  const highest = new Map<string, number>();
  for (const { layer, node } of refs) highest.set(layer, Math.max(highest.get(layer) ?? 0, node));
  return (name) => {
    const calls = nested.get(name);
    if (calls === undefined) return 0;
    const top = highest.get(name) ?? 0;
    return calls === 1 ? top : Math.max(convention(name), top - (calls - 1));
  };
}

export interface OrderedNode {
  readonly entry: LayerEntry;
  readonly node: NodeSpec;
  readonly index: number;
}

/**
 * What the outputs need, in file order as far as the connections allow. `fed`: nodes ("layer:0") that are given.
 *
 * Calls of one layer come in their own order, which is that of their making: whatever order the file lists its layers in,
 * the first call stays the first. A file by hand in which an earlier call reads a later one has them as it can.
 */
export function orderNodes(graph: GraphSpec, fed: ReadonlySet<string>): OrderedNode[] {
  try {
    return ordered(graph, fed, true);
  } catch (error) {
    if (!isVernierError(error, "graph.malformed")) throw error;
    return ordered(graph, fed, false);
  }
}

/** `inTurn`: a layer's call comes after its one before that is needed, whether it reads it or not. */
function ordered(graph: GraphSpec, fed: ReadonlySet<string>, inTurn: boolean): OrderedNode[] {
  const entries = new Map(graph.layers.map((entry) => [entry.name, entry]));
  const found: OrderedNode[] = [];
  const state = new Map<string, "open" | "done">();
  const needed = reachable(graph, entries, fed);
  const roots = graph.layers.flatMap((entry) =>
    entry.nodes.map((_, node) => ({ layer: entry.name, node, tensor: 0 })),
  );
  const turns = inTurn
    ? callsBefore(roots.filter((ref) => needed.has(keyOf(ref))))
    : new Map<string, NodeRef[]>();
  for (const root of roots) {
    if (!needed.has(keyOf(root))) continue;
    // Depth first with a stack of its own: chains are longer than the call stack of a crafted file allows.
    const stack: { ref: NodeRef; entered: boolean }[] = [{ ref: root, entered: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const key = keyOf(top.ref);
      if (fed.has(key) || state.get(key) === "done") continue;
      const { entry, node } = nodeAt(entries, top.ref);
      if (top.entered) {
        state.set(key, "done");
        found.push({ entry, node, index: top.ref.node });
        continue;
      }
      if (state.get(key) === "open")
        throw new VernierError(
          "graph.malformed",
          { reason: `"${top.ref.layer}" feeds itself` },
          { where: entry.where },
        );
      state.set(key, "open");
      stack.push({ ref: top.ref, entered: true });
      const before = turns.get(key) ?? [];
      for (const ref of [...before, ...readBy(node)].toReversed())
        if (!fed.has(keyOf(ref)) && state.get(keyOf(ref)) !== "done") stack.push({ ref, entered: false });
    }
  }
  return found;
}

/** Of each call the same layer's one before it, if there is one. */
function callsBefore(calls: readonly NodeRef[]): ReadonlyMap<string, readonly NodeRef[]> {
  return new Map(
    calls.map((ref, i) => {
      const last = calls[i - 1];
      return [keyOf(ref), last?.layer === ref.layer ? [last] : []];
    }),
  );
}

const keyOf = ({ layer, node }: NodeRef): string => `${layer}:${node}`;
const readBy = ({ inputs, initial_state, mask }: NodeSpec): NodeRef[] => [
  ...inputs,
  ...initial_state,
  ...(mask === null ? [] : [mask]),
];

function nodeAt(
  entries: ReadonlyMap<string, LayerEntry>,
  { layer, node }: NodeRef,
): { entry: LayerEntry; node: NodeSpec } {
  const entry = entries.get(layer);
  if (entry === undefined)
    throw new VernierError("graph.malformed", { reason: `the layer "${layer}" does not exist` });
  const found = entry.nodes[node];
  if (found === undefined)
    throw new VernierError(
      "graph.malformed",
      { reason: `"${layer}" has no call ${node}` },
      { where: entry.where },
    );
  return { entry, node: found };
}

function reachable(
  graph: GraphSpec,
  entries: ReadonlyMap<string, LayerEntry>,
  fed: ReadonlySet<string>,
): Set<string> {
  const seen = new Set<string>();
  const stack = [...graph.outputs];
  for (let ref = stack.pop(); ref !== undefined; ref = stack.pop()) {
    if (seen.has(keyOf(ref)) || fed.has(keyOf(ref))) continue;
    seen.add(keyOf(ref));
    stack.push(...readBy(nodeAt(entries, ref).node));
  }
  return seen;
}
