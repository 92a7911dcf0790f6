/** @file Cause `structure` against a graph: inputs or outputs that one side has and the other has not. */

import type { TfjsGraphFile } from "../../formats/tfjs-graph.ts";
import type { Model } from "../../model/model.ts";
import type { Dims } from "../../tensor/tensor.ts";
import type { Finding } from "../finding.ts";
import type { BoundaryPair } from "../graph-boundary.ts";

export function graphStructureFindings(
  model: Model,
  graph: TfjsGraphFile,
  pairs: { readonly inputs: readonly BoundaryPair[]; readonly outputs: readonly BoundaryPair[] },
  graphIs: "a" | "b",
): Finding[] {
  const outputs = model.outputs.map(({ name, ref }) => ({
    name,
    dims: model.calls[ref.call]?.outputs[ref.output]?.dims ?? null,
  }));
  const ofGraph = (tensors: TfjsGraphFile["inputs"]) => tensors.map(({ key, dims }) => ({ name: key, dims }));
  return [
    ...alone("input", model.inputs, ofGraph(graph.inputs), pairs.inputs, graphIs),
    ...alone("output", outputs, ofGraph(graph.outputs), pairs.outputs, graphIs),
  ];
}

interface Named {
  readonly name: string;
  readonly dims: Dims | null;
}

function alone(
  what: "input" | "output",
  ofModel: readonly Named[],
  ofGraph: readonly Named[],
  pairs: readonly BoundaryPair[],
  graphIs: "a" | "b",
): Finding[] {
  const left = (side: "model" | "graph", list: readonly Named[]): Named[] =>
    list.filter((_, i) => pairs.every((pair) => pair[side] !== i));
  const [inModel, inGraph] = [left("model", ofModel), left("graph", ofGraph)];
  if (inModel.length + inGraph.length === 0) return [];
  const say = (list: readonly Named[]): string => list.map(sayTensor).join(", ") || "nothing in its place";
  const words = `the model has ${what} ${say(inModel)}, the graph ${say(inGraph)}`;
  const names = { model: inModel[0]?.name ?? null, graph: inGraph[0]?.name ?? null };
  const [valueA, valueB] = graphIs === "b" ? [names.model, names.graph] : [names.graph, names.model];
  return [
    {
      kind: "structure",
      side: "between",
      detail: `${what}s`,
      valueA,
      valueB,
      message: words,
      hint: "the graph was exported from another model, another version or with another signature; export the file that you trust again",
    },
  ];
}

const sayTensor = ({ name, dims }: Named): string =>
  `"${name}"${dims === null ? "" : ` [${dims.map((dim) => dim ?? "any").join(", ")}]`}`;
