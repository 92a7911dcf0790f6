/** @file A graph model, running: fed in batches of the size that it takes, its watched nodes given by name. */

import type { Engine, EngineInfo, EngineOptions, EngineSession } from "../engines/engine.ts";
import type { GraphTensor } from "../formats/graph-def.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { CheckedGraph } from "./options.ts";
import { joinBatches, rowsOf } from "./side.ts";

export interface RunningGraph extends AsyncDisposable {
  readonly info: EngineInfo;
  /** In the order of the graph's inputs and outputs. */
  predict(inputs: readonly Tensor[]): Promise<Tensor[]>;
  /** The first output of each node in `wanted`, and the outputs of that run. */
  watch(
    inputs: readonly Tensor[],
    wanted: ReadonlySet<string>,
  ): Promise<{ readonly nodes: ReadonlyMap<string, Tensor>; readonly outputs: readonly Tensor[] }>;
}

export async function graphSide(
  { path, format, graph }: CheckedGraph,
  engine: Engine,
  options: EngineOptions,
): Promise<RunningGraph> {
  const session = await engine.open({ path, format }, options);
  const batches = (inputs: readonly Tensor[]): Tensor[][] => inBatches(inputs, graph.inputs);
  return {
    info: session.info,
    async predict(inputs) {
      const results: Tensor[][] = [];
      for (const batch of batches(inputs)) results.push(await session.predict(batch));
      return joinBatches(results);
    },
    async watch(inputs, wanted) {
      const seen: Tensor[][] = [];
      const results: Tensor[][] = [];
      let names: string[] = [];
      for (const batch of batches(inputs)) {
        const { nodes, outputs } = await watchOnce(session, batch, wanted);
        names = [...nodes.keys()];
        seen.push([...nodes.values()]);
        results.push(outputs);
      }
      const joined = joinBatches(seen);
      const nodes = new Map(names.flatMap((name, i) => (joined[i] === undefined ? [] : [[name, joined[i]]])));
      return { nodes, outputs: joinBatches(results) };
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
    },
  };
}

async function watchOnce(
  session: EngineSession,
  inputs: readonly Tensor[],
  wanted: ReadonlySet<string>,
): Promise<{ nodes: Map<string, Tensor>; outputs: Tensor[] }> {
  const nodes = new Map<string, Tensor>();
  const outputs = await session.trace(inputs, ({ path, outputs: [first] }) => {
    if (first !== undefined && wanted.has(path)) nodes.set(path, first);
  });
  return { nodes, outputs };
}

/** A graph whose batch is fixed is fed so many samples at a time. */
function inBatches(inputs: readonly Tensor[], taken: readonly GraphTensor[]): Tensor[][] {
  const fixed = taken.flatMap(({ dims }) => dims?.[0] ?? []);
  const samples = inputs[0]?.shape[0] ?? 0;
  const size = fixed.length > 0 ? Math.min(...fixed) : samples;
  if (size <= 0 || size >= samples) return [[...inputs]];
  const starts = Array.from({ length: Math.ceil(samples / size) }, (_, i) => i * size);
  return starts.map((start) => rowsOf(inputs, start, start + size));
}

/** What the graph is fed: the same numbers in the type that it was exported with, where that type holds them all. */
export function asGraphTakes(tensor: Tensor, { dtype }: GraphTensor): Tensor {
  const { shape, data } = tensor;
  if (tensor.dtype === dtype || !ArrayBuffer.isView(data) || data instanceof BigInt64Array) return tensor;
  if (data instanceof BigUint64Array) return tensor;
  const values = Float64Array.from(data);
  if (dtype === "int32" && values.every((value) => (value | 0) === value))
    return { shape, dtype, data: Int32Array.from(values) };
  if (dtype === "float32" && values.every((value) => Object.is(Math.fround(value), value)))
    return { shape, dtype, data: Float32Array.from(values) };
  return tensor;
}
