/** @file `vernier inputs A B`. Exit code 0: both hold the same; 1: they differ, whether the reason was found or not. */

import { VernierError } from "../base/errors.ts";
import { explainInputs } from "../explain/inputs/inputs-report.ts";
import type { NamedTensor } from "../explain/options.ts";
import { renderInputs } from "../report/inputs.ts";
import { renderJson } from "../report/json.ts";
import { colours } from "./colours.ts";
import { readInput, statesDtype } from "./inputs.node.ts";

export interface InputsFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color: boolean;
}

export async function runInputs(a: string, b: string, { json, quiet, color }: InputsFlags): Promise<number> {
  const started = performance.now();
  const [sideA, sideB] = [await readInput(a, "A"), await readInput(b, "B")];
  const [one, other] = pairOf(sideA, sideB);
  const found = explainInputs(one.tensor, other.tensor, { statedA: statesDtype(a), statedB: statesDtype(b) });
  const { report } = found;
  if (json === true) process.stdout.write(renderJson(report));
  else if (quiet !== true) {
    const elapsedMs = performance.now() - started;
    process.stdout.write(renderInputs(found, { elapsedMs, style: colours(color, process.stdout) }));
  }
  return report.equal ? 0 : 1;
}

/** One tensor on each side; of several those of one name. */
function pairOf(a: readonly NamedTensor[], b: readonly NamedTensor[]): [NamedTensor, NamedTensor] {
  const [onlyA, onlyB] = [a[0], b[0]];
  if (a.length === 1 && b.length === 1 && onlyA !== undefined && onlyB !== undefined) return [onlyA, onlyB];
  const shared = a.flatMap((tensor) => {
    const other = b.find(({ name }) => name === tensor.name);
    return other === undefined ? [] : [[tensor, other] as [NamedTensor, NamedTensor]];
  });
  const [pair] = shared;
  if (shared.length === 1 && pair !== undefined) return pair;
  const names = (list: readonly NamedTensor[]): string => list.map(({ name }) => name ?? "?").join(", ");
  throw new VernierError("usage.invalid", {
    reason: `one tensor on each side can be compared; A holds ${names(a) || "none"}, B ${names(b) || "none"}`,
  });
}
