/**
 * @file What an engine is: something that runs a model and hands back every layer call's output.
 *
 * The engine knows nothing of our definitions: it runs the user's own file in its own framework, watched.
 * Everything that crosses a process, a worker or a page is plain data in the framed protocol (`protocol.ts`).
 */

import type { Arithmetic } from "../numerics/arithmetic.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Files of one model, addressed by path; the engine reads them itself, as the user's program would. */
export interface EngineModel {
  /** Path of the model file (`.h5`, `.keras`, `model.json`). */
  readonly path: string;
  readonly format: "keras-h5" | "keras-v3" | "keras-weights" | "tfjs-layers" | "tfjs-graph" | "tfjs-weights";
}

export interface EngineOptions {
  /** Give up on one request after this long. @default 120_000 */
  readonly timeoutMs?: number;
  /** Memory limit in MiB; the engine is stopped beyond it. */
  readonly memoryMiB?: number;
  /** May code that the file carries (Lambda) be executed? Only `keras` ever does. @default false */
  readonly trust?: boolean;
  /** Folder whose `node_modules` holds the TF.js to run. */
  readonly tfjsFolder?: string;
  /** The Python to run. */
  readonly python?: string;
  readonly signal?: AbortSignal;
}

export interface EngineInfo {
  /** As in INTERFACE: "keras:tensorflow", "tfjs:wasm". */
  readonly engine: string;
  /** Framework version and where it was found: "4.22.0 (from ./node_modules)". */
  readonly version: string;
  readonly hardware: string | null;
  readonly arithmetic: Arithmetic;
  /** The model's inputs in the order in which `predict` takes them, and its outputs in theirs. */
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly (number | null)[];
    readonly dtype: string;
  }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly (number | null)[];
    readonly dtype: string;
  }[];
}

/**
 * One invocation of one layer object, in the order in which the engine ran them.
 * A shared layer occurs once per call. Hashes are equal exactly when bytes and shape are (within one run), so
 * that an invocation of a shared layer finds its node by the tensors it was fed.
 */
export interface TracedCall {
  /** "outer/inner" for nested models; a layer inside a wrapper (TimeDistributed, Bidirectional) is not listed. */
  readonly path: string;
  readonly className: string;
  readonly inputHashes: readonly string[];
  readonly outputs: readonly Tensor[];
  readonly outputHashes: readonly string[];
  /** Every call of a recurrent cell within this layer call, in the order in which the engine made them. */
  readonly cells: readonly TracedCell[];
}

/** One step of one recurrent cell. */
export interface TracedCell {
  /** "" for the layer's own cell; "forward" / "backward" inside Bidirectional. */
  readonly direction: "" | "forward" | "backward";
  readonly inputs: readonly Tensor[];
  /** States before the step, in Keras's order (LSTM: h, c). */
  readonly states: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly newStates: readonly Tensor[];
}

export interface EngineSession extends AsyncDisposable {
  readonly info: EngineInfo;
  /** The plain run: what users call. Inputs in `info.inputs` order, the batch first. */
  predict(inputs: readonly Tensor[]): Promise<Tensor[]>;
  /** The watched run; `onCall` sees each call once. Returns the model's outputs of this run. */
  trace(inputs: readonly Tensor[], onCall: (call: TracedCall) => void): Promise<Tensor[]>;
}

export interface Engine {
  readonly id: string;
  /** For `vernier doctor`; never throws. */
  probe(options?: EngineOptions): Promise<EngineStatus>;
  /**
   * Starts the engine and loads the model. Throws `engine.unavailable` with a remedy when this machine cannot
   * run it, `engine.refused` when the runtime refuses the model (its own words in `reason`).
   */
  open(model: EngineModel, options?: EngineOptions): Promise<EngineSession>;
}

export interface EngineStatus {
  readonly id: string;
  readonly status: "ready" | "missing";
  readonly version: string | null;
  readonly detail: string;
  readonly remedy: string | null;
}
