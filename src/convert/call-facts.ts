/** @file What the calls of a layer say beyond its config: what reaches it, which inputs repeat, where masks lie. */

import { VernierError } from "../base/errors.ts";
import { groupBy } from "../base/group-by.ts";
import type { BoundLayer, MaskRules } from "../model/layer.ts";
import type { Call, Model, TensorRef } from "../model/model.ts";
import type { Dims } from "../tensor/tensor.ts";
import { maskedInputs } from "./masked-calls.ts";

export interface CallFacts {
  readonly call: Call | undefined;
  readonly inputs: readonly Dims[];
  readonly outputs: readonly Dims[];
  /** Of any call. */
  readonly repeats: readonly number[];
  readonly masks: number;
  readonly states: boolean;
  /** Is the first input of integers? */
  readonly integers: boolean;
}

export interface MaskedCall {
  readonly call: Call;
  /** Over how many of its inputs a mask lies. */
  readonly masks: number;
}

/** By the index of their layer. */
export function callsByLayer(model: Model): ReadonlyMap<number, readonly MaskedCall[]> {
  const masked = maskedInputs(model);
  return groupBy(
    model.calls.map((call, i) => ({ call, masks: masked[i] ?? 0 })),
    ({ call }) => call.layer,
  );
}

export function callFacts(model: Model, calls: readonly MaskedCall[]): CallFacts {
  const call = calls[0]?.call;
  const dimsOf = (ref: TensorRef): Dims => model.calls[ref.call]?.outputs[ref.output]?.dims ?? [];
  const repeats = calls.flatMap((one) =>
    one.call.inputs.flatMap((ref, i, all) =>
      all.findIndex((other) => other.call === ref.call && other.output === ref.output) < i ? [i] : [],
    ),
  );
  return {
    call,
    inputs: call?.inputs.map(dimsOf) ?? [],
    outputs: call?.outputs.map(({ dims }) => dims) ?? [],
    repeats: [...new Set(repeats)].sort((a, b) => a - b),
    integers: /^u?int|^bool/.test(call === undefined ? "" : dtypeOf(model, call.inputs[0])),
    states: calls.some((one) => one.call.initial_state.length > 0),
    masks: calls.reduce((most, { masks }) => Math.max(most, masks), 0),
  };
}

const dtypeOf = (model: Model, ref: TensorRef | undefined): string =>
  (ref === undefined ? undefined : model.calls[ref.call]?.outputs[ref.output]?.dtype) ?? "float32";

/** Throws `convert.unsupported` for arguments that TF.js drops or does not take. */
export function requireTfjsCall(
  { className, training }: BoundLayer,
  { call, states, masks }: Pick<CallFacts, "call" | "states" | "masks">,
  { masking }: MaskRules,
): void {
  const unsupported = (reason: string, hint: string): VernierError =>
    new VernierError("convert.unsupported", { className, target: "TensorFlow.js", reason, hint });
  if (call !== undefined && call.initial_state.length > 0 && training["stateful"] === true)
    throw unsupported(
      "a stateful layer there takes no initial states",
      "build the layer with stateful=False, or without initial_state",
    );
  // keras/src/layers/layer.py, __call__: a mask goes on only where a call has a single tensor.
  if (states && masks > 0 && masking === "where")
    throw unsupported(
      "Keras 3 leaves the mask aside where there are initial states; TensorFlow.js does not",
      "take the mask away before the layer",
    );
  if (call?.masks?.some((mask) => mask !== null) === true)
    throw unsupported(
      "its mask is given as an argument, which TensorFlow.js drops",
      "let the mask come from a Masking or Embedding layer",
    );
}
