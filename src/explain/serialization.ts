/**
 * @file What the files' differences do to one prediction, switched on one after the other.
 *
 * The walk starts with the reference of A and ends in the reference of B; in between stand hybrids: A's graph in which
 * some layers already have B's config and weights. Each step's change is the term of what it switched, so that the
 * terms telescope. Only the calls behind a switched layer are computed again.
 */

import { evaluate } from "../model/evaluate.ts";
import type { BoundLayer, LayerResult } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import type { Ops } from "../ops/ops.ts";
import type { RealTensor } from "../tensor/tensor.ts";
import type { FileDifference } from "./evidence.ts";

export interface Hybrids {
  readonly a: Model;
  readonly b: Model;
  readonly ops: Ops<RealTensor>;
  weightsOf(model: Model, layer: number): Promise<ReadonlyMap<string, RealTensor>>;
  /** The number to follow through the hybrids. */
  read(outputs: readonly RealTensor[]): number;
}

/** Which side of each switched layer of A is B's. */
interface Switched {
  readonly layerB: number;
  config: boolean;
  readonly weights: Set<string>;
}

/** The followed number after each step, the one before any step first: one more entry than `steps`. */
export async function switchOneByOne(
  hybrids: Hybrids,
  inputs: readonly RealTensor[],
  steps: readonly (readonly FileDifference[])[],
): Promise<number[]> {
  const { a } = hybrids;
  const switched = new Map<number, Switched>();
  const results: (LayerResult<RealTensor> | undefined)[] = new Array(a.calls.length);
  const values = [await walk(hybrids, inputs, switched, results, 0)];
  for (const step of steps) {
    for (const difference of step) apply(hybrids.b, switched, difference);
    const touched = new Set(step.map(({ layerA }) => layerA));
    const first = a.calls.findIndex((call) => touched.has(call.layer));
    values.push(
      first < 0 ? (values.at(-1) ?? Number.NaN) : await walk(hybrids, inputs, switched, results, first),
    );
  }
  return values;
}

/** The followed number when only `differences` are B's and everything else is A's; `base` gives the roles. */
export async function withOnly(
  hybrids: Hybrids,
  inputs: readonly RealTensor[],
  differences: readonly FileDifference[],
): Promise<number> {
  const switched = new Map<number, Switched>();
  for (const difference of differences) apply(hybrids.b, switched, difference);
  return walk(hybrids, inputs, switched, new Array(hybrids.a.calls.length), 0);
}

function apply(b: Model, switched: Map<number, Switched>, difference: FileDifference): void {
  const state = switched.get(difference.layerA) ?? {
    layerB: difference.layerB,
    config: false,
    weights: new Set<string>(),
  };
  switched.set(difference.layerA, state);
  if (difference.kind !== "weight") state.config = true;
  if (difference.kind === "weight") state.weights.add(difference.name);
  if (difference.kind === "layer")
    for (const { name } of b.layers[difference.layerB]?.layer.weights ?? []) state.weights.add(name);
}

async function walk(
  { a, b, ops, weightsOf, read }: Hybrids,
  inputs: readonly RealTensor[],
  switched: ReadonlyMap<number, Switched>,
  results: (LayerResult<RealTensor> | undefined)[],
  from: number,
): Promise<number> {
  const outputs = await evaluate<RealTensor>(a, ops, {
    inputs,
    known: (call) => (call < from ? results[call] : undefined),
    layerOf: (layer) => boundLayer(a, b, switched, layer),
    weightsOf: (layer) => hybridWeights(a, switched, layer, weightsOf, b),
    onCall: (call, result) => {
      results[call] = result;
    },
  });
  return read(outputs);
}

function boundLayer(a: Model, b: Model, switched: ReadonlyMap<number, Switched>, layer: number): BoundLayer {
  const state = switched.get(layer);
  const chosen = state?.config === true ? b.layers[state.layerB] : a.layers[layer];
  if (chosen === undefined) throw new RangeError(`no layer ${layer}`);
  return chosen.layer;
}

async function hybridWeights(
  a: Model,
  switched: ReadonlyMap<number, Switched>,
  layer: number,
  weightsOf: Hybrids["weightsOf"],
  b: Model,
): Promise<ReadonlyMap<string, RealTensor>> {
  const own = await weightsOf(a, layer);
  const state = switched.get(layer);
  if (state === undefined || state.weights.size === 0) return own;
  const other = await weightsOf(b, state.layerB);
  const names = state.config ? other.keys() : own.keys();
  return new Map(
    [...new Set([...names, ...state.weights])].flatMap((name) => {
      const value = state.weights.has(name) ? other.get(name) : own.get(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
