/**
 * @file Opens an HDF5 file: with the reader of our own, and where it is outside the classic layout, with the library in
 * a worker thread of its own, with limits on its time and memory.
 */

import { startWorker } from "../base/worker.node.ts";
import type { Hdf5File, Hdf5Reply } from "./hdf5.ts";
import { openClassicHdf5 } from "./hdf5-classic.ts";
import { connectHdf5 } from "./hdf5-client.ts";
import { HDF5_TIMEOUT_MS, MAX_HDF5_HEAP_MIB } from "./limits.ts";
import { readAll, type Source, type SourceOrigin } from "./source.ts";

export interface OpenHdf5Options {
  /** Give up on one request after this long. @default HDF5_TIMEOUT_MS */
  readonly timeoutMs?: number;
}

/** Throws `file.malformed` and `file.truncated`. Close it: it may hold a thread. */
export async function openHdf5(source: Source, options: OpenHdf5Options = {}): Promise<Hdf5File> {
  return openClassicHdf5(source, () => openHdf5InWorker(source, options));
}

/** With the library only. Throws `file.malformed` when it is no HDF5 file or a damaged one. */
export async function openHdf5InWorker(
  source: Source,
  { timeoutMs = HDF5_TIMEOUT_MS }: OpenHdf5Options = {},
): Promise<Hdf5File> {
  const origin: SourceOrigin = source.origin ?? { kind: "bytes", bytes: await readAll(source) };
  const worker = await startWorker("hdf5-worker.node", import.meta.url, {
    workerData: origin,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HDF5_HEAP_MIB },
    stderr: true,
    stdout: true,
  });
  const file = await connectHdf5(
    {
      post: (message) => worker.postMessage(message),
      onReply: (listener) => worker.on("message", (reply: Hdf5Reply) => listener(reply)),
      onEnd(listener) {
        worker.on("error", (error: NodeJS.ErrnoException) => {
          listener(error.message.slice(0, 200), error.code === "ERR_WORKER_OUT_OF_MEMORY");
        });
        worker.on("exit", (code) => listener(`exit ${code}`, false));
      },
      kill: async () => void (await worker.terminate()),
    },
    { name: source.name, timeoutMs },
  );
  // Idle, it does not keep the process alive; a request in flight does, by its timer.
  worker.unref();
  return file;
}
