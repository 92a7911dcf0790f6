/** @file One check of two files that are open: two models, or a model and a graph. */

import { VernierError } from "../base/errors.ts";
import type { Report } from "../compare/findings.ts";
import type { OpenedModel } from "../dialects/read.node.ts";
import type { OpenedGraph } from "../dialects/read-graph.node.ts";
import type { Engine } from "../engines/engine.ts";
import { check } from "../explain/check.ts";
import { checkGraph } from "../explain/check-graph.ts";
import { boundaryModel } from "../explain/graph-boundary.ts";
import type { CheckOptions } from "../explain/options.ts";
import type { ModelInput } from "../model/model.ts";

export type OpenedSide = OpenedModel | OpenedGraph;

/** What a side takes in, for the files of `--input`. */
export const inputsOf = (side: OpenedSide): readonly ModelInput[] =>
  "graph" in side ? boundaryModel(side.graph).inputs : side.model.inputs;

/** What runs a side unless the user says otherwise: TF.js what is TF.js's; a graph has no 64-bit reading yet. */
export const engineFor = ({ format }: OpenedSide, side: "a" | "b"): string =>
  format === "tfjs-graph" || (side === "b" && format === "tfjs-layers") ? "tfjs:wasm" : "reference";

export async function checkPair(
  a: OpenedSide,
  b: OpenedSide,
  options: Omit<CheckOptions, "a" | "b">,
): Promise<Report> {
  const { engineA, engineB, ...rest } = options;
  if (!("graph" in a) && !("graph" in b)) return check({ a, b, ...options });
  if ("graph" in a && "graph" in b) {
    throw new VernierError(
      "file.unsupported",
      { what: "two graph models", remedy: "compare each with the Keras model that it was exported from" },
      { where: b.path },
    );
  }
  if ("graph" in b) {
    const [graphEngine, model] = [runsGraph(engineB), a as OpenedModel];
    return checkGraph({ ...rest, model, graph: b, graphIs: "b", modelEngine: engineA, graphEngine });
  }
  const [graphEngine, graph] = [runsGraph(engineA), a as OpenedGraph];
  return checkGraph({ ...rest, model: b, graph, graphIs: "a", modelEngine: engineB, graphEngine });
}

function runsGraph(engine: "reference" | Engine): Engine {
  if (engine !== "reference" && engine.id.startsWith("tfjs:")) return engine;
  const id = engine === "reference" ? engine : engine.id;
  throw new VernierError("usage.invalid", {
    reason: `a graph model runs in TensorFlow.js (tfjs:wasm, tfjs:webgl, …), not in ${id}`,
  });
}
