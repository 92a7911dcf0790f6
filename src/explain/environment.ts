/**
 * @file How an engine's local errors reach one prediction: the engine's own activations up to a cut, the reference
 * after it, cut after cut.
 *
 * Calls are sorted topologically, so every prefix of them is a cut. The number followed moves from the reference (no
 * call is the engine's) to the engine's prediction (all are); each move is the term of the calls between two cuts.
 */

import { evaluate } from "../model/evaluate.ts";
import type { LayerResult } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import type { Ops } from "../ops/ops.ts";
import type { RealTensor } from "../tensor/tensor.ts";

export interface Continuation {
  readonly model: Model;
  readonly ops: Ops<RealTensor>;
  weightsOf(layer: number): Promise<ReadonlyMap<string, RealTensor>>;
  /** In the order of `model.inputs`. */
  readonly inputs: readonly RealTensor[];
  /** The engine's outputs per call; `null` where the trace has none: the reference stands in. */
  readonly activations: readonly (readonly RealTensor[] | null)[];
  read(outputs: readonly RealTensor[]): number;
}

/** The followed number at each cut; `cuts` are call indices, ascending: the engine's own up to and including them. */
export async function cutByCut(
  continuation: Continuation,
  cuts: readonly number[],
): Promise<{ reference: number; values: number[] }> {
  const masked = new Set<number>();
  const reference = await continueFrom(continuation, [], -1, (call, { masks }) => {
    if (masks.some((mask) => mask !== null)) masked.add(call);
  });
  const own = await ownResults(continuation, masked);
  const values: number[] = [];
  for (const cut of cuts) values.push(await continueFrom(continuation, own, cut));
  return { reference, values };
}

/**
 * The engine's results with the masks that the model means on them. Whether a call gives a mask does not depend on
 * numbers, so that only the calls in `masked`, and those that the trace lacks, have to be computed.
 */
async function ownResults(
  { model, ops, weightsOf, inputs, activations }: Continuation,
  masked: ReadonlySet<number>,
): Promise<(LayerResult<RealTensor> | undefined)[]> {
  const own: (LayerResult<RealTensor> | undefined)[] = model.calls.map((_, call) => {
    const outputs = masked.has(call) ? null : activations[call];
    return outputs === null || outputs === undefined
      ? undefined
      : { outputs, masks: outputs.map(() => null) };
  });
  await evaluate<RealTensor>(model, ops, {
    inputs,
    weightsOf,
    known: (call) => own[call],
    given: (call) => activations[call] ?? undefined,
    onCall: (call, result) => {
      own[call] = result;
    },
  });
  return own;
}

async function continueFrom(
  { model, ops, weightsOf, inputs, read }: Continuation,
  own: readonly (LayerResult<RealTensor> | undefined)[],
  cut: number,
  onCall?: (call: number, result: LayerResult<RealTensor>) => void,
): Promise<number> {
  return read(
    await evaluate<RealTensor>(model, ops, {
      inputs,
      weightsOf,
      known: (call) => (call <= cut ? own[call] : undefined),
      ...(onCall === undefined ? {} : { onCall }),
    }),
  );
}

/** How many cuts there may be, and how many multiply-adds of a reference they may take; the first `least` are free. */
export interface CutLimits {
  readonly most: number;
  readonly least: number;
  readonly work: number;
}

/**
 * Where to cut: everywhere in a small model; in a large one around each refuted call and after those with the
 * largest local errors, as far as the limits go. A cut costs the work of the calls after it.
 */
export function chooseCuts(
  work: readonly number[],
  refuted: readonly number[],
  byLocalError: readonly number[],
  { most, least, work: allowed }: CutLimits,
): number[] {
  const after = workAfter(work);
  const total = after.reduce((sum, own) => sum + own, 0);
  if (work.length <= most && total <= allowed) return work.map((_, call) => call);
  const chosen = new Set([work.length - 1]);
  let spent = 0;
  for (const call of [...refuted, ...byLocalError]) {
    if (chosen.size >= most) break;
    const around = [call - 1, call].filter((cut) => cut >= 0 && !chosen.has(cut));
    const cost = around.reduce((sum, cut) => sum + (after[cut] ?? 0), 0);
    if (chosen.size >= least && spent + cost > allowed) continue;
    for (const cut of around) chosen.add(cut);
    spent += cost;
  }
  return [...chosen].sort((x, y) => x - y);
}

function workAfter(work: readonly number[]): number[] {
  const after = new Array<number>(work.length);
  let sum = 0;
  for (let call = work.length - 1; call >= 0; call--) {
    after[call] = sum;
    sum += work[call] ?? 0;
  }
  return after;
}
