/** @file Certificates by two threads: which calls the other one judges, and what it has to be told for that. */

import type { Trace } from "../compare/trace.ts";
import { maskedInputs } from "../convert/masked-calls.ts";
import type { Model } from "../model/model.ts";
import { workOf } from "./work.ts";

/** Below so many multiply-adds one thread is done before another has started. */
const LEAST_WORK = 1.5e8;

/**
 * Half of the work, as calls; empty where it is not worth it. Each call is judged on the engine's own tensors, so that
 * only masks, which the layers make one after the other, tie calls together: a model with masks is judged by one thread.
 */
export function shareOf(model: Model, samples: number): ReadonlySet<number> {
  const work = workOf(model).map((one) => one * samples);
  const share = new Set<number>();
  if (work.reduce((sum, one) => sum + one, 0) < LEAST_WORK) return share;
  if (maskedInputs(model).some((masks) => masks > 0)) return share;
  let [here, there] = [0, 0];
  const largestFirst = work.map((one, call) => ({ one, call })).sort((x, y) => y.one - x.one);
  for (const { one, call } of largestFirst) {
    if ((model.calls[call]?.layer ?? -1) < 0) continue;
    if (there < here) {
      share.add(call);
      there += one;
    } else here += one;
  }
  return share;
}

/** What judging `calls` needs of a trace: what they gave, and what they were fed. */
export function traceFor(model: Model, trace: Trace, calls: ReadonlySet<number>): Trace {
  const needed = new Set(calls);
  for (const call of calls)
    for (const { call: from } of [
      ...(model.calls[call]?.inputs ?? []),
      ...(model.calls[call]?.initial_state ?? []),
    ])
      needed.add(from);
  return {
    outputs: trace.outputs.map((outputs, call) => (needed.has(call) ? outputs : null)),
    cells: trace.cells.map((cells, call) => (calls.has(call) ? cells : [])),
    final: [],
    unmatched: [],
  };
}
