/**
 * @file Loads, runs and watches a graph model in a TF.js that was handed in. Platform-free, as `tfjs.ts`.
 *
 * TF.js itself can keep every intermediate tensor of a run (flag KEEP_INTERMEDIATE_TENSORS): the watched run executes
 * the same kernels in the same order as the plain one, so that its bits are the same. Nodes inside a loop's frame or a
 * function are not listed, and a TF.js that lacks the flag (before 3.9) shows no node.
 */

import type * as converter from "@tensorflow/tfjs-converter";
import type { io } from "@tensorflow/tfjs-core";
import { isObject } from "../base/json.ts";
import { isControlFlow, isHashTable } from "../formats/graph-constructs.ts";
import { decodeSignature } from "../formats/graph-def.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { EngineInfo, TracedCall } from "./engine.ts";
import { hashTensor } from "./hash.ts";
import { fetchValues, type Tfjs, type TfTensor, tensorFromTf, tfFromTensor } from "./tfjs.ts";

export type TfGraphModel = converter.GraphModel;

/** A loaded model, and what its runs found out about it. */
export interface GraphRunner {
  readonly tf: Pick<Tfjs, "core">;
  readonly model: TfGraphModel;
  /** The nodes in the order of the file, and what each takes in. */
  readonly nodes: readonly {
    readonly name: string;
    readonly op: string;
    readonly input: readonly string[];
  }[];
}

const KEEP = "KEEP_INTERMEDIATE_TENSORS";
/** How TF.js says that a model can only run asynchronously (graph_executor.ts): control flow, dynamic shapes. */
const ASYNC_ONLY = /use model\.executeAsync\(\)/i;

/** Loads as `tf.loadGraphModel(url)` does, from artifacts already in memory. */
export async function loadGraph(
  tf: Pick<Tfjs, "core">,
  loader: typeof converter,
  artifacts: io.ModelArtifacts,
): Promise<GraphRunner> {
  const model = await loader.loadGraphModel({ load: async () => artifacts });
  const topology: unknown = artifacts.modelTopology;
  const list: unknown = isObject(topology) ? topology["node"] : [];
  const nodes = (Array.isArray(list) ? list : []).filter(isObject).map(({ name, op, input }) => ({
    name: String(name),
    op: String(op),
    input: Array.isArray(input) ? input.map(String) : [],
  }));
  return { tf, model, nodes };
}

/** Names as callers use them; shapes and dtypes as the signature says them, else as TF.js has them of the node. */
export function describeGraph({ model }: GraphRunner): Pick<EngineInfo, "inputs" | "outputs"> {
  const describe = (
    part: "inputs" | "outputs",
    tensors: readonly { readonly name: string; readonly shape?: readonly number[]; readonly dtype: string }[],
    keys: readonly string[],
  ): EngineInfo["inputs"] => {
    const { modelSignature } = model;
    const said = decodeSignature(isObject(modelSignature) ? modelSignature[part] : null, ["signature", part]);
    return tensors.flatMap(({ name, shape, dtype }, i) => {
      const key = keys[i] ?? name;
      const info = said.find((tensor) => tensor.key === key);
      // Hash tables that the initializer makes: TF.js feeds them itself.
      if (info?.resource === true) return [];
      const dims = info?.dims ?? (shape ?? []).map((extent) => (extent < 0 ? null : extent));
      return [{ name: key, shape: dims, dtype: info?.dtype ?? dtype ?? "float32" }];
    });
  };
  return {
    inputs: describe("inputs", model.inputs, model.inputNodes),
    outputs: describe("outputs", model.outputs, model.outputNodes),
  };
}

/** `model.execute`, as `model.predict` calls it; `executeAsync` where TF.js asks for it. */
export async function predictGraph(runner: GraphRunner, inputs: readonly Tensor[]): Promise<Tensor[]> {
  return run(runner, inputs, runner.model.outputNodes);
}

async function run(
  { tf, model }: GraphRunner,
  inputs: readonly Tensor[],
  names: readonly string[],
): Promise<Tensor[]> {
  // No tidy: it would dispose of the tables that the first run makes.
  const fed = inputs.map((input) => tfFromTensor(tf, input));
  const results = await execute(model, fed, [...names]);
  await fetchValues(tf, results);
  const read = results.map(tensorFromTf);
  const lasting = new Set(Object.values(model.weights).flatMap((list) => list.map(({ id }) => id)));
  for (const tensor of new Set([...fed, ...results])) if (!lasting.has(tensor.id)) tensor.dispose();
  return read;
}

async function execute(model: TfGraphModel, inputs: TfTensor[], names: string[]): Promise<TfTensor[]> {
  try {
    return listOf(model.execute(inputs, names));
  } catch (error) {
    if (!(error instanceof Error && ASYNC_ONLY.test(error.message))) throw error;
    return listOf(await model.executeAsync(inputs, names));
  }
}

const listOf = (tensors: TfTensor | TfTensor[]): TfTensor[] => (Array.isArray(tensors) ? tensors : [tensors]);

/** Predicts, and then hands over what each node gave. The result equals `predictGraph`'s bit for bit. */
export async function traceGraph(
  runner: GraphRunner,
  inputs: readonly Tensor[],
  onCall: (call: TracedCall) => void,
): Promise<Tensor[]> {
  const { tf, model, nodes } = runner;
  if (nodes.some(({ op }) => isHashTable(op))) return traceByName(runner, inputs, onCall);
  const keeps = setKeep(tf, true);
  try {
    const outputs = await predictGraph(runner, inputs);
    if (keeps) {
      const kept = model.getIntermediateTensors() ?? {};
      await fetchValues(tf, Object.values(kept).flat().filter(isReadable));
      handOver(nodes, (name) => (kept[name] ?? []).filter(isReadable).map(tensorFromTf), onCall);
      model.disposeIntermediateTensors();
    }
    return outputs;
  } finally {
    if (keeps) setKeep(tf, false);
  }
}

/**
 * TF.js disposes of a table's handle after the first run (graph_executor.ts, `_executeAsync`) and cannot keep it then:
 * nodes are asked for beside the outputs, where none runs in a loop's frame, from which nothing can be asked.
 */
async function traceByName(
  runner: GraphRunner,
  inputs: readonly Tensor[],
  onCall: (call: TracedCall) => void,
): Promise<Tensor[]> {
  const { model, nodes } = runner;
  const framed = nodes.some(({ op }) => isControlFlow(op));
  const asked = framed ? [] : askable(nodes, model.outputs);
  const results = await run(runner, inputs, [...model.outputNodes, ...asked]);
  const outputs = results.slice(0, model.outputNodes.length);
  const seen = new Map(asked.map((name, i) => [name, results[outputs.length + i]]));
  handOver(nodes, (name) => [seen.get(name)].filter((tensor) => tensor !== undefined), onCall);
  return outputs;
}

/** What the outputs depend on, less constants, inputs and handles of tables. */
function askable(nodes: GraphRunner["nodes"], outputs: readonly { readonly name: string }[]): string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<string>();
  const open = outputs.map(({ name }) => name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    for (const edge of byName.get(name)?.input ?? [])
      if (!edge.startsWith("^")) open.push(edge.split(":")[0] ?? edge);
  }
  const plain = (op: string): boolean =>
    op !== "Const" && !op.startsWith("Placeholder") && !(isHashTable(op) && !op.includes("Find"));
  return nodes.flatMap(({ name, op }) => (found.has(name) && plain(op) ? [name] : []));
}

function handOver(
  nodes: GraphRunner["nodes"],
  tensorsOf: (name: string) => readonly Tensor[],
  onCall: (call: TracedCall) => void,
): void {
  const hashes = new Map<string, readonly string[]>();
  for (const { name, op, input } of nodes) {
    const outputs = op === "Const" ? [] : tensorsOf(name);
    if (outputs.length === 0) continue;
    const outputHashes = outputs.map(({ shape, data }) => hashTensor(shape, data));
    hashes.set(name, outputHashes);
    const inputHashes = input.flatMap((edge) => hashOf(edge, hashes) ?? []);
    onCall({ path: name, className: op, inputHashes, outputs, outputHashes, cells: [] });
  }
}

const hashOf = (edge: string, hashes: ReadonlyMap<string, readonly string[]>): string | undefined => {
  const [name = "", output = "0"] = edge.split(":");
  return hashes.get(name)?.[Number(output)];
};

/** Outputs that a node did not give are holes in the list; complex numbers have no place in a `Tensor`. */
const isReadable = (tensor: TfTensor | null | undefined): tensor is TfTensor =>
  tensor !== null && tensor !== undefined && !tensor.isDisposed && tensor.dtype !== "complex64";

/** false: this TF.js does not know the flag. */
function setKeep({ core }: Pick<Tfjs, "core">, value: boolean): boolean {
  try {
    core.env().set(KEEP, value);
    return true;
  } catch {
    return false;
  }
}
