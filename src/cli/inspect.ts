/** @file `vernier inspect MODEL`. */

import type { Problem } from "../base/problem.ts";
import { readModelOrGraph } from "../dialects/read-graph.node.ts";
import { writerOf } from "../explain/graph-boundary.ts";
import { LAYERS_IN_TFJS } from "../layers/in-tensorflow-js.ts";
import { inspectModel, renderInspect } from "../report/inspect.ts";
import { inspectGraph, renderInspectGraph } from "../report/inspect-graph.ts";
import { renderJson } from "../report/json.ts";
import { colours } from "./colours.ts";

export async function runInspect(
  path: string,
  {
    json,
    color,
    architecture,
  }: { readonly json?: boolean; readonly color: boolean; readonly architecture?: string },
): Promise<number> {
  await using opened = await readModelOrGraph(path, architecture === undefined ? {} : { architecture });
  const style = colours(color, process.stdout);
  if ("graph" in opened) {
    const report = inspectGraph(opened.graph, writerOf(opened.graph));
    process.stdout.write(json === true ? renderJson(report) : renderInspectGraph(report, opened.path, style));
    return exitCodeOf(report);
  }
  const report = inspectModel(opened.model, LAYERS_IN_TFJS);
  process.stdout.write(json === true ? renderJson(report) : renderInspect(report, opened.path, style));
  return exitCodeOf(report);
}

const exitCodeOf = ({ problems }: { readonly problems: readonly Problem[] }): number =>
  problems.some(({ severity }) => severity === "error") ? 2 : 0;
