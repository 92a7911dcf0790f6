/** @file What a check against a graph says beside its verdict: what was found, what was paired by position, what was cast. */

import type { Problem } from "../base/problem.ts";
import type { GraphWeights } from "../compare/graph-weights.ts";
import type { TfjsGraphFile } from "../formats/tfjs-graph.ts";
import type { Model } from "../model/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { GraphWeightFindings } from "./causes/graph-weights.ts";
import type { BoundaryPair } from "./graph-boundary.ts";

/** The screen of a check that could not decide shows this one (report/graph.ts). */
export const WEIGHTS_NOTE = "graph.weights";

export function weightsNote(
  model: Model,
  { found, total }: GraphWeights,
  { findings, open }: GraphWeightFindings,
): Problem {
  const folded = new Set(found.flatMap(({ form }) => form.normalization ?? [])).size;
  const paths = model.layers.length;
  const normalizations =
    folded === 0
      ? ""
      : `; ${folded === 1 ? "1 normalization is" : `${folded} normalizations are`} folded, within rounding`;
  const message =
    total === 0
      ? `none of the ${paths} layers has weights`
      : findings.length === 0 && open.length === 0
        ? `all ${total} weights of the model are in the graph${normalizations}`
        : `of ${total} weights of the model ${findings.length} differ in the graph and ${open.length} were not found${normalizations}`;
  return { code: WEIGHTS_NOTE, where: "", message, hint: "", severity: "note" };
}

export function boundaryNotes(
  model: Model,
  graph: TfjsGraphFile,
  {
    inputs,
    outputs,
  }: { readonly inputs: readonly BoundaryPair[]; readonly outputs: readonly BoundaryPair[] },
): Problem[] {
  const note = (what: string, own: string | undefined, key: string | undefined): Problem => ({
    code: "graph.by-position",
    where: key ?? "",
    message: `${what} "${key}" of the graph was taken for "${own}" of the model by its position: no name or shape decides`,
    hint: `check that this is the ${what} you mean; the signature of an export may list them in another order`,
    severity: "warning",
  });
  return [
    ...inputs.flatMap((pair) =>
      pair.by === "position"
        ? [note("input", model.inputs[pair.model]?.name, graph.inputs[pair.graph]?.key)]
        : [],
    ),
    ...outputs.flatMap((pair) =>
      pair.by === "position"
        ? [note("output", model.outputs[pair.model]?.name, graph.outputs[pair.graph]?.key)]
        : [],
    ),
  ];
}

export function castNotes(graph: TfjsGraphFile, cast: readonly Tensor[], fed: readonly Tensor[]): Problem[] {
  return cast.flatMap((tensor, i) => {
    const before = fed[i];
    const key = graph.inputs[i]?.key ?? String(i);
    if (before === undefined || before.dtype === tensor.dtype) return [];
    return [
      {
        code: "graph.input-type",
        where: key,
        message: `the graph takes "${key}" in ${tensor.dtype}: it was fed the same numbers in that type, not in ${before.dtype}`,
        hint: `a page has to feed ${tensor.dtype} too: TF.js does not convert for a graph model`,
        severity: "note",
      },
    ];
  });
}

export const tracedNote = (side: "a" | "b"): Problem => ({
  code: "trace.differs",
  where: side,
  message: "the watched run of the graph gave other bits than the plain one; its layers show the watched run",
  hint: "the outputs are those of the plain run",
  severity: "warning",
});
