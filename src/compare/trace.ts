/**
 * @file An engine's run, laid along the calls of the canonical model.
 *
 * Calls are found by their layer's path. A layer that is called several times finds its calls by the tensors that it
 * was fed: their hashes are those that the producers put out, or that another consumer took in. Order decides only
 * between invocations that nothing else can tell apart.
 */

import type { EngineSession, TracedCall, TracedCell } from "../engines/engine.ts";
import { hashTensor } from "../engines/hash.ts";
import type { Model, TensorRef } from "../model/model.ts";
import { castData } from "../ops/float64.ts";
import { realFromTensor, type Tensor } from "../tensor/tensor.ts";

export interface Trace {
  /** Per call of the model; `null` where the engine's framework made no such call (or its watcher missed it). */
  readonly outputs: readonly (readonly Tensor[] | null)[];
  /** Per call: the steps of its recurrent cell, in the engine's order. */
  readonly cells: readonly (readonly TracedCell[])[];
  /** The outputs of the watched run, in the order of the engine. */
  readonly final: readonly Tensor[];
  /** What the engine called and the model does not have: paths, operations of Keras left out. */
  readonly unmatched: readonly string[];
}

/** `inputs` in the order of `model.inputs`. */
export async function collectTrace(
  model: Model,
  session: Pick<EngineSession, "trace">,
  inputs: readonly Tensor[],
): Promise<Trace> {
  const records: TracedCall[] = [];
  const final = await session.trace(inputs, (call) => {
    records.push(call);
  });
  return alignTrace(model, records, inputs, final);
}

export function alignTrace(
  model: Model,
  records: readonly TracedCall[],
  inputs: readonly Tensor[],
  final: readonly Tensor[],
): Trace {
  const outputs: (readonly Tensor[] | null)[] = model.calls.map(() => null);
  const cells: (readonly TracedCell[])[] = model.calls.map(() => []);
  const found = assign(model, records, inputs);
  for (const [call, record] of found) {
    outputs[call] = record.outputs;
    cells[call] = record.cells;
  }
  for (const [i, { call, dtype }] of model.inputs.entries()) {
    const fed = inputs[i];
    if (fed !== undefined) outputs[call] = [asFed(fed, dtype)];
  }
  const used = new Set(found.values());
  const inputNames = new Set(model.inputs.map(({ call }) => model.calls[call]?.id));
  const unmatched = records
    .filter((record) => !used.has(record) && !isOperation(record) && !inputNames.has(record.path))
    .map(({ path }) => path);
  return { outputs, cells, final, unmatched };
}

/** Keras 3 calls operations besides layers (to compute masks), under the module that defines them. */
const isOperation = ({ className }: TracedCall): boolean => className.includes(".ops.");

/** A tensor as the model takes it: Keras and TF.js convert what is fed to the input's dtype. */
function asFed(tensor: Tensor, dtype: Tensor["dtype"]): Tensor {
  if (tensor.dtype === dtype || dtype === "string" || tensor.dtype === "string") return tensor;
  const data = castData(realFromTensor(tensor), dtype);
  return { shape: tensor.shape, dtype, data: dtype === "float32" ? Float32Array.from(data) : data };
}

/** Records by call index. */
function assign(
  model: Model,
  records: readonly TracedCall[],
  inputs: readonly Tensor[],
): Map<number, TracedCall> {
  const found = new Map<number, TracedCall>();
  const hashes = new Map<string, string>();
  const know = (ref: TensorRef, hash: string | undefined): void => {
    if (hash !== undefined && !hashes.has(keyOf(ref))) hashes.set(keyOf(ref), hash);
  };
  const take = (index: number, record: TracedCall): void => {
    found.set(index, record);
    for (const [output, hash] of record.outputHashes.entries()) know({ call: index, output }, hash);
    for (const [i, ref] of fedTo(model, index).entries()) know(ref, record.inputHashes[i]);
  };
  // TF.js's hashes are made by the same function; those of Keras match nothing here and say nothing.
  const seen = new Set(records.flatMap(({ inputHashes }) => inputHashes));
  for (const [i, { call, dtype }] of model.inputs.entries()) {
    const fed = inputs[i];
    if (fed === undefined) continue;
    const { shape, data } = asFed(fed, dtype);
    const hash = hashTensor(shape, data);
    if (seen.has(hash)) know({ call, output: 0 }, hash);
  }

  const open = groups(model, records);
  for (const { calls, records: made } of open.values()) {
    const [call, record] = [calls[0], made[0]];
    if (calls.length === 1 && made.length === 1 && call !== undefined && record !== undefined)
      take(call, record);
  }
  for (let moved = true; moved; ) {
    moved = false;
    for (const group of open.values()) {
      for (const call of group.calls) {
        if (found.has(call)) continue;
        const candidates = group.records.filter(
          (record) => ![...found.values()].includes(record) && fits(model, hashes, call, record),
        );
        const [first] = candidates;
        // Fed the same and giving the same: any of them is the call.
        if (first === undefined || candidates.some((other) => !sameHashes(first, other))) continue;
        take(call, first);
        moved = true;
      }
    }
    if (!moved) moved = takeByOrder(model, open, found, hashes, take);
  }
  return found;
}

const keyOf = ({ call, output }: TensorRef): string => `${call}:${output}`;

/** What a framework hands to the layer: inputs, then initial states. */
const fedTo = (model: Model, index: number): readonly TensorRef[] => {
  const call = model.calls[index];
  return call === undefined ? [] : [...call.inputs, ...call.initial_state];
};

interface Group {
  readonly calls: number[];
  readonly records: TracedCall[];
}

function groups(model: Model, records: readonly TracedCall[]): Map<string, Group> {
  const byPath = new Map<string, Group>();
  for (const [index, { layer }] of model.calls.entries()) {
    const path = model.layers[layer]?.path;
    if (path === undefined) continue;
    const group = byPath.get(path) ?? { calls: [], records: [] };
    byPath.set(path, group);
    group.calls.push(index);
  }
  for (const record of records) if (!isOperation(record)) byPath.get(record.path)?.records.push(record);
  return byPath;
}

/** No tensor that is known contradicts it, and every one that the record could tell by agrees. */
function fits(model: Model, hashes: ReadonlyMap<string, string>, call: number, record: TracedCall): boolean {
  const inputs = fedTo(model, call).map((ref, i) => [hashes.get(keyOf(ref)), record.inputHashes[i]]);
  const outputs = record.outputHashes.map((hash, output) => [hashes.get(keyOf({ call, output })), hash]);
  return [...inputs, ...outputs].every(([known, hash]) => known === undefined || known === hash);
}

const sameHashes = (x: TracedCall, y: TracedCall): boolean =>
  x.inputHashes.join() === y.inputHashes.join() && x.outputHashes.join() === y.outputHashes.join();

/** One call whose invocations nothing tells apart takes the first that is left. */
function takeByOrder(
  model: Model,
  open: ReadonlyMap<string, Group>,
  found: ReadonlyMap<number, TracedCall>,
  hashes: ReadonlyMap<string, string>,
  take: (call: number, record: TracedCall) => void,
): boolean {
  const used = new Set(found.values());
  for (const group of open.values()) {
    for (const call of group.calls) {
      if (found.has(call)) continue;
      const next = group.records.find((record) => !used.has(record) && fits(model, hashes, call, record));
      if (next === undefined) continue;
      take(call, next);
      return true;
    }
  }
  return false;
}
