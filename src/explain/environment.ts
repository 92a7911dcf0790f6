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
  const own = await ownResults(continuation);
  const reference = await continueFrom(continuation, own, -1);
  const values: number[] = [];
  for (const cut of cuts) values.push(await continueFrom(continuation, own, cut));
  return { reference, values };
}

/** The engine's results with the masks that the model means on them. */
async function ownResults({
  model,
  ops,
  weightsOf,
  inputs,
  activations,
}: Continuation): Promise<(LayerResult<RealTensor> | undefined)[]> {
  const own: (LayerResult<RealTensor> | undefined)[] = new Array(model.calls.length);
  await evaluate<RealTensor>(model, ops, {
    inputs,
    weightsOf,
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
): Promise<number> {
  return read(
    await evaluate<RealTensor>(model, ops, {
      inputs,
      weightsOf,
      known: (call) => (call <= cut ? own[call] : undefined),
    }),
  );
}

/**
 * Where to cut: everywhere in a small model; in a large one around each refuted call and after those with the
 * largest local errors. A cut costs half a prediction.
 */
export function chooseCuts(
  calls: number,
  refuted: readonly number[],
  byLocalError: readonly number[],
  limit: number,
): number[] {
  const last = calls - 1;
  if (calls <= limit) return Array.from({ length: calls }, (_, i) => i);
  const chosen = new Set([last]);
  for (const call of [...refuted, ...byLocalError]) {
    if (chosen.size >= limit) break;
    if (call > 0) chosen.add(call - 1);
    chosen.add(call);
  }
  return [...chosen].sort((x, y) => x - y);
}
