/** @file What the TF.js engines share, wherever TF.js runs: the user's model.json in the user's TF.js. */

import { dirname } from "node:path";
import { isVernierError, VernierError } from "../base/errors.ts";
import type { Arithmetic } from "../numerics/arithmetic.ts";
import type { Engine, EngineModel, EngineOptions, EngineSession } from "./engine.ts";
import type { Transport } from "./tfjs-protocol.ts";
import { findTfjs, type TfjsBackend, type TfjsFound } from "./tfjs-resolve.node.ts";
import { type Connection, connect } from "./tfjs-session.node.ts";

export interface TfjsEngine {
  readonly id: string;
  readonly backend: TfjsBackend;
  readonly arithmetic: Arithmetic;
  /** `null`: only the backend, to see that it starts. */
  start(found: TfjsFound, model: EngineModel | null, options: EngineOptions): Promise<Transport>;
  /** Where the runtime does not say it itself. */
  hardware(): string | null;
}

export function tfjsEngine({ id, backend, arithmetic, start, hardware }: TfjsEngine): Engine {
  const run = async (
    found: TfjsFound,
    model: EngineModel | null,
    options: EngineOptions,
  ): Promise<Connection> => {
    options.signal?.throwIfAborted();
    return connect(id, await start(found, model, options), options);
  };
  return {
    id,
    async probe(options = {}) {
      try {
        const found = findTfjs(backend, { ...folderOf(options), nearby: [process.cwd()] });
        const connection = await run(found, null, { timeoutMs: 30_000, ...options });
        await connection.close();
        const on = connection.hardware === null ? "" : `, ${connection.hardware}`;
        return {
          id,
          status: "ready",
          version: found.label,
          detail: `TF.js ${found.label}${on}`,
          remedy: null,
        };
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
      const connection = await run(found, model, options);
      return sessionOf(connection, {
        engine: id,
        version: found.label,
        hardware: connection.hardware ?? hardware(),
        arithmetic,
        ...connection.described,
      });
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

function sessionOf(connection: Connection, info: EngineSession["info"]): EngineSession {
  const { inputs } = info;
  return {
    info,
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
