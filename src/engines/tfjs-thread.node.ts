/** @file TF.js in a worker thread of this process, as a session's transport. */

import { startWorker } from "../base/worker.node.ts";
import type { EngineModel, EngineOptions } from "./engine.ts";
import type { Reply, Transport, WorkerStart } from "./tfjs-protocol.ts";
import { firstSentence } from "./tfjs-refusals.ts";
import type { TfjsFound } from "./tfjs-resolve.node.ts";

export async function startThread(
  backend: string,
  found: TfjsFound,
  model: EngineModel | null,
  { memoryMiB }: EngineOptions,
): Promise<Transport> {
  const flow = new SharedArrayBuffer(4);
  const workerData: WorkerStart = {
    backend,
    core: found.core,
    loader: found.loader,
    graph: model?.format === "tfjs-graph",
    module: found.backend,
    modelPath: model?.path ?? null,
    flow,
  };
  const worker = await startWorker("tfjs.worker.node", import.meta.url, {
    workerData,
    // Kept from the user's screen: TF.js and emscripten write hints and aborts there.
    stdout: true,
    stderr: true,
    ...(memoryMiB === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMiB } }),
  });
  worker.stdout.resume();
  worker.stderr.resume();
  const onTheWay = new Int32Array(flow);
  return {
    listen(to) {
      worker.on("message", (reply: Reply) => {
        to.reply(reply);
        if (reply.kind !== "call") return;
        Atomics.sub(onTheWay, 0, reply.sizeKiB);
        Atomics.notify(onTheWay, 0);
      });
      worker.on("error", (error: Error & { code?: string }) => {
        const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
        to.ended(isMemory ? "it ran out of memory" : firstSentence(error.message));
      });
      worker.on("exit", (code) => to.ended(`its worker ended with code ${code}`));
    },
    send: (request) => worker.postMessage(request),
    stop: async () => void (await worker.terminate()),
    // Weights and activations lie outside the heap that resourceLimits counts.
    usedMiB: () => process.memoryUsage.rss() / 2 ** 20,
  };
}
