/** @file One call, evaluated in one bounded arithmetic on the engine's own tensors: every formula of its layer. */

import type { TracedCell } from "../engines/engine.ts";
import type { BoundLayer, LayerCall, LayerResult } from "../model/layer.ts";
import { type Bounded, exact } from "../ops/bounded.ts";
import type { Ops } from "../ops/ops.ts";
import type { RealTensor } from "../tensor/tensor.ts";
import type { Pair } from "./judge.ts";
import { type Replay, replayOf } from "./replay.ts";

export interface CallToJudge {
  readonly layer: BoundLayer;
  readonly weights: ReadonlyMap<string, RealTensor>;
  readonly inputs: readonly RealTensor[];
  readonly initialState: readonly RealTensor[];
  readonly masks: readonly (RealTensor | null)[];
  /** What the engine put out; `null` where it was not seen. */
  readonly given: readonly RealTensor[] | null;
  readonly cells: readonly TracedCell[];
}

export interface Attempt {
  /** The cell's steps first, then the outputs. */
  readonly pairs: readonly (Pair & { readonly step: number | null })[];
  /** How many pairs are of steps. */
  readonly steps: number;
  /** A step found no record: the engine's loop went another way. */
  readonly missing: boolean;
  /** By the first formula. */
  readonly outputs: readonly Bounded[];
  readonly masks: readonly (Bounded | null)[];
}

/**
 * `held`: an activation as the engine takes it; its own are exact unless it is said to be coarser than it states.
 * `formulas`: how many of the layer's; all by default.
 */
export function attempt(
  ops: Ops<Bounded>,
  call: CallToJudge,
  held: (x: RealTensor) => Bounded = exact,
  formulas: number = call.layer.formulas,
): Attempt {
  const { layer, given, cells } = call;
  // A weight that is no number of the engine's format is rounded to it: `constant` charges that.
  const weights = new Map([...call.weights].map(([name, value]) => [name, ops.constant(value)]));
  const raw: LayerCall<Bounded> = {
    weights,
    inputs: call.inputs.map(held),
    masks: call.masks.map((mask) => (mask === null ? null : exact(mask))),
    args: call.initialState.length === 0 ? {} : { initial_state: call.initialState.map(held) },
  };
  const runs = Array.from({ length: formulas }, (_, formula) => {
    const replay = layer.states > 0 && cells.length > 0 ? replayOf(cells) : null;
    const result = layer.evaluate(ops, replay === null ? raw : { ...raw, step: replay.step }, formula);
    return { result, replay };
  });
  const [first] = runs;
  if (first === undefined) throw new RangeError("a layer has at least one formula");
  const stepPairs = (first.replay?.checks ?? []).map(({ engine, step }, i) => ({
    engine,
    step,
    expected: runs.flatMap(({ replay }) => checkOf(replay, i)),
  }));
  const outputs = given === null ? 0 : Math.max(given.length, first.result.outputs.length);
  const outputPairs = Array.from({ length: outputs }, (_, output) => ({
    engine: given?.[output] ?? NO_TENSOR,
    step: null,
    expected: runs.flatMap(({ result }) => outputOf(result, output)),
  }));
  return {
    pairs: [...stepPairs, ...outputPairs],
    steps: stepPairs.length,
    missing: first.replay?.missing() ?? false,
    outputs: first.result.outputs,
    masks: first.result.masks,
  };
}

/** Where the engine gave fewer tensors than the layer has: its shape equals no output's. */
const NO_TENSOR: RealTensor = { shape: [-1], dtype: "float32", data: new Float64Array(0) };

const checkOf = (replay: Replay | null, i: number): Bounded[] => {
  const check = replay?.checks[i];
  return check === undefined ? [] : [check.expected];
};

const outputOf = (result: LayerResult<Bounded>, output: number): Bounded[] => {
  const found = result.outputs[output];
  return found === undefined ? [] : [found];
};
