/** @file Files read in worker threads, a few at a time; one that takes too long is ended with its thread, and said to hang. */

import { Worker } from "node:worker_threads";

export interface ReadJob {
  readonly path: string;
  readonly kind: "model" | "data";
  readonly architecture?: string;
}

export interface Outcome {
  /** "read", an error's code, "untyped", "hang" or "died". */
  readonly code: string;
  /** The error with its stack. */
  readonly said?: string;
  readonly hint?: string;
  readonly where?: string;
  /** Per weight: dtype and hash. */
  readonly values?: { readonly [name: string]: string };
  readonly converted?: readonly string[];
}

const WORKER = new URL("read-file.worker.mjs", import.meta.url);

export class ReadWorker {
  #worker: Worker | null = null;
  async read(job: ReadJob, limitMs: number): Promise<Outcome> {
    this.#worker ??= new Worker(WORKER, { resourceLimits: { maxOldGenerationSizeMb: 768 } });
    const worker = this.#worker;
    const outcome = await new Promise<Outcome>((resolve) => {
      const end = (result: Outcome): void => {
        clearTimeout(timer);
        for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
        resolve(result);
      };
      const listeners = {
        message: end,
        error: (error: unknown) => end({ code: "died", said: String(error) }),
        exit: (status: number) => end({ code: "died", said: `exit ${status}` }),
      };
      const timer = setTimeout(() => end({ code: "hang" }), limitMs);
      for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
      worker.postMessage(job);
    });
    if (outcome.code === "hang" || outcome.code === "died") await this.close();
    return outcome;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }
}
