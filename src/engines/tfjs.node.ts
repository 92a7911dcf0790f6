/** @file `tfjs:cpu` and `tfjs:wasm`: TF.js in Node, each session in a worker thread of its own. */

import { cpus } from "node:os";
import type { Arithmetic } from "../numerics/arithmetic.ts";
import { TFJS_CPU_FLOAT32, TFJS_WASM_FLOAT32 } from "../numerics/engines.ts";
import type { Engine } from "./engine.ts";
import { tfjsEngine } from "./tfjs-engine.node.ts";
import { startThread } from "./tfjs-thread.node.ts";

export const tfjsCpu: Engine = inThread("cpu", TFJS_CPU_FLOAT32);
export const tfjsWasm: Engine = inThread("wasm", TFJS_WASM_FLOAT32);

function inThread(backend: "cpu" | "wasm", arithmetic: Arithmetic): Engine {
  return tfjsEngine({
    id: `tfjs:${backend}`,
    backend,
    arithmetic,
    start: (found, model, options) => startThread(backend, found, model, options),
    hardware: () => cpus()[0]?.model ?? null,
  });
}
