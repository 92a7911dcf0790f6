/**
 * @file A thread that judges half of a model's calls, for models that take long enough. It reads the model's file by itself,
 * while the engines still run. Whatever goes wrong with it, this thread judges all.
 */

import { startWorker } from "../base/worker.node.ts";
import { type CallCertificate, certify } from "../compare/certify.ts";
import type { Trace } from "../compare/trace.ts";
import type { Model } from "../model/model.ts";
import type { Arithmetic } from "../numerics/arithmetic.ts";
import { roundToFloat32 } from "../numerics/formats.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { shareOf, traceFor } from "./certify-share.ts";

/** To the thread. */
export interface CertifyRequest {
  readonly trace: Trace;
  readonly inputs: readonly Tensor[];
  /** Without `round`, which cannot be sent: that of float32. */
  readonly arithmetic: Omit<Arithmetic, "round">;
  readonly calls: ReadonlySet<number>;
}
export interface CertifyWorkerStart {
  readonly path: string;
  readonly architecture: string | null;
}

export interface SharedCertify extends AsyncDisposable {
  readonly certify: typeof certify;
}

/** `model` as it was read from `path`. */
export async function certifyInTwoThreads(
  model: Model,
  path: string,
  { samples, architecture }: { readonly samples: number; readonly architecture?: string },
): Promise<SharedCertify> {
  const calls = shareOf(model, samples);
  if (calls.size === 0) return { certify, async [Symbol.asyncDispose]() {} };
  const start: CertifyWorkerStart = { path, architecture: architecture ?? null };
  const worker = await startWorker("certify.worker.node", import.meta.url, { workerData: start });
  // Idle, it does not keep the process alive.
  worker.unref();
  const state = { hasEnded: false };
  worker.on("error", () => {}); // an exit follows
  worker.once("exit", () => {
    state.hasEnded = true;
  });
  const ask = (request: CertifyRequest): Promise<CallCertificate[] | null> =>
    new Promise((resolve) => {
      if (state.hasEnded) return resolve(null);
      const given = (answer: CallCertificate[] | null): void => {
        worker.removeAllListeners("message");
        worker.unref();
        resolve(answer);
      };
      worker.once("message", given);
      worker.once("exit", () => given(null));
      worker.ref();
      worker.postMessage(request);
    });
  return {
    async certify(judged, trace, inputs, arithmetic, weightsOf, options = {}) {
      const { round, ...plain } = arithmetic;
      if (judged !== model || round !== roundToFloat32 || options.onCall !== undefined)
        return certify(judged, trace, inputs, arithmetic, weightsOf, options);
      const theirs = ask({ trace: traceFor(model, trace, calls), inputs, arithmetic: plain, calls });
      const here = (skip: (call: number) => boolean): Promise<CallCertificate[]> =>
        certify(model, trace, inputs, arithmetic, weightsOf, { ...options, skip });
      const ours = await here((call) => calls.has(call));
      const others = (await theirs) ?? (await here((call) => !calls.has(call)));
      return ours.map((certificate, call) => (calls.has(call) ? (others[call] ?? certificate) : certificate));
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
