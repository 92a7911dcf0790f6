/** @file `tfjs:cpu` and `tfjs:wasm`: the user's model.json in the user's TF.js, each session in a worker of its own. */

import { cpus } from "node:os";
import { dirname } from "node:path";
import { isVernierError, VernierError } from "../base/errors.ts";
import { startWorker } from "../base/worker.node.ts";
import { TFJS_CPU_FLOAT32, TFJS_WASM_FLOAT32 } from "../numerics/engines.ts";
import type { Engine, EngineModel, EngineOptions, EngineSession } from "./engine.ts";
import type { WorkerStart } from "./tfjs-protocol.ts";
import { findTfjs, type TfjsBackend, type TfjsFound } from "./tfjs-resolve.node.ts";
import { type Connection, connect } from "./tfjs-session.node.ts";

const ARITHMETIC = { cpu: TFJS_CPU_FLOAT32, wasm: TFJS_WASM_FLOAT32 } as const;

export const tfjsCpu: Engine = tfjsEngine("cpu");
export const tfjsWasm: Engine = tfjsEngine("wasm");

function tfjsEngine(backend: TfjsBackend): Engine {
  const id = `tfjs:${backend}`;
  return {
    id,
    async probe(options = {}) {
      try {
        const found = findTfjs(backend, { ...folderOf(options), nearby: [process.cwd()] });
        const connection = await start(id, found, null, { timeoutMs: 30_000, ...options });
        await connection.close();
        return { id, status: "ready", version: found.label, detail: `TF.js ${found.label}`, remedy: null };
      } catch (error) {
        const problem = isVernierError(error) ? error.problem : { message: String(error), hint: null };
        return { id, status: "missing", version: null, detail: problem.message, remedy: problem.hint };
      }
    },
    async open(model, options = {}) {
      refuseOthers(model);
      const nearby = [dirname(model.path), process.cwd()];
      const loader = model.format === "tfjs-graph" ? "converter" : "layers";
      const found = findTfjs(backend, { ...folderOf(options), nearby }, loader);
      const connection = await start(id, found, model, options);
      return sessionOf(id, found, connection, backend);
    },
  };
}

const folderOf = ({ tfjsFolder }: EngineOptions): { tfjsFolder?: string } =>
  tfjsFolder === undefined ? {} : { tfjsFolder };

function refuseOthers({ format, path }: EngineModel): void {
  if (format === "tfjs-layers" || format === "tfjs-graph") return;
  const [what, remedy] = ["a Keras file in TF.js", "convert it to TF.js first"];
  throw new VernierError("file.unsupported", { what, remedy }, { where: path });
}

async function start(
  id: string,
  found: TfjsFound,
  model: EngineModel | null,
  options: EngineOptions,
): Promise<Connection> {
  options.signal?.throwIfAborted();
  const backend = id.slice("tfjs:".length);
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
  const { memoryMiB } = options;
  const worker = await startWorker("tfjs.worker.node", import.meta.url, {
    workerData,
    // Kept from the user's screen: TF.js and emscripten write hints and aborts there.
    stdout: true,
    stderr: true,
    ...(memoryMiB === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMiB } }),
  });
  return connect(id, worker, flow, options);
}

function sessionOf(
  id: string,
  found: TfjsFound,
  connection: Connection,
  backend: TfjsBackend,
): EngineSession {
  const { inputs, outputs } = connection.described;
  return {
    info: {
      engine: id,
      version: found.label,
      hardware: cpus()[0]?.model ?? null,
      arithmetic: ARITHMETIC[backend],
      inputs,
      outputs,
    },
    async predict(tensors) {
      checkCount(tensors.length, inputs.length);
      return connection.ask({ kind: "predict", inputs: tensors });
    },
    async trace(tensors, onCall) {
      checkCount(tensors.length, inputs.length);
      return connection.ask({ kind: "trace", inputs: tensors }, onCall);
    },
    [Symbol.asyncDispose]: connection.close,
  };
}

function checkCount(received: number, expected: number): void {
  if (received === expected) return;
  throw new VernierError("input.invalid", {
    reason: `${received} tensors were given, the model takes ${expected}`,
  });
}
