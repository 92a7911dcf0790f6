/**
 * @file `keras`: the user's model in real Keras in the user's own Python (`python/vernier_keras.py` is the other half).
 *
 * `predict` is `model.predict`, which users call; the trace is the eager call. They differ by what TensorFlow's graph
 * optimiser fuses (MobileNetV2: 3e-8, ResNet50: 3e-7 of a probability).
 */

import { integer, listOf, nullable, objectOf, oneOf, string } from "../base/decode.ts";
import { isVernierError, VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { TENSORFLOW_CPU_FLOAT32 } from "../numerics/engines.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type {
  Engine,
  EngineInfo,
  EngineModel,
  EngineOptions,
  EngineSession,
  TracedCall,
  TracedCell,
} from "./engine.ts";
import { KerasProcess } from "./keras-process.node.ts";
import { findPython, type PythonFound } from "./keras-python.node.ts";
import type { Frame } from "./protocol.ts";

export const KERAS_BACKENDS = ["tensorflow", "jax", "torch", "numpy"] as const;
export type KerasBackend = (typeof KERAS_BACKENDS)[number];

/** With KERAS_BACKEND, or what the user's keras.json says. */
export const keras: Engine = kerasEngine(null);

export function kerasEngine(backend: KerasBackend | null): Engine {
  const id = backend === null ? "keras" : `keras:${backend}`;
  return {
    id,
    async probe({ python } = {}) {
      try {
        const found = await findPython(id, python);
        const version = found.versions["keras"] ?? found.versions["tf_keras"] ?? null;
        const has = Object.entries(found.versions).map(([name, installed]) => `${name} ${installed}`);
        const detail = `${has.join(", ")} in Python ${found.python} (${found.command}, ${found.source})`;
        return { id, status: "ready", version, detail, remedy: null };
      } catch (error) {
        const problem = isVernierError(error) ? error.problem : { message: String(error), hint: null };
        return { id, status: "missing", version: null, detail: problem.message, remedy: problem.hint };
      }
    },
    async open(model, options = {}) {
      refuseOthers(model);
      options.signal?.throwIfAborted();
      const found = await findPython(id, options.python);
      return openSession(id, backend, found, model, options);
    },
  };
}

function refuseOthers({ format, path }: EngineModel): void {
  if (format === "keras-h5" || format === "keras-v3") return;
  if (format === "keras-weights")
    throw new VernierError(
      "file.unsupported",
      { what: "a file of weights alone", remedy: 'save the whole model: model.save("model.keras")' },
      { where: path },
    );
  const remedy = "run it with a tfjs engine, or convert it to Keras first";
  throw new VernierError("file.unsupported", { what: "a TF.js model in Keras", remedy }, { where: path });
}

async function openSession(
  id: string,
  backend: KerasBackend | null,
  found: PythonFound,
  { path }: EngineModel,
  { timeoutMs = 120_000, memoryMiB = 0, trust = false, signal }: EngineOptions,
): Promise<EngineSession> {
  const env = backend === null ? {} : { KERAS_BACKEND: backend };
  const python = new KerasProcess({ engine: id, command: found.command, env, timeoutMs, signal });
  const ask = async (
    type: string,
    stage: string,
    more: object,
    tensors: readonly Tensor[] = [],
    onCall?: (frame: Frame) => void,
  ) => {
    const frame = await python.ask({
      header: { type, ...more },
      tensors,
      stage,
      ...(onCall === undefined ? {} : { onCall }),
    });
    if (frame.type === "error") throw errorFrom(frame, id, stage, path);
    return frame;
  };
  try {
    const loaded = await ask("load", "loading the model", { path, trust, memoryMiB: Math.ceil(memoryMiB) });
    const info = decodeInfo(loaded, found);
    const checkCount = (tensors: readonly Tensor[]): void => {
      if (tensors.length === info.inputs.length) return;
      const reason = `${tensors.length} tensors were given, the model takes ${info.inputs.length}`;
      throw new VernierError("input.invalid", { reason });
    };
    return {
      info,
      async predict(tensors) {
        checkCount(tensors);
        return [...(await ask("predict", "predicting", {}, tensors)).tensors];
      },
      async trace(tensors, onCall) {
        checkCount(tensors);
        return [
          ...(await ask("trace", "tracing", {}, tensors, (frame) => onCall(decodeCall(frame)))).tensors,
        ];
      },
      [Symbol.asyncDispose]: () => python[Symbol.asyncDispose](),
    };
  } catch (error) {
    await python[Symbol.asyncDispose]();
    throw error;
  }
}

const tensorInfos = {
  decode: (json: unknown): EngineInfo["inputs"] =>
    listOf(objectOf({ decode: (value: unknown) => value }))
      .decode(json)
      .map(({ name, shape, dtype }) => ({
        name: string.decode(name),
        shape: listOf(nullable(integer(0))).decode(shape),
        dtype: string.decode(dtype),
      })),
};

function decodeInfo({ header }: Frame, { command }: PythonFound): EngineInfo {
  const word = (key: string): string => string.decode(header[key], [key]);
  const backend = word("backend");
  const note = nullable(string).decode(header["note"]);
  const refusal = note === null ? "" : `; ${note.split(":")[0]}`;
  return {
    engine: `keras:${backend}`,
    version: `${word("framework")} ${word("kerasVersion")} on ${backend} ${word("backendVersion")} (${command}${refusal})`,
    hardware: nullable(string).decode(header["hardware"]),
    // Stated for TensorFlow's CPU kernels; the other backends also compute in float32 on the CPU (GPUs are hidden).
    arithmetic: TENSORFLOW_CPU_FLOAT32,
    inputs: tensorInfos.decode(header["inputs"]),
    outputs: tensorInfos.decode(header["outputs"]),
  };
}

const DIRECTIONS = oneOf("", "forward", "backward");

function decodeCall({ header, tensors }: Frame): TracedCall {
  const outputHashes = listOf(string).decode(header["outputHashes"]);
  let at = outputHashes.length;
  const take = (count: unknown): readonly Tensor[] => tensors.slice(at, (at += integer(0).decode(count)));
  const cells = listOf({ decode: (cell: unknown) => (isObject(cell) ? cell : {}) }).decode(header["cells"]);
  return {
    path: string.decode(header["path"]),
    className: string.decode(header["className"]),
    inputHashes: listOf(string).decode(header["inputHashes"]),
    outputHashes,
    outputs: tensors.slice(0, outputHashes.length),
    cells: cells.map(
      ({ direction, inputs, states, outputs, newStates }): TracedCell => ({
        direction: DIRECTIONS.decode(direction),
        inputs: take(inputs),
        states: take(states),
        outputs: take(outputs),
        newStates: take(newStates),
      }),
    ),
  };
}

/** As TensorFlow's kernels of convolutions say of channels_first (tensorflow/core/kernels/conv_*.cc). */
const ONE_DNN_ALONE = /only supports (the )?ND?HWC/;
const ASK_FOR_ONE_DNN =
  "TensorFlow computes channels_first on this processor by oneDNN alone: set TF_ENABLE_ONEDNN_OPTS=1 and run it again";

function errorFrom({ header }: Frame, engine: string, stage: string, path: string): VernierError {
  const reason = typeof header["message"] === "string" ? header["message"] : "no reason given";
  const cause =
    typeof header["detail"] === "string" && header["detail"] !== "" ? new Error(header["detail"]) : undefined;
  const options = { where: path, ...(cause === undefined ? {} : { cause }) };
  switch (header["code"]) {
    case "untrusted": {
      const hint = "--trust lets Keras run it; do that only for a file whose author you trust";
      return new VernierError(
        "engine.refused",
        { engine, reason: `the file brings code of its own: ${reason}`, hint },
        options,
      );
    }
    case "refused": {
      const hint =
        "name a Python that has the Keras which wrote the file (--python), or save the model again with this one";
      return new VernierError("engine.refused", { engine, reason, hint }, options);
    }
    case "unreadable":
      return new VernierError("file.unreadable", { reason }, options);
    case "unavailable":
      return new VernierError(
        "engine.unavailable",
        { engine, reason, remedy: "repair or replace this Python's Keras" },
        options,
      );
    case "input":
      return new VernierError("input.invalid", { reason }, options);
    case "memory":
      return new VernierError("engine.crashed", { engine, reason, stage }, options);
    case "protocol":
      return new VernierError("internal", { reason }, options);
    default:
      return new VernierError(
        "engine.refused",
        {
          engine,
          reason,
          why: `while ${stage}`,
          ...(ONE_DNN_ALONE.test(reason) ? { hint: ASK_FOR_ONE_DNN } : {}),
        },
        options,
      );
  }
}
