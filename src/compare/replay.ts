/**
 * @file A recurrent layer, step by step, on the engine's own states.
 *
 * Over a whole sequence a bound says nothing after some 20 steps. So each step of the layer's own loop looks up what
 * the engine's cell was fed and gave: the formula is checked on exactly those numbers, and the loop goes on with the
 * engine's values, exact. What the loop does around the cell (order, masks, assembly) is thereby checked too.
 */

import type { TracedCell } from "../engines/engine.ts";
import type { CellStep } from "../model/layer.ts";
import { type Bounded, exact } from "../ops/bounded.ts";
import { type RealTensor, realFromTensor } from "../tensor/tensor.ts";

export interface Replayed {
  readonly expected: Bounded;
  readonly engine: RealTensor;
  /** Of the step: its time index in the loop's own order. */
  readonly step: number;
}

export interface Replay {
  readonly step: CellStep<Bounded>;
  readonly checks: readonly Replayed[];
  /** Did some step find no record that was fed what it should have been fed? */
  readonly missing: () => boolean;
}

export function replayOf(records: readonly TracedCell[]): Replay {
  const checks: Replayed[] = [];
  const next = new Map<string, number>();
  let missing = false;
  const step: CellStep<Bounded> = ({ direction, index, input, states, compute }) => {
    const from = next.get(direction) ?? 0;
    // Records beside the loop's own, such as the probing call with which Keras begins, are passed over.
    const at = records.findIndex(
      (record, i) => i >= from && record.direction === direction && wasFed(record, input.value, states),
    );
    const record = at < 0 ? undefined : records[at];
    const computed = compute();
    const [output] = record?.outputs ?? [];
    if (record === undefined || output === undefined) {
      missing = true;
      return computed;
    }
    next.set(direction, at + 1);
    const own = realFromTensor(output);
    const ownStates = record.newStates.map(realFromTensor);
    checks.push({ expected: computed.output, engine: own, step: index });
    for (const [i, engine] of ownStates.entries()) {
      const expected = computed.states[i];
      if (expected !== undefined) checks.push({ expected, engine, step: index });
    }
    return { output: exact(own), states: ownStates.map((state) => exact(state)) };
  };
  return { step, checks, missing: () => missing };
}

function wasFed(record: TracedCell, input: RealTensor, states: readonly Bounded[]): boolean {
  const [fed] = record.inputs;
  return (
    fed !== undefined &&
    record.states.length === states.length &&
    states.every(({ value }, i) => sameNumbers(record.states[i]?.data, value.data)) &&
    sameNumbers(fed.data, input.data)
  );
}

function sameNumbers(given: TracedCell["inputs"][number]["data"] | undefined, wanted: Float64Array): boolean {
  if (given === undefined || given.length !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) {
    const value = Number(given[i]);
    if (value !== wanted[i] && !(Number.isNaN(value) && Number.isNaN(wanted[i]))) return false;
  }
  return true;
}
