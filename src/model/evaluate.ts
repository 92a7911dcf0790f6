/**
 * @file Runs a canonical model in any reading, call by call, freeing each tensor after its last use.
 *
 * The same walk gives the float64 reference, hybrids (some layers from the other model) and continuations (an
 * engine's own activations up to a cut, the reading after it).
 */

import { VernierError } from "../base/errors.ts";
import type { Ops } from "../ops/ops.ts";
import type { BoundLayer, LayerResult } from "./layer.ts";
import type { Call, Model, TensorRef } from "./model.ts";

export interface EvaluateOptions<T> {
  /** In the order of `model.inputs`. */
  readonly inputs: readonly T[];
  /** The weights of one layer by name; asked once per call of it. */
  weightsOf(layer: number): Promise<ReadonlyMap<string, T>>;
  /** Another layer in place of the model's own (hybrids); its weights come from `weightsOf` all the same. */
  layerOf?(layer: number): BoundLayer;
  /** Outputs known from elsewhere: this call is not computed, but its masks are. */
  given?(call: number): readonly T[] | undefined;
  /** Results known from an earlier walk: nothing is computed for this call. */
  known?(call: number): LayerResult<T> | undefined;
  /** Sees each call's result; `inputs` and `masks` are what it was computed from. */
  onCall?(
    call: number,
    result: LayerResult<T>,
    fed: { inputs: readonly T[]; masks: readonly (T | null)[] },
  ): void | Promise<void>;
}

/** Outputs in the order of `model.outputs`. */
export async function evaluate<T>(model: Model, ops: Ops<T>, options: EvaluateOptions<T>): Promise<T[]> {
  const results: (LayerResult<T> | undefined)[] = new Array(model.calls.length);
  const lastUse = lastUses(model);
  for (const [index, call] of model.calls.entries()) {
    const result = options.known?.(index) ?? (await evaluateCall(model, ops, options, results, index, call));
    results[index] = result;
    for (const ref of [...call.inputs, ...call.initial_state]) {
      if (lastUse[ref.call] === index) results[ref.call] = undefined;
    }
  }
  return model.outputs.map(({ ref }) => outputAt(results, ref));
}

async function evaluateCall<T>(
  model: Model,
  ops: Ops<T>,
  options: EvaluateOptions<T>,
  results: readonly (LayerResult<T> | undefined)[],
  index: number,
  call: Call,
): Promise<LayerResult<T>> {
  const entry = model.layers[call.layer];
  if (entry === undefined) {
    const position = model.inputs.findIndex((input) => input.call === index);
    const fed = options.inputs[position];
    if (fed === undefined)
      throw new VernierError("input.invalid", { reason: `nothing is fed to "${call.id}"` });
    return { outputs: [fed], masks: [null] };
  }
  const inputs = call.inputs.map((ref) => outputAt(results, ref));
  const masks = call.inputs.map((ref, i) => {
    const own = call.masks?.[i];
    return own === undefined || own === null
      ? (results[ref.call]?.masks[ref.output] ?? null)
      : outputAt(results, own);
  });
  const layer = options.layerOf?.(call.layer) ?? entry.layer;
  const weights = await options.weightsOf(call.layer);
  const args =
    call.initial_state.length === 0
      ? {}
      : { initial_state: call.initial_state.map((ref) => outputAt(results, ref)) };
  const computed = layer.evaluate(ops, { weights, inputs, masks, args });
  const given = options.given?.(index);
  const result = given === undefined ? computed : { outputs: given, masks: computed.masks };
  await options.onCall?.(index, result, { inputs, masks });
  return result;
}

function outputAt<T>(results: readonly (LayerResult<T> | undefined)[], { call, output }: TensorRef): T {
  const found = results[call]?.outputs[output];
  if (found === undefined)
    throw new VernierError("graph.malformed", { reason: `output ${output} of call ${call} does not exist` });
  return found;
}

/** The last call that reads each call's outputs; outputs of the model are kept. */
export function lastUses(model: Model): number[] {
  const last = model.calls.map((_, i) => i);
  for (const [index, call] of model.calls.entries()) {
    for (const ref of [...call.inputs, ...call.initial_state, ...(call.masks ?? [])])
      if (ref !== null) last[ref.call] = index;
  }
  for (const { ref } of model.outputs) last[ref.call] = Number.POSITIVE_INFINITY;
  return last;
}
