/**
 * @file `check` where one side is a graph model: it has nodes in place of layers, so that outputs, weights and the
 * layers whose names or weights match are compared. Certificates and the budget by layer come in a later release.
 */

import type { VernierError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import { VERSION } from "../base/version.ts";
import type { Cause, Report, Side } from "../compare/findings.ts";
import { type GraphWeights, matchGraphWeights } from "../compare/graph-weights.ts";
import type { Engine, EngineOptions } from "../engines/engine.ts";
import { weightCache } from "../model/weights.ts";
import { float64Ops } from "../ops/float64.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { graphStructureFindings } from "./causes/graph-structure.ts";
import { type GraphWeightFindings, graphWeightFindings } from "./causes/graph-weights.ts";
import { inputFindingsOf } from "./causes/input.ts";
import { isFailure } from "./failure.ts";
import { type Fed, feed } from "./feed.ts";
import { causeFrom } from "./finding.ts";
import { type BoundaryPair, boundaryModel, pairInputs, pairOutputs, writerOf } from "./graph-boundary.ts";
import { COMES_LATER, graphLayerRows, graphLayers } from "./graph-layers.ts";
import { boundaryNotes, castNotes, tracedNote, weightsNote } from "./graph-notes.ts";
import { type GraphObservation, graphOutputs, graphPredictions, observeGraph } from "./graph-observe.ts";
import { asGraphTakes, graphSide, type RunningGraph } from "./graph-side.ts";
import { type JudgedPredictions, judgePredictions } from "./judge-predictions.ts";
import type { CheckedGraph, CheckedModel, InputSpec, PredictionOptions, Reporter } from "./options.ts";
import { engineSide, type RunningSide, referenceSide } from "./side.ts";
import { headlineOf, verdictOf } from "./verdict.ts";

export interface CheckGraphOptions extends PredictionOptions {
  readonly model: CheckedModel;
  readonly graph: CheckedGraph;
  /** Which side of the check the graph is. */
  readonly graphIs: "a" | "b";
  readonly modelEngine: "reference" | Engine;
  readonly graphEngine: Engine;
  readonly engineOptions: EngineOptions;
  readonly input: InputSpec;
  /** KIND or KIND:LAYER of causes that do not fail the check. */
  readonly accept: readonly string[];
  readonly reproduce: string;
  readonly reporter?: Reporter;
}

export async function checkGraph(options: CheckGraphOptions): Promise<Report> {
  const { model: checked, graph: checkedGraph, graphIs, input } = options;
  const { model } = checked;
  const { graph } = checkedGraph;
  const timings: Record<string, number> = {};
  const timed = async <T>(stage: string, work: () => Promise<T>): Promise<T> => {
    options.reporter?.stage(stage);
    const start = performance.now();
    const result = await work();
    timings[stage] = (timings[stage] ?? 0) + performance.now() - start;
    return result;
  };
  const cache = weightCache();
  const weights = await timed("compare files", () => matchGraphWeights(model, graph, cache));
  const ofWeights = graphWeightFindings(model, weights, graphIs);
  const layers = graphLayers(model, graph, weights);
  const pairs = { inputs: pairInputs(model, graph), outputs: pairOutputs(model, graph, layers.layerOf) };
  const fed = await feedBoth(options, pairs.inputs);
  const running: { model: RunningSide | null; graph: RunningGraph | null } = { model: null, graph: null };
  let observed: GraphObservation | null = null;
  let failure: VernierError | null = null;
  let asked: JudgedPredictions | null = null;
  const keys = graph.outputs.map(({ key }) => key);
  try {
    await using graphRuns = await timed("load graph", () =>
      graphSide(checkedGraph, options.graphEngine, options.engineOptions),
    );
    running.graph = graphRuns;
    await using modelRuns = await timed("load model", () => openModel(options, cache));
    running.model = modelRuns;
    if (fed !== null) {
      const both = { model: modelRuns, graph: graphRuns };
      observed = await timed("run", () => observeGraph(both, fed, layers.nodes, options.reporter));
      const ofModel = {
        inputs: fed.model,
        predict: (inputs: readonly Tensor[]) => modelRuns.predict(inputs),
      };
      const ofGraph = {
        inputs: fed.graph,
        predict: (inputs: readonly Tensor[]) => graphRuns.predict(inputs),
      };
      asked = await judgePredictions(
        options,
        graphPredictions(observed, modelRuns, { ...graphRuns, keys }, graphIs),
        graphIs === "b" ? { a: ofModel, b: ofGraph } : { a: ofGraph, b: ofModel },
      );
    }
  } catch (error) {
    if (!isFailure(error)) throw error;
    failure = error;
  }
  const outputs = graphOutputs(model, keys, pairs.outputs, observed, graphIs);
  const inputFindings = await inputFindingsOf(fed?.pairs ?? [], model, cache);
  const findings = [
    ...graphStructureFindings(model, graph, pairs, graphIs),
    ...ofWeights.findings,
    ...inputFindings,
  ];
  const causes = findings.map((finding) =>
    accepted(causeFrom(finding, { contribution: null, alone: null }), options),
  );
  const verdict = verdictOf({
    causes,
    certificates: [],
    predicted: outputs.compared,
    judged: false,
    sameInput: inputFindings.length === 0,
  });
  asked ??= await judgePredictions(options, null, null);
  const notCompared = [...reasonsNotCompared(failure, fed, ofWeights), ...asked.notCompared];
  const sides = {
    model: await sideOfModel(checked, running.model, options.modelEngine),
    graph: await sideOfGraph(checkedGraph, running.graph, options.graphEngine),
  };
  const [a, b] = graphIs === "b" ? [sides.model, sides.graph] : [sides.graph, sides.model];
  const samples = fed?.samples ?? 0;
  return {
    schema: "vernier.report/1",
    vernier: VERSION,
    verdict,
    headline: headlineOf(verdict, {
      isAsSeen: asked.seen.every(({ reproduced }) => reproduced),
      causes,
      outputs: outputs.rows,
      samples,
      engineA: a.engine,
      engineB: b.engine,
      reason: failure?.message ?? reasonFor(outputs.rows, weights, ofWeights),
    }),
    sides: { a, b },
    input: {
      source: input.source,
      samples,
      seed: input.source === "synthetic" ? input.seed : null,
      tensors: fed?.tensors ?? [],
    },
    outputs: outputs.rows,
    predictions: outputs.predictions,
    seen: asked.seen,
    accuracy: asked.accuracy,
    budget: null,
    layers: graphLayerRows(model, layers, observed?.maxAbs ?? new Map(), {
      graphIs,
      reference: options.modelEngine === "reference",
      ran: observed !== null,
    }),
    causes,
    notCompared,
    problems: [
      weightsNote(model, weights, ofWeights),
      ...boundaryNotes(model, graph, pairs),
      ...(fed === null ? [] : castNotes(graph, fed.graph, fed.graphAsFed)),
      ...(observed?.tracedDiffers === true ? [tracedNote(graphIs)] : []),
      ...placed(model.problems, graphIs === "b" ? "a" : "b"),
      ...placed(graph.problems, graphIs),
      ...(failure === null ? [] : [failure.problem]),
    ],
    reproduce: options.reproduce,
    timingsMs: timings,
  };
}

function openModel(
  { model, modelEngine, engineOptions }: CheckGraphOptions,
  cache: ReturnType<typeof weightCache>,
): Promise<RunningSide> {
  return modelEngine === "reference"
    ? Promise.resolve(referenceSide(model.model, float64Ops(), cache))
    : engineSide(model.model, modelEngine, { path: model.path, format: model.format }, engineOptions);
}

interface BothFed {
  readonly samples: number;
  readonly model: Fed["a"];
  /** In the types that the graph takes; `graphAsFed` before that. */
  readonly graph: Fed["a"];
  readonly graphAsFed: Fed["a"];
  readonly pairs: Fed["pairs"];
  readonly tensors: Fed["tensors"];
}

/** Made-up samples are made for the model, whose layers say what they expect. `null`: the graph takes in other things. */
async function feedBoth(
  { model: { model }, graph: { graph }, graphIs, input }: CheckGraphOptions,
  pairs: readonly BoundaryPair[],
): Promise<BothFed | null> {
  if (graph.inputs.some((_, i) => pairs.every((pair) => pair.graph !== i))) return null;
  const graphFirst = graphIs === "a" && input.source === "files";
  const boundary = boundaryModel(graph);
  const fed = graphFirst
    ? await feed(input, boundary, model, { inputs: pairs.map((pair) => ({ a: pair.graph, b: pair.model })) })
    : await feed(input, model, boundary, { inputs: pairs.map((pair) => ({ a: pair.model, b: pair.graph })) });
  const [ofModel, ofGraph] = graphFirst ? [fed.b, fed.a] : [fed.a, fed.b];
  const cast = ofGraph.map((tensor, i) => {
    const takes = graph.inputs[i];
    return takes === undefined ? tensor : asGraphTakes(tensor, takes);
  });
  return {
    samples: fed.samples,
    model: ofModel,
    graph: cast,
    graphAsFed: ofGraph,
    pairs: fed.pairs,
    tensors: fed.tensors,
  };
}

function reasonsNotCompared(
  failure: VernierError | null,
  fed: BothFed | null,
  { open }: GraphWeightFindings,
): Report["notCompared"] {
  return [
    ...(failure === null ? [] : [{ what: "predictions", reason: failure.message }]),
    ...(fed === null
      ? [{ what: "predictions", reason: "the graph takes in other inputs than the model" }]
      : []),
    ...open,
    { what: "certificates", reason: COMES_LATER },
    { what: "budget", reason: "the budget by layer for graph models comes in a later release" },
  ];
}

/** What was found although nothing could be proved, in half a sentence. */
function reasonFor(rows: Report["outputs"], { total }: GraphWeights, { open }: GraphWeightFindings): string {
  const largest = rows.flatMap(({ maxAbs }) => maxAbs ?? []);
  const apart =
    largest.length === 0
      ? "no output could be compared"
      : `the predictions are at most ${Math.max(...largest).toPrecision(3)} apart`;
  const same =
    open.length === 0
      ? `all ${total} weights are the same`
      : `${open.length} of ${total} weights could not be found in the graph`;
  return `${apart} and ${same}, but the layers of a graph model cannot be certified yet`;
}

function accepted(cause: Cause, { accept }: CheckGraphOptions): Cause {
  const { kind, layer, layerB } = cause;
  const matches = accept.some((word) => {
    const at = word.indexOf(":");
    const where = at < 0 ? null : word.slice(at + 1);
    return (
      (at < 0 ? word : word.slice(0, at)) === kind && (where === null || where === layer || where === layerB)
    );
  });
  return { ...cause, accepted: matches };
}

const placed = (problems: readonly Problem[], side: "a" | "b"): Problem[] =>
  problems.map((problem) => ({ ...problem, where: `${side}: ${problem.where}` }));

async function sideOfModel(
  { model, path, format, sha256 }: CheckedModel,
  running: RunningSide | null,
  engine: "reference" | Engine,
): Promise<Side> {
  const reference = engine === "reference";
  return {
    path,
    format,
    dialect: model.dialect,
    writer: model.writer,
    backend: model.backend,
    engine: running?.engine ?? (reference ? "reference" : engine.id),
    engineVersion: running?.info?.version ?? (reference ? VERSION : "not started"),
    arithmetic: running?.info?.arithmetic.name ?? (reference ? "float64" : "unknown"),
    hardware: running?.info?.hardware ?? null,
    sha256: await sha256(),
  };
}

async function sideOfGraph(
  { graph, path, format, sha256 }: CheckedGraph,
  running: RunningGraph | null,
  engine: Engine,
): Promise<Side> {
  const info = running?.info ?? null;
  return {
    path,
    format,
    dialect: "tfjs",
    writer: writerOf(graph),
    backend: null,
    engine: info?.engine ?? engine.id,
    engineVersion: info?.version ?? "not started",
    arithmetic: info?.arithmetic.name ?? "unknown",
    hardware: info?.hardware ?? null,
    sha256: await sha256(),
  };
}
