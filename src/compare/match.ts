/**
 * @file Which layers, calls, inputs and outputs of two models are the same, and how their structures differ.
 *
 * By path and class; else by position in the graph with equal class and shapes; else by the content of weights. Names
 * that Keras counts up ("dense_1") may name another layer in the other file, so a matching by names must also agree
 * with the connections, and where it does not, the one that agrees better is kept. Nesting and the spelling Sequential
 * or Functional are gone already (calls are flat); layers that hand their input through are no difference.
 */

import type { Model } from "../model/model.ts";
import { type Flow, flowOf, isIdentity } from "./flow.ts";
import {
  agreement,
  emptyPairing,
  grow,
  type MatchedBy,
  type Pairing,
  pair,
  pairByPath,
  pairInputs,
} from "./pairing.ts";
import { type StructureDifference, structureOf } from "./structure.ts";

export type { StructureDifference };

export interface Matching {
  /** In the order of A's layers, then those that only B has; identity layers on one side included. */
  readonly layers: readonly {
    readonly a: number | null;
    readonly b: number | null;
    readonly by: MatchedBy | null;
  }[];
  /** A's call per call of B, and B's per call of A. */
  readonly callA: readonly (number | null)[];
  readonly callB: readonly (number | null)[];
  /** Positions in `model.inputs` and `model.outputs`. */
  readonly inputs: readonly { readonly a: number; readonly b: number }[];
  readonly outputs: readonly { readonly a: number; readonly b: number }[];
  readonly structure: readonly StructureDifference[];
}

export async function matchModels(a: Model, b: Model): Promise<Matching> {
  const [flowA, flowB] = [flowOf(a), flowOf(b)];
  const pairing = await pairCalls(flowA, flowB);
  pairIdentities(a, b, pairing);
  const inputs = a.inputs.flatMap(({ call }, i) => {
    const other = b.inputs.findIndex((input) => input.call === pairing.callB.get(call));
    return other < 0 ? [] : [{ a: i, b: other }];
  });
  const outputs = pairOutputs(flowA, flowB, pairing);
  const matched = a.layers.map((_, index) => ({
    a: index,
    b: pairing.layerB.get(index) ?? null,
    by: pairing.by.get(index) ?? null,
  }));
  const onlyB = b.layers.flatMap((_, index) =>
    pairing.layerA.has(index) ? [] : [{ a: null, b: index, by: null }],
  );
  return {
    layers: [...matched, ...onlyB],
    callA: b.calls.map((_, call) => pairing.callA.get(call) ?? null),
    callB: a.calls.map((_, call) => pairing.callB.get(call) ?? null),
    inputs,
    outputs,
    structure: structureOf(flowA, flowB, pairing, inputs, outputs),
  };
}

async function pairCalls(a: Flow, b: Flow): Promise<Pairing> {
  const byPath = emptyPairing();
  pairByPath(a, b, byPath);
  grow(a, b, byPath);
  pairInputs(a, b, byPath);
  grow(a, b, byPath);
  const all = Math.max(count(a), count(b));
  if (agreement(a, b, byPath) === all) return byPath;

  const byPosition = emptyPairing();
  pairInputs(a, b, byPosition);
  grow(a, b, byPosition);
  const position = agreement(a, b, byPosition) > agreement(a, b, byPath);
  const best = position ? byPosition : byPath;
  if (position) pairByPath(a, b, best);
  await pairByWeights(a, b, best);
  grow(a, b, best);
  return best;
}

const count = ({ nodes }: Flow): number => nodes.filter((node) => node !== undefined).length;

/** Layers that are still alone: equal class and shapes, and the smallest weight of either is bit for bit the other's. */
async function pairByWeights(a: Flow, b: Flow, pairing: Pairing): Promise<void> {
  const digests = async (flow: Flow, taken: ReadonlyMap<number, number>): Promise<Map<string, number[]>> => {
    const byDigest = new Map<string, number[]>();
    for (const node of flow.nodes) {
      if (node === undefined || node.layer < 0 || taken.has(node.call)) continue;
      const digest = await digestOf(flow.model, node.layer);
      if (digest === null) continue;
      const key = `${node.className} ${node.shapes} ${digest}`;
      byDigest.set(key, [...(byDigest.get(key) ?? []), node.call]);
    }
    return byDigest;
  };
  const ofB = await digests(b, pairing.callA);
  for (const [key, callsA] of await digests(a, pairing.callB)) {
    const callsB = ofB.get(key) ?? [];
    const [nodeA, nodeB] = [a.nodes[callsA[0] ?? -1], b.nodes[callsB[0] ?? -1]];
    if (callsA.length === 1 && callsB.length === 1 && nodeA !== undefined && nodeB !== undefined)
      pair(pairing, nodeA, nodeB, "weights");
  }
}

/** A kernel of many numbers is rarely another's; biases are often all zero and tell nothing. */
const TELLING_VALUES = 3;

/** The numbers of the smallest weight that has at least three different ones. */
async function digestOf(model: Model, layer: number): Promise<string | null> {
  const weights = [...(model.layers[layer]?.weights ?? [])].sort(
    (x, y) => x.shape.reduce((n, d) => n * d, 1) - y.shape.reduce((n, d) => n * d, 1),
  );
  for (const weight of weights) {
    const { data } = await weight.read();
    const values = Array.from(data, Number);
    if (new Set(values).size >= TELLING_VALUES) return `${weight.spec.name} ${values.join()}`;
  }
  return null;
}

/** Dropout with Dropout, where both have it: by path, else by the tensor that it hands on. */
function pairIdentities(a: Model, b: Model, pairing: Pairing): void {
  for (const [callA, call] of a.calls.entries()) {
    if (!isIdentity(a, call.layer) || pairing.callB.has(callA)) continue;
    const twin = pairing.layerB.get(call.layer);
    if (twin !== undefined) {
      // A later call of a layer that is paired already.
      const next = b.calls.findIndex((other, callB) => other.layer === twin && !pairing.callA.has(callB));
      if (next >= 0) {
        pairing.callB.set(callA, next);
        pairing.callA.set(next, callA);
      }
      continue;
    }
    const [from] = call.inputs;
    const candidates = b.calls.flatMap((other, callB) => {
      const [fromB] = other.inputs;
      const same =
        isIdentity(b, other.layer) && !pairing.callA.has(callB) && !pairing.layerA.has(other.layer);
      const fed = from !== undefined && fromB !== undefined && pairing.callB.get(from.call) === fromB.call;
      const named = a.layers[call.layer]?.path === b.layers[other.layer]?.path;
      return same && (named || fed) ? [{ callB, layer: other.layer, named }] : [];
    });
    const found = candidates.find(({ named }) => named) ?? candidates[0];
    if (found === undefined) continue;
    pairing.callB.set(callA, found.callB);
    pairing.callA.set(found.callB, callA);
    pairing.layerB.set(call.layer, found.layer);
    pairing.layerA.set(found.layer, call.layer);
    pairing.by.set(call.layer, found.named ? "path" : "position");
  }
}

/** By the call that produces them, then by name; never by position alone. */
function pairOutputs(a: Flow, b: Flow, pairing: Pairing): { a: number; b: number }[] {
  const taken = new Set<number>();
  const found = new Map<number, number>();
  const take = (i: number, other: number): void => {
    if (other < 0 || found.has(i)) return;
    found.set(i, other);
    taken.add(other);
  };
  for (const [i, { call, output }] of a.outputs.entries())
    take(
      i,
      b.outputs.findIndex(
        (ref, j) => !taken.has(j) && pairing.callB.get(call) === ref.call && output === ref.output,
      ),
    );
  for (const [i, { name }] of a.model.outputs.entries())
    if (!found.has(i))
      take(
        i,
        b.model.outputs.findIndex((output, j) => !taken.has(j) && output.name === name),
      );
  return [...found].sort(([x], [y]) => x - y).map(([i, j]) => ({ a: i, b: j }));
}
