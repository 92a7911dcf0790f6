/** @file A loaded model in a TF.js that was handed in, and the answers to requests. Platform-free: workers and pages share it. */

import type * as converter from "@tensorflow/tfjs-converter";
import type { io } from "@tensorflow/tfjs-core";
import { VernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { EngineInfo, TracedCall } from "./engine.ts";
import { describeModel, loadModel, predict, type Tfjs } from "./tfjs.ts";
import { describeGraph, loadGraph, predictGraph, traceGraph } from "./tfjs-graph.ts";
import type { Failure, Reply, Request } from "./tfjs-protocol.ts";
import { trace } from "./tfjs-trace.ts";

/** A loaded model of either kind. */
export interface Loaded {
  readonly described: Pick<EngineInfo, "inputs" | "outputs">;
  predict(inputs: readonly Tensor[]): Tensor[] | Promise<Tensor[]>;
  trace(inputs: readonly Tensor[], onCall: (call: TracedCall) => void): Tensor[] | Promise<Tensor[]>;
}

/** `loader` is TF.js's layers package, or for a graph model its converter package. */
export async function load(
  core: Tfjs["core"],
  loader: unknown,
  isGraph: boolean,
  artifacts: io.ModelArtifacts,
): Promise<Loaded> {
  if (isGraph) {
    const runner = await loadGraph({ core }, loader as typeof converter, artifacts);
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

/** The last reply to a request; the calls of a trace go to `onCall` before. */
export async function answer(
  model: Loaded | null,
  { kind, inputs }: Request,
  onCall: (call: TracedCall) => void,
): Promise<Extract<Reply, { kind: "done" | "failed" }>> {
  try {
    if (model === null) throw new Error("no model is loaded");
    const outputs = await (kind === "predict" ? model.predict(inputs) : model.trace(inputs, onCall));
    return { kind: "done", outputs };
  } catch (error) {
    return { kind: "failed", failure: failureFrom(error) };
  }
}

/** Throws `engine.unavailable` when the backend does not start. */
export async function startBackend(core: Tfjs["core"], backend: string): Promise<void> {
  const isSet = await core.setBackend(backend);
  await core.ready();
  if (isSet && core.getBackend() === backend) return;
  throw new VernierError("engine.unavailable", {
    engine: `tfjs:${backend}`,
    reason: "TF.js could not start this backend",
    remedy: "try another backend",
  });
}

/** TF.js gives hints and warnings on the console; the reports of this package say what they would. */
export function silence(console: Record<(typeof LEVELS)[number], () => void>): void {
  for (const level of LEVELS) console[level] = () => {};
}
const LEVELS = ["log", "info", "warn", "error", "debug"] as const;

export function failureFrom(error: unknown): Failure {
  if (error instanceof VernierError) {
    return { from: "vernier", code: error.code, details: error.details, where: error.where };
  }
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  return { from: "tfjs", name, message };
}
