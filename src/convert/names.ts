/**
 * @file Layer names in the target. TF.js takes names of one form only (tfjs-layers common.ts) and finds weights by the
 * innermost layer's name, so that two layers with weights in different nested models must not share one
 * (engine/container.ts, "Duplicate weight name"). Keras takes every name without "/".
 */

import type { Dialect } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import type { NodeRef, NodeSpec, Topology } from "../model/topology.ts";

export interface TargetNames {
  /** Of the layer at this path of the source. */
  of(path: string): string;
  /** A name that nothing has yet, from this one. */
  fresh(wanted: string): string;
  inRef(ref: NodeRef, topology: Topology): NodeRef;
  inNode(node: NodeSpec, topology: Topology): NodeSpec;
}

/** `to`: `null` keeps the names as they are. */
export function nameFor(model: Model, to: Dialect | null): TargetNames {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const everywhere = new Set<string>();
  const freshIn = (known: ReadonlySet<string>, wanted: string): string => {
    let name = wanted;
    for (let i = 1; known.has(name); i++) name = `${wanted}_${i}`;
    taken.add(name);
    everywhere.add(name);
    return name;
  };
  const visit = (topology: Topology, prefix: string): void => {
    for (const { name, path, inner } of topology.layers) {
      const plain = to === null ? name : to === "tfjs" ? grammatical(name) : name.replaceAll("/", "_");
      const clashes = to === "tfjs" && taken.has(plain);
      names.set(path, freshIn(taken, clashes && prefix !== "" ? grammatical(`${prefix}${plain}`) : plain));
      if (inner === null) continue;
      // Elsewhere a nested model's names are its own.
      const outside = to === "tfjs" ? null : [...taken];
      if (outside !== null) taken.clear();
      visit(inner, `${plain}_`);
      if (outside !== null) taken.clear();
      for (const own of outside ?? []) taken.add(own);
    }
  };
  visit(model.topology, "");
  const inRef = (ref: NodeRef, topology: Topology): NodeRef => {
    const layer = topology.layers.find(({ name }) => name === ref.layer);
    return { ...ref, layer: layer === undefined ? ref.layer : (names.get(layer.path) ?? ref.layer) };
  };
  return {
    of: (path) => names.get(path) ?? path,
    fresh: (wanted) => freshIn(everywhere, wanted),
    inRef,
    inNode: (node, topology) => ({
      ...node,
      inputs: node.inputs.map((ref) => inRef(ref, topology)),
      initial_state: node.initial_state.map((ref) => inRef(ref, topology)),
      mask: node.mask === null ? null : inRef(node.mask, topology),
    }),
  };
}

/** `^[A-Za-z0-9][-A-Za-z0-9._/]*$` is what TF.js asks for. */
function grammatical(name: string): string {
  const plain = name.replace(/[^-A-Za-z0-9._/]/g, "_");
  return /^[A-Za-z0-9]/.test(plain) ? plain : `layer${plain}`;
}
