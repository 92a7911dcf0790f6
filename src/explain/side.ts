/** @file One side of a check, running: an engine watched through its trace, or the float64 reference. */

import { VernierError } from "../base/errors.ts";
import { collectTrace, type Trace } from "../compare/trace.ts";
import type { Engine, EngineInfo, EngineModel, EngineOptions } from "../engines/engine.ts";
import { evaluate } from "../model/evaluate.ts";
import type { Model } from "../model/model.ts";
import type { WeightCache } from "../model/weights.ts";
import type { Ops } from "../ops/ops.ts";
import { type RealTensor, realFromTensor, sizeOf, type Tensor } from "../tensor/tensor.ts";

export interface RunningSide extends AsyncDisposable {
  readonly model: Model;
  /** "reference", "tfjs:wasm", "keras:tensorflow". */
  readonly engine: string;
  /** `null`: the reference. */
  readonly info: EngineInfo | null;
  /** Where the engine runs a file whose layers `model` says by others: that file's model, and its call for each of ours. */
  readonly own?: { readonly model: Model; readonly calls: readonly number[] };
  /** Inputs in the order of `model.inputs`, outputs in that of `model.outputs`. */
  predict(inputs: readonly Tensor[]): Promise<Tensor[]>;
  /** Every call's outputs; the trace where an engine was watched. */
  activations(
    inputs: readonly Tensor[],
  ): Promise<{ readonly outputs: readonly (readonly Tensor[] | null)[]; readonly trace: Trace | null }>;
}

/** So long the reference computes before it lets in what engines have sent meanwhile, whose time runs too. */
const BREATH_MS = 50;

export function referenceSide(model: Model, ops: Ops<RealTensor>, weights: WeightCache): RunningSide {
  let closed = false;
  const run = async (
    inputs: readonly Tensor[],
    onCall?: (call: number, outputs: readonly RealTensor[]) => void,
  ): Promise<Tensor[]> => {
    let breathed = performance.now();
    return evaluate<RealTensor>(model, ops, {
      inputs: inputs.map((input) => realFromTensor(input)),
      weightsOf: (layer) => weights.weightsOf(model, layer),
      async onCall(call, { outputs }) {
        if (closed) throw new Error("the reference was closed");
        onCall?.(call, outputs);
        if (performance.now() - breathed < BREATH_MS) return;
        await new Promise<void>((resolve) => setTimeout(resolve));
        breathed = performance.now();
      },
    });
  };
  return {
    model,
    engine: "reference",
    info: null,
    predict: (inputs) => run(inputs),
    async activations(inputs) {
      const outputs: (readonly Tensor[] | null)[] = model.calls.map(() => null);
      await run(inputs, (call, results) => {
        outputs[call] = results;
      });
      for (const [i, { call }] of model.inputs.entries())
        outputs[call] = inputs[i] === undefined ? null : [inputs[i]];
      return { outputs, trace: null };
    },
    /** A run that is under way goes no further: where the other side failed, nobody waits for it. */
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

export async function engineSide(
  model: Model,
  engine: Engine,
  file: EngineModel,
  options: EngineOptions,
): Promise<RunningSide> {
  const session = await engine.open(file, options);
  const order = inputOrder(model, session.info);
  const arranged = (inputs: readonly Tensor[]): Tensor[] =>
    order.flatMap((i) => (inputs[i] === undefined ? [] : [inputs[i]]));
  return {
    model,
    engine: session.info.engine,
    info: session.info,
    predict: (inputs) => session.predict(arranged(inputs)),
    async activations(inputs) {
      const trace = await collectTrace(
        model,
        { trace: (fed, onCall) => session.trace(arranged(fed), onCall) },
        inputs,
      );
      return { outputs: trace.outputs, trace };
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
    },
  };
}

/** For each input of the engine, which of the model's it is: by name, else by position. */
function inputOrder(model: Model, info: EngineInfo): number[] {
  if (info.inputs.length !== model.inputs.length) {
    throw new VernierError("engine.crashed", {
      engine: info.engine,
      stage: "load",
      reason: `it takes ${info.inputs.length} inputs where the file has ${model.inputs.length}`,
    });
  }
  const byName = info.inputs.map(({ name }) =>
    model.inputs.findIndex((input) => input.name === name.replace(/:\d+$/, "")),
  );
  return byName.every((i) => i >= 0) && new Set(byName).size === byName.length
    ? byName
    : info.inputs.map((_, i) => i);
}

/** As many samples at a time as keep every activation of both sides within this many numbers. */
const CHUNK_ELEMENTS = 32_000_000;

export function chunkSize(models: readonly Model[], samples: number): number {
  const perSample = models.reduce(
    (sum, { calls }) =>
      sum +
      calls.reduce(
        (all, { outputs }) =>
          all + outputs.reduce((n, { dims }) => n + sizeOf(dims.slice(1).map((dim) => dim ?? 64)), 0),
        0,
      ),
    0,
  );
  return Math.max(1, Math.min(samples, Math.floor(CHUNK_ELEMENTS / Math.max(perSample, 1))));
}

/** Rows [from, to) of each tensor's batch. */
export function rowsOf(tensors: readonly Tensor[], from: number, to: number): Tensor[] {
  return tensors.map((tensor) => {
    const { shape, dtype, data } = tensor;
    // All of them are no part: copying every activation of a model takes as long as comparing them.
    if (from === 0 && to >= (shape[0] ?? 0)) return tensor;
    const row = sizeOf(shape.slice(1));
    return {
      shape: [Math.min(to, shape[0] ?? 0) - from, ...shape.slice(1)],
      dtype,
      data: data.slice(from * row, to * row) as Tensor["data"],
    };
  });
}

/** Batches one after the other; every list holds the same tensors. */
export function joinBatches(batches: readonly (readonly Tensor[])[]): Tensor[] {
  const [first = []] = batches;
  return first.map((head, i) => {
    const parts = batches.flatMap((batch) => (batch[i] === undefined ? [] : [batch[i]]));
    const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    return {
      shape: [rows, ...head.shape.slice(1)],
      dtype: head.dtype,
      data: joinData(parts.map(({ data }) => data)),
    };
  });
}

function joinData(parts: readonly Tensor["data"][]): Tensor["data"] {
  const [head] = parts;
  if (head === undefined || parts.length === 1) return head ?? new Float64Array();
  if (!ArrayBuffer.isView(head)) return parts.flatMap((part) => [...(part as readonly string[])]);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const joined = new (head.constructor as new (n: number) => Float64Array)(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part as Float64Array, at);
    at += part.length;
  }
  return joined;
}
