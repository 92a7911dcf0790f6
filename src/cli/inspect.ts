/** @file `vernier inspect MODEL`. */

import { readModelPath } from "../dialects/read.node.ts";
import { LAYERS_IN_TFJS } from "../layers/in-tensorflow-js.ts";
import { inspectModel, renderInspect } from "../report/inspect.ts";
import { renderJson } from "../report/json.ts";
import { colours } from "./colours.ts";

export async function runInspect(
  path: string,
  { json, color }: { readonly json?: boolean; readonly color: boolean },
): Promise<number> {
  await using opened = await readModelPath(path);
  const report = inspectModel(opened.model, LAYERS_IN_TFJS);
  process.stdout.write(
    json === true ? renderJson(report) : renderInspect(report, opened.path, colours(color, process.stdout)),
  );
  return report.problems.some(({ severity }) => severity === "error") ? 2 : 0;
}
