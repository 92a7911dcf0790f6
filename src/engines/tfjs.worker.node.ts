/**
 * @file The worker that runs TF.js: loads the modules that it is told to, the model, and answers one request after another.
 *
 * TF.js computes synchronously, so that a call that never returns is ended from outside (`worker.terminate()`).
 */

import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { VernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { EngineInfo, TracedCall } from "./engine.ts";
import { describeModel, loadModel, predict, type Tfjs } from "./tfjs.ts";
import { readArtifacts } from "./tfjs-files.node.ts";
import { describeGraph, loadGraph, predictGraph, traceGraph } from "./tfjs-graph.ts";
import {
  type Failure,
  FLOW_LIMIT_KIB,
  type Reply,
  type Request,
  tensorsOf,
  type WorkerStart,
} from "./tfjs-protocol.ts";
import { trace } from "./tfjs-trace.ts";

const start = workerData as WorkerStart;
const flow = new Int32Array(start.flow);

/** A loaded model of either kind. */
interface Loaded {
  readonly described: Pick<EngineInfo, "inputs" | "outputs">;
  predict(inputs: readonly Tensor[]): Tensor[] | Promise<Tensor[]>;
  trace(inputs: readonly Tensor[], onCall: (call: TracedCall) => void): Tensor[] | Promise<Tensor[]>;
}

async function main(): Promise<void> {
  silenceConsole();
  const { core, loader } = await loadTfjs(start);
  const model = start.modelPath === null ? null : await load(core, loader, start.modelPath);
  parentPort?.on("message", (request: Request) => void answer(model, request));
  reply({ kind: "ready", ...(model === null ? { inputs: [], outputs: [] } : model.described) });
}

async function load(core: Tfjs["core"], loader: unknown, path: string): Promise<Loaded> {
  const artifacts = readArtifacts(path);
  if (start.graph) {
    const runner = await loadGraph({ core }, loader as Parameters<typeof loadGraph>[1], artifacts);
    return {
      described: describeGraph(runner),
      predict: (inputs) => predictGraph(runner, inputs),
      trace: (inputs, onCall) => traceGraph(runner, inputs, onCall),
    };
  }
  const tf: Tfjs = { core, layers: loader as Tfjs["layers"] };
  const model = await loadModel(tf, artifacts);
  return {
    described: describeModel(model),
    predict: (inputs) => predict(tf, model, inputs),
    trace: (inputs, onCall) => trace(tf, model, inputs, onCall),
  };
}

async function answer(model: Loaded | null, { kind, inputs }: Request): Promise<void> {
  try {
    if (model === null) throw new Error("no model is loaded");
    const outputs = await (kind === "predict" ? model.predict(inputs) : model.trace(inputs, send));
    reply({ kind: "done", outputs }, outputs);
  } catch (error) {
    reply({ kind: "failed", failure: failureFrom(error) });
  }
}

function send(call: TracedCall): void {
  const tensors = tensorsOf(call);
  const sizeKiB = Math.ceil(tensors.reduce((sum, { data }) => sum + sizeBytes(data), 0) / 1024);
  waitForRoom();
  Atomics.add(flow, 0, sizeKiB);
  reply({ kind: "call", call, sizeKiB }, tensors);
}

function waitForRoom(): void {
  for (;;) {
    const onTheWay = Atomics.load(flow, 0);
    if (onTheWay <= FLOW_LIMIT_KIB) return;
    Atomics.wait(flow, 0, onTheWay);
  }
}

async function loadTfjs({
  backend,
  core,
  loader,
  module,
}: WorkerStart): Promise<{ core: Tfjs["core"]; loader: unknown }> {
  const require = createRequire(import.meta.url);
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = new Set(events.flatMap((event) => process.rawListeners(event)));
  const tf = { core: require(core) as Tfjs["core"], loader: require(loader) as unknown };
  if (module !== null) require(module);
  const isSet = await tf.core.setBackend(backend);
  await tf.core.ready();
  // The wasm backend's start-up code adds listeners that rethrow whatever the process has not caught.
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.has(listener)) process.off(event, listener as () => void);
    }
  }
  if (!isSet || tf.core.getBackend() !== backend) {
    const reason = "TF.js could not start this backend";
    throw new VernierError("engine.unavailable", {
      engine: `tfjs:${backend}`,
      reason,
      remedy: "try another backend",
    });
  }
  return tf;
}

/** TF.js gives hints and warnings on the console; the reports of this package say what they would. */
function silenceConsole(): void {
  for (const level of ["log", "info", "warn", "error", "debug"] as const) console[level] = () => {};
}

function reply(message: Reply, tensors: readonly Tensor[] = []): void {
  const buffers = new Set(
    tensors.flatMap(({ data }) => (ArrayBuffer.isView(data) ? [data.buffer as ArrayBuffer] : [])),
  );
  parentPort?.postMessage(message, [...buffers]);
}

const sizeBytes = (data: Tensor["data"]): number =>
  ArrayBuffer.isView(data) ? data.byteLength : data.reduce((sum, text) => sum + text.length, 0);

function failureFrom(error: unknown): Failure {
  if (error instanceof VernierError) {
    return { from: "vernier", code: error.code, details: error.details, where: error.where };
  }
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  return { from: "tfjs", name, message };
}

main().catch((error: unknown) => {
  reply({ kind: "failed", failure: failureFrom(error) });
  parentPort?.close();
});
