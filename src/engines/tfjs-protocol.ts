/** @file What a running TF.js and its session say to each other: plain data, so that `postMessage` or a frame carries it. */

import type { ErrorCode, ErrorDetails } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { EngineInfo, TracedCall } from "./engine.ts";

export interface WorkerStart {
  readonly backend: string;
  readonly core: string;
  /** What loads the model: TF.js's layers package, or for a graph model its converter package. */
  readonly loader: string;
  readonly graph: boolean;
  readonly module: string | null;
  /** null: only start the backend, to see that it does. */
  readonly modelPath: string | null;
  /** [0]: KiB of traced tensors on their way; the worker waits while there are too many. */
  readonly flow: SharedArrayBuffer;
}

/** What a page is to run; its scripts have put TF.js into the global `tf`. */
export interface PageStart {
  readonly id: string;
  readonly backend: string;
  readonly graph: boolean;
  /** false: only start the backend, to see that it does. */
  readonly hasModel: boolean;
  /** Set before the backend starts, where this TF.js knows them. */
  readonly flags: Readonly<Record<string, boolean | number>>;
  /** Where TF.js finds its WebAssembly modules, by their names. */
  readonly wasm: Readonly<Record<string, string>>;
  /** What helps where the backend does not start. */
  readonly remedy: string;
}

export type Request = { readonly kind: "predict" | "trace"; readonly inputs: readonly Tensor[] };

export type Reply =
  | ({ readonly kind: "ready"; readonly hardware: string | null } & Pick<EngineInfo, "inputs" | "outputs">)
  | { readonly kind: "call"; readonly call: TracedCall; readonly sizeKiB: number }
  | { readonly kind: "done"; readonly outputs: readonly Tensor[] }
  | { readonly kind: "failed"; readonly failure: Failure };

/** An error of ours, or the words of one that TF.js threw. */
export type Failure =
  | {
      readonly from: "vernier";
      readonly code: ErrorCode;
      readonly details: ErrorDetails[ErrorCode];
      readonly where: string;
    }
  | { readonly from: "tfjs"; readonly name: string; readonly message: string };

/** Where TF.js runs, as its session sees it: a worker thread, or a page. */
export interface Transport {
  /** Called once, before anything is sent. */
  listen(to: {
    reply(reply: Reply): void;
    /** It ended by itself, for this reason. */
    ended(reason: string): void;
  }): void;
  send(request: Request): void;
  /** Ends it, whatever it is doing; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** What it takes of the machine's memory now, or what this process takes with it; null where that is unknown. */
  usedMiB(): number | null;
}

/** Enough for any one activation of a usual model to be on its way while the next is computed. */
export const FLOW_LIMIT_KIB = 64 * 1024;

export function tensorsOf(call: TracedCall): Tensor[] {
  const ofCells = call.cells.flatMap(({ inputs, states, outputs, newStates }) =>
    [inputs, states, outputs, newStates].flat(),
  );
  return [...call.outputs, ...ofCells];
}
