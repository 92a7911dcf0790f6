/** @file Runs a model and its graph on the same samples: predictions, then every layer whose node is known. */

import type { Report } from "../compare/findings.ts";
import { compareOutputs } from "../compare/outputs.ts";
import type { Model } from "../model/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BoundaryPair } from "./graph-boundary.ts";
import type { RunningGraph } from "./graph-side.ts";
import { equalBits, largestDifference } from "./observe.ts";
import type { Reporter } from "./options.ts";
import type { SidePredictions } from "./seen.ts";
import { chunkSize, joinBatches, type RunningSide, rowsOf } from "./side.ts";

export interface GraphObservation {
  /** In the order of each side's outputs, all samples. */
  readonly predictions: { readonly model: readonly Tensor[]; readonly graph: readonly Tensor[] };
  /** Per call of the model whose node is known. */
  readonly maxAbs: ReadonlyMap<number, number>;
  /** The watched run of the graph gave other bits than the plain one. */
  readonly tracedDiffers: boolean;
}

export async function observeGraph(
  { model: side, graph }: { readonly model: RunningSide; readonly graph: RunningGraph },
  fed: { readonly model: readonly Tensor[]; readonly graph: readonly Tensor[]; readonly samples: number },
  nodes: readonly (string | null)[],
  reporter?: Reporter,
): Promise<GraphObservation> {
  const { model } = side;
  // Both sides' activations are held at once.
  const size = chunkSize([model, model], fed.samples);
  const starts = Array.from({ length: Math.ceil(fed.samples / size) }, (_, i) => i * size);
  const wanted = new Set(nodes.flatMap((node) => node ?? []));
  const predicted: { model: Tensor[][]; graph: Tensor[][] } = { model: [], graph: [] };
  const maxAbs = new Map<number, number>();
  let tracedDiffers = false;
  for (const [i, start] of starts.entries()) {
    reporter?.progress(i, starts.length);
    const inputs = rowsOf(fed.graph, start, start + size);
    const plain = await graph.predict(inputs);
    const { nodes: seen, outputs } = await graph.watch(inputs, wanted);
    if (plain.some((tensor, at) => !equalBits(tensor, outputs[at]))) tracedDiffers = true;
    predicted.graph.push(plain);
    const own = await activationsOf(side, rowsOf(fed.model, start, start + size));
    predicted.model.push(own.predictions);
    for (const [call, node] of nodes.entries()) {
      const other = node === null ? undefined : seen.get(node);
      const apart = largestDifference(own.activations[call]?.[0], other);
      if (apart !== null) maxAbs.set(call, larger(maxAbs.get(call) ?? 0, apart));
    }
  }
  return {
    predictions: { model: joinBatches(predicted.model), graph: joinBatches(predicted.graph) },
    maxAbs,
    tracedDiffers,
  };
}

/** The reference predicts in the run that shows its calls; of an engine, the plain run is what users get. */
async function activationsOf(
  side: RunningSide,
  inputs: readonly Tensor[],
): Promise<{ predictions: Tensor[]; activations: readonly (readonly Tensor[] | null)[] }> {
  const { outputs } = await side.activations(inputs);
  if (side.info !== null) return { predictions: await side.predict(inputs), activations: outputs };
  const predictions = side.model.outputs.flatMap(({ ref }) => outputs[ref.call]?.[ref.output] ?? []);
  return { predictions, activations: outputs };
}

/** NaN wins: it equals nothing. */
const larger = (x: number, y: number): number =>
  Number.isNaN(x) || Number.isNaN(y) ? Number.NaN : Math.max(x, y);

export interface GraphOutputs {
  readonly rows: Report["outputs"];
  readonly predictions: Report["predictions"];
  /** At least one output is on both sides with the same shape. */
  readonly compared: boolean;
}

/** `null` observation: the rows of outputs that no run gave. */
export function graphOutputs(
  model: Model,
  keys: readonly string[],
  pairs: readonly BoundaryPair[],
  observed: GraphObservation | null,
  graphIs: "a" | "b",
): GraphOutputs {
  const numeric = (tensor: Tensor | undefined): Tensor | null =>
    tensor === undefined || tensor.dtype === "string" ? null : tensor;
  const entry = (ofModel: number | null, ofGraph: number | null) => {
    const own = ofModel === null ? null : (model.outputs[ofModel]?.name ?? null);
    const key = ofGraph === null ? null : (keys[ofGraph] ?? null);
    const ours = ofModel === null ? null : numeric(observed?.predictions.model[ofModel]);
    const theirs = ofGraph === null ? null : numeric(observed?.predictions.graph[ofGraph]);
    return graphIs === "b"
      ? { name: own, nameB: key, a: ours, b: theirs }
      : { name: key, nameB: own, a: theirs, b: ours };
  };
  const alone = (side: "model" | "graph", count: number): number[] =>
    Array.from({ length: count }, (_, i) => i).filter((i) => pairs.every((pair) => pair[side] !== i));
  const { rows, worst, predictions } = compareOutputs([
    ...pairs.map((pair) => entry(pair.model, pair.graph)),
    ...alone("model", model.outputs.length).map((i) => entry(i, null)),
    ...alone("graph", keys.length).map((i) => entry(null, i)),
  ]);
  return { rows, predictions, compared: worst !== null };
}

/** The graph's outputs go by their keys in its signature. */
export function graphPredictions(
  { predictions }: GraphObservation,
  { model, info }: RunningSide,
  { keys, info: graphInfo }: Pick<RunningGraph, "info"> & { readonly keys: readonly string[] },
  graphIs: "a" | "b",
): { a: SidePredictions; b: SidePredictions } {
  const side = (
    names: readonly string[],
    tensors: readonly Tensor[],
    arithmetic: string | null,
  ): SidePredictions => ({
    outputs: tensors.map((tensor, i) => ({ name: names[i] ?? String(i), tensor })),
    arithmetic,
  });
  const names = model.outputs.map(({ name }) => name);
  const ofModel = side(names, predictions.model, info?.arithmetic.name ?? null);
  const ofGraph = side(keys, predictions.graph, graphInfo.arithmetic.name);
  return graphIs === "b" ? { a: ofModel, b: ofGraph } : { a: ofGraph, b: ofModel };
}
