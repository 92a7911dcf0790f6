/**
 * @file The worker that runs TF.js: loads the modules that it is told to, the model, and answers one request after another.
 *
 * TF.js computes synchronously, so that a call that never returns is ended from outside (`worker.terminate()`).
 */

import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { Tensor } from "../tensor/tensor.ts";
import type { TracedCall } from "./engine.ts";
import type { Tfjs } from "./tfjs.ts";
import { readArtifacts } from "./tfjs-files.node.ts";
import { FLOW_LIMIT_KIB, type Reply, type Request, tensorsOf, type WorkerStart } from "./tfjs-protocol.ts";
import { answer, failureFrom, load, silence, startBackend } from "./tfjs-runner.ts";

const start = workerData as WorkerStart;
const flow = new Int32Array(start.flow);

async function main(): Promise<void> {
  silence(console);
  const { core, loader } = await loadTfjs(start);
  const model =
    start.modelPath === null ? null : await load(core, loader, start.graph, readArtifacts(start.modelPath));
  parentPort?.on("message", (request: Request) => {
    void answer(model, request, send).then((last) => reply(last, last.kind === "done" ? last.outputs : []));
  });
  const described = model === null ? { inputs: [], outputs: [] } : model.described;
  reply({ kind: "ready", ...described, hardware: null });
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
  try {
    await startBackend(tf.core, backend);
  } finally {
    // The wasm backend's start-up code adds listeners that rethrow whatever the process has not caught.
    for (const event of events) {
      for (const listener of process.rawListeners(event)) {
        if (!before.has(listener)) process.off(event, listener as () => void);
      }
    }
  }
  return tf;
}

function reply(message: Reply, tensors: readonly Tensor[] = []): void {
  const buffers = new Set(
    tensors.flatMap(({ data }) => (ArrayBuffer.isView(data) ? [data.buffer as ArrayBuffer] : [])),
  );
  parentPort?.postMessage(message, [...buffers]);
}

const sizeBytes = (data: Tensor["data"]): number =>
  ArrayBuffer.isView(data) ? data.byteLength : data.reduce((sum, text) => sum + text.length, 0);

main().catch((error: unknown) => {
  reply({ kind: "failed", failure: failureFrom(error) });
  parentPort?.close();
});
