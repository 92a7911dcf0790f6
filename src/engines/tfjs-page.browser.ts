/**
 * @file The page that runs TF.js in a browser: the same runner as the worker's, its transport the server that it came from.
 *
 * A trace is handed over call by call with synchronous requests: TF.js computes synchronously, and the page must not hold
 * more activations than one. The page's scripts have put the user's TF.js into the global `tf`.
 */

import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import type { TracedCall } from "./engine.ts";
import { FrameDecoder } from "./protocol.ts";
import type { Tfjs } from "./tfjs.ts";
import { decodeRequest, encodeReply } from "./tfjs-frames.ts";
import { type DeviceFault, deviceOf, watchDevice } from "./tfjs-page-device.browser.ts";
import type { PageStart, Reply } from "./tfjs-protocol.ts";
import { answer, failureFrom, type Loaded, load, silence, startBackend } from "./tfjs-runner.ts";

type Umbrella = Tfjs["core"] & {
  readonly wasm?: { setWasmPaths?(paths: Readonly<Record<string, string>>): void };
};

async function main(): Promise<void> {
  silence(console);
  const start = (await (await fetch("start.json")).json()) as PageStart;
  const tf = (globalThis as { tf?: Umbrella }).tf;
  if (tf === undefined) throw unavailable(start, "its scripts do not run in this browser");
  for (const [flag, value] of Object.entries(start.flags)) setFlag(tf, flag, value);
  if (Object.keys(start.wasm).length > 0) tf.wasm?.setWasmPaths?.(start.wasm);
  await startBackend(tf, start.backend).catch((error: unknown) => {
    throw unavailable(start, error instanceof Error ? error.message : String(error));
  });
  const faultOf = watchDevice(tf.backend());
  const model = start.hasModel ? await load(tf, tf, start.graph, await artifacts()) : null;
  const described = model === null ? { inputs: [], outputs: [] } : model.described;
  await reply({ kind: "ready", ...described, hardware: await deviceOf(tf.backend()) });
  for (;;) await serve(start.id, model, faultOf);
}

async function serve(id: string, model: Loaded | null, faultOf: () => DeviceFault | null): Promise<void> {
  const response = await fetch("request");
  if (response.status === 204) return;
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const frame = new FrameDecoder().push(new Uint8Array(await response.arrayBuffer()))[0];
  if (frame === undefined) throw new Error("the server sent half a request");
  const request = decodeRequest(frame);
  const stage = request.kind === "predict" ? "predicting" : "tracing";
  // What a device gives after a fault is zeros.
  const check = (): void => {
    const fault = faultOf();
    if (fault === null) return;
    const { lost, reason } = fault;
    if (lost) throw new VernierError("engine.crashed", { engine: id, reason, stage });
    throw new Error(`WebGPU: ${reason}`);
  };
  const onCall = (call: TracedCall): void => {
    check();
    replyAtOnce({ kind: "call", call, sizeKiB: 0 });
  };
  const last = await answer(model, request, onCall);
  // WebGPU tells of a loss in a task of its own.
  await new Promise((resolve) => setTimeout(resolve));
  try {
    check();
    await reply(last);
  } catch (error) {
    await reply({ kind: "failed", failure: failureFrom(error) });
  }
}

async function artifacts(): Promise<Parameters<typeof load>[3]> {
  const [json, weights] = await Promise.all([fetch("model.json"), fetch("weights.bin")]);
  const described = (await json.json()) as Parameters<typeof load>[3];
  return weights.ok ? { ...described, weightData: await weights.arrayBuffer() } : described;
}

const bodyOf = (message: Reply): Blob => new Blob(encodeReply(message) as BlobPart[]);

async function reply(message: Reply): Promise<void> {
  await fetch("reply", { method: "POST", body: bodyOf(message) });
}

function replyAtOnce(message: Reply): void {
  const request = new XMLHttpRequest();
  request.open("POST", "reply", false);
  request.send(bodyOf(message));
}

/** A TF.js that does not know a flag is not slowed down or coarsened by it. */
function setFlag({ env }: Tfjs["core"], flag: string, value: boolean | number): void {
  try {
    env().set(flag, value);
  } catch (error) {
    if (!isObject(error) && !(error instanceof Error)) throw error;
  }
}

const unavailable = ({ id, remedy }: PageStart, reason: string): VernierError =>
  new VernierError("engine.unavailable", { engine: id, reason: reason.replace(/\.$/, ""), remedy });

main().catch((error: unknown) => reply({ kind: "failed", failure: failureFrom(error) }));
