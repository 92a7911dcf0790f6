/** @file Which call of one model is which of the other: grown from seeds along the connections. */

import type { Dims } from "../tensor/tensor.ts";
import type { Flow, FlowNode } from "./flow.ts";

export type MatchedBy = "path" | "position" | "weights";

/** A partial one-to-one relation of calls and of layers, which never contradicts itself. */
export interface Pairing {
  /** Of B per call of A, and of A per call of B. */
  readonly callB: Map<number, number>;
  readonly callA: Map<number, number>;
  readonly layerB: Map<number, number>;
  readonly layerA: Map<number, number>;
  readonly by: Map<number, MatchedBy>;
}

export const emptyPairing = (): Pairing => ({
  callB: new Map(),
  callA: new Map(),
  layerB: new Map(),
  layerA: new Map(),
  by: new Map(),
});

/** Pairs two calls and their layers, unless one of them already has another partner. */
export function pair(pairing: Pairing, a: FlowNode, b: FlowNode, by: MatchedBy): boolean {
  const { callA, callB, layerA, layerB } = pairing;
  if (a.className !== b.className || callB.has(a.call) || callA.has(b.call)) return false;
  if (a.layer >= 0 || b.layer >= 0) {
    if ((layerB.get(a.layer) ?? b.layer) !== b.layer || (layerA.get(b.layer) ?? a.layer) !== a.layer)
      return false;
    layerB.set(a.layer, b.layer);
    layerA.set(b.layer, a.layer);
    if (!pairing.by.has(a.layer)) pairing.by.set(a.layer, by);
  }
  callB.set(a.call, b.call);
  callA.set(b.call, a.call);
  return true;
}

/** By path and class; "outer/inner" is "inner" where a side is not nested and only one layer ends so. */
export function pairByPath(a: Flow, b: Flow, pairing: Pairing): void {
  const named = (flow: Flow, key: (path: string) => string): Map<string, FlowNode[]> => {
    const map = new Map<string, FlowNode[]>();
    for (const node of flow.nodes) {
      if (node === undefined) continue;
      const name = `${node.className} ${key(node.path)}`;
      map.set(name, [...(map.get(name) ?? []), node]);
    }
    return map;
  };
  for (const key of [(path: string) => path, (path: string) => path.split("/").at(-1) ?? path]) {
    const [ofA, ofB] = [named(a, key), named(b, key)];
    for (const [name, nodesA] of ofA) {
      const nodesB = ofB.get(name) ?? [];
      // Several calls of one layer pair in order; a name that several layers end in says nothing.
      if (new Set(nodesA.map((n) => n.layer)).size > 1 || new Set(nodesB.map((n) => n.layer)).size > 1)
        continue;
      for (const [i, node] of nodesA.entries()) {
        const other = nodesB[i];
        if (other !== undefined) pair(pairing, node, other, "path");
      }
    }
  }
}

/** Inputs that are still alone, in order, where their shapes can be the same. */
export function pairInputs(a: Flow, b: Flow, pairing: Pairing): void {
  const [restA, restB] = [inputsOf(a), inputsOf(b)].map((nodes, side) =>
    nodes.filter((node) => !(side === 0 ? pairing.callB : pairing.callA).has(node.call)),
  ) as [FlowNode[], FlowNode[]];
  for (const [i, node] of restA.entries()) {
    const other = restB[i];
    if (other !== undefined && compatible(node.dims[0], other.dims[0]))
      pair(pairing, node, other, "position");
  }
}

const inputsOf = (flow: Flow): FlowNode[] => flow.model.inputs.flatMap(({ call }) => flow.nodes[call] ?? []);

export const compatible = (x: Dims = [], y: Dims = []): boolean =>
  x.length === y.length &&
  x.every((dim, axis) => dim === null || y[axis] === null || dim === y[axis] || axis === 0);

/** Grows until nothing changes: consumers of paired tensors, and producers of what paired calls take in. */
export function grow(a: Flow, b: Flow, pairing: Pairing): void {
  for (let before = -1; before !== pairing.callB.size; ) {
    before = pairing.callB.size;
    growForward(a, b, pairing);
    growBackward(a, b, pairing);
  }
}

function growForward(a: Flow, b: Flow, pairing: Pairing): void {
  for (const node of a.nodes) {
    if (node === undefined || node.inputs.length === 0 || pairing.callB.has(node.call)) continue;
    const candidates = b.nodes.filter(
      (other): other is FlowNode =>
        other !== undefined &&
        !pairing.callA.has(other.call) &&
        other.className === node.className &&
        other.shapes === node.shapes &&
        (pairing.layerB.get(node.layer) ?? other.layer) === other.layer &&
        connectionsAgree(node, other, pairing),
    );
    const best = closest(a, b, node, candidates);
    if (best !== undefined) pair(pairing, node, best, "position");
  }
}

/** Twin branches: the same name, then the same config, then the order of the file decide. */
function closest(a: Flow, b: Flow, node: FlowNode, candidates: readonly FlowNode[]): FlowNode | undefined {
  const config = (flow: Flow, layer: number): string =>
    JSON.stringify(flow.model.layers[layer]?.layer.config);
  return (
    candidates.find((other) => other.path === node.path) ??
    candidates.find((other) => config(a, node.layer) === config(b, other.layer)) ??
    candidates[0]
  );
}

function growBackward(a: Flow, b: Flow, pairing: Pairing): void {
  const producers = [...pairing.callB].flatMap(([callA, callB]) => {
    const [inputsA, inputsB] = [a.nodes[callA]?.inputs ?? [], b.nodes[callB]?.inputs ?? []];
    return inputsA.length === inputsB.length ? inputsA.map((ref, i) => [ref, inputsB[i]] as const) : [];
  });
  const outputs =
    a.outputs.length === b.outputs.length ? a.outputs.map((ref, i) => [ref, b.outputs[i]] as const) : [];
  for (const [refA, refB] of [...producers, ...outputs]) {
    const [nodeA, nodeB] = [a.nodes[refA.call], refB === undefined ? undefined : b.nodes[refB.call]];
    if (nodeA === undefined || nodeB === undefined || refA.output !== refB?.output) continue;
    const fits = nodeA.layer < 0 ? compatible(nodeA.dims[0], nodeB.dims[0]) : nodeA.shapes === nodeB.shapes;
    if (fits) pair(pairing, nodeA, nodeB, "position");
  }
}

/** Do both calls take in the same tensors? Unpaired producers count as "no". */
export function connectionsAgree(a: FlowNode, b: FlowNode, { callB }: Pairing): boolean {
  return (
    a.inputs.length === b.inputs.length &&
    a.inputs.every(({ call, output }, i) => {
      const other = b.inputs[i];
      return other !== undefined && callB.get(call) === other.call && output === other.output;
    })
  );
}

/** How many paired calls take in the same tensors. */
export function agreement(a: Flow, b: Flow, pairing: Pairing): number {
  let agreeing = 0;
  for (const [callA, callB] of pairing.callB) {
    const [nodeA, nodeB] = [a.nodes[callA], b.nodes[callB]];
    if (nodeA !== undefined && nodeB !== undefined && connectionsAgree(nodeA, nodeB, pairing)) agreeing++;
  }
  return agreeing;
}
