/**
 * @file The `keras` engine with real Keras: one Python process for all models, and what happens when it misbehaves.
 * Longer than 300 lines because one Python process is started for all of it.
 */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { isVernierError } from "../../src/base/errors.ts";
import type { EngineModel, EngineSession, TracedCall } from "../../src/engines/engine.ts";
import { keras } from "../../src/engines/keras.node.ts";
import { KerasProcess, SCRIPT } from "../../src/engines/keras-process.node.ts";
import type { Frame } from "../../src/engines/protocol.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { sizeOf } from "../../src/tensor/tensor.ts";

const python = process.env["VERNIER_PYTHON"] ?? "";
const fixture = (name: string): string => new URL(`../fixtures/${name}`, import.meta.url).pathname;
const model = (name: string): EngineModel => ({
  path: fixture(name),
  format: name.endsWith(".keras") ? "keras-v3" : "keras-h5",
});

/** Processes, of whatever parent, whose environment holds our mark (Linux). */
const MARK = `VERNIER_TEST=${process.pid}-${Date.now()}`;
const [MARK_NAME = "", MARK_VALUE = ""] = MARK.split("=");
function marked(): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        Number(pid) !== process.pid &&
        readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(MARK)
      );
    } catch {
      return false;
    }
  }).length;
}

beforeAll(() => {
  process.env[MARK_NAME] = MARK_VALUE;
});
afterAll(() => {
  Reflect.deleteProperty(process.env, MARK_NAME);
  expect(marked()).toBe(0);
});

/** Deterministic values between -1 and 1. */
function values(shape: readonly number[], phase = 0): Tensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1.7 * i + 0.3 + phase));
  return { shape, dtype: "float32", data };
}

function inputsFor(
  inputs: readonly { name: string; shape: readonly (number | null)[]; dtype: string }[],
): Tensor[] {
  return inputs.map(({ name, shape, dtype }, index) => {
    const full = shape.map((extent) => extent ?? 3);
    if (name !== "tokens") return values(full, index);
    const data = Int32Array.from({ length: sizeOf(full) }, (_, i) => (i % 8 > 4 ? 0 : i % 9));
    return dtype === "int32"
      ? { shape: full, dtype: "int32", data }
      : { shape: full, dtype: "float32", data: Float32Array.from(data) };
  });
}

const bytesOf = (tensors: readonly Tensor[]): Uint8Array[] =>
  tensors.map(({ data }) =>
    ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
      : new Uint8Array(),
  );

describe.skipIf(python === "")("with real Keras", () => {
  /** One process; the models are loaded into it one after another, as the engine's own requests do. */
  let running: KerasProcess;
  beforeAll(() => {
    running = new KerasProcess({ engine: "keras", command: python, timeoutMs: 120_000 });
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
  });
  const ask = async (
    type: string,
    more: object = {},
    tensors: readonly Tensor[] = [],
    onCall?: (frame: Frame) => void,
  ) => {
    const answer = await running.ask({
      header: { type, ...more },
      tensors,
      stage: type,
      ...(onCall && { onCall }),
    });
    if (answer.type === "error")
      throw new Error(String(answer.header["message"]) + String(answer.header["detail"]));
    return answer;
  };
  const infos = (header: Frame["header"]) =>
    header["inputs"] as { name: string; shape: (number | null)[]; dtype: string }[];

  const names = ["keras2", "keras3"].flatMap((folder) =>
    readdirSync(fixture(folder))
      .filter((name) => !name.startsWith("with-lambda"))
      .map((name) => `${folder}/${name}`),
  );

  test.each(names)(
    "%s: the traced run equals the plain eager run bit for bit, and predict has its shapes",
    async (name) => {
      const loaded = await ask("load", { path: fixture(name), trust: false });
      const inputs = inputsFor(infos(loaded.header));
      const plain = await ask("eager", {}, inputs);
      let calls = 0;
      const traced = await ask("trace", {}, inputs, () => calls++);
      expect(bytesOf(traced.tensors)).toEqual(bytesOf(plain.tensors));
      expect(calls).toBeGreaterThan(1);
      const predicted = await ask("predict", {}, inputs);
      expect(predicted.tensors.map(({ shape }) => shape)).toEqual(traced.tensors.map(({ shape }) => shape));
    },
  );

  describe("opened as an engine", () => {
    let session: EngineSession | undefined;
    afterAll(async () => session?.[Symbol.asyncDispose]());

    const traceOf = async (
      name: string,
    ): Promise<{ calls: TracedCall[]; outputs: Tensor[]; info: EngineSession["info"] }> => {
      await session?.[Symbol.asyncDispose]();
      session = await keras.open(model(name), { python });
      const calls: TracedCall[] = [];
      const outputs = await session.trace(inputsFor(session.info.inputs), (call) => calls.push(call));
      return { calls, outputs, info: session.info };
    };

    test("nested models give paths, and every call's inputs are some call's outputs", async () => {
      const { calls, outputs, info } = await traceOf("keras3/nested.h5");
      expect(info.engine).toBe("keras:tensorflow");
      expect(info.version).toMatch(/^keras 3\.\d+\.\d+ on tensorflow 2\.\d+\.\d+ \(/);
      expect(info.inputs).toEqual([{ name: "features", shape: [null, 8], dtype: "float32" }]);
      expect(info.outputs).toEqual([{ name: "head", shape: [null, 3], dtype: "float32" }]);
      expect(calls.map(({ path }) => path)).toEqual([
        "encoder/dense_one",
        "encoder/bn",
        "middle/inner/dense_two",
        "middle/inner/add",
        "middle/leaky",
        "head",
      ]);
      const produced = new Set(calls.flatMap(({ outputHashes }) => outputHashes));
      for (const call of calls.slice(1))
        expect(call.inputHashes.every((hash) => produced.has(hash))).toBe(true);
      expect(bytesOf(calls.at(-1)?.outputs ?? [])).toEqual(bytesOf(outputs));
    });

    test("a shared layer is seen once per invocation, in two inputs' order", async () => {
      const { calls } = await traceOf("keras3/shared.h5");
      const towers = calls.filter(({ path }) => path === "tower");
      expect(towers).toHaveLength(2);
      expect(calls.filter(({ path }) => path === "tail")).toHaveLength(3);
      expect(new Set(calls.find(({ path }) => path === "product")?.inputHashes).size).toBe(2);
    });

    test("recurrent cells inside Bidirectional: each step's states are the last step's new ones", async () => {
      const { calls } = await traceOf("keras2/bidirectional.h5");
      const both = calls.find(({ path }) => path === "both");
      for (const direction of ["forward", "backward"] as const) {
        const cells = both?.cells.filter((cell) => cell.direction === direction) ?? [];
        expect(cells).toHaveLength(6);
        for (const [i, cell] of cells.entries()) {
          expect(cell.states.map(({ shape }) => shape)).toEqual([
            [3, 3],
            [3, 3],
          ]);
          expect(bytesOf(cell.outputs)).toEqual(bytesOf(cell.newStates.slice(0, 1)));
          if (i > 0) expect(bytesOf(cell.states)).toEqual(bytesOf(cells[i - 1]?.newStates ?? []));
        }
      }
      expect(calls.map(({ path }) => path)).toEqual(["both", "sum", "tags"]);
      expect(session?.info.version).toMatch(/^tf_keras .*refused by keras 3/);
    });

    test("an unmasked recurrent layer's last step is its output, forwards and backwards", async () => {
      const { calls } = await traceOf("keras3/gru-reset-after.h5");
      for (const path of ["gru", "gru_back"]) {
        const call = calls.find((one) => one.path === path);
        expect(call?.cells).toHaveLength(6);
        const last = call?.cells.at(-1)?.outputs[0]?.data as Float32Array;
        const output = call?.outputs[0]?.data as Float32Array;
        // [3, 6, 5] with return_sequences, [3, 4] without.
        const lastSteps =
          path === "gru"
            ? [0, 1, 2].flatMap((row) => [...output.subarray(row * 30 + 25, row * 30 + 30)])
            : [...output];
        expect([...last]).toEqual(lastSteps);
      }
    });

    test("what the caller's onCall throws comes out, and the session lives on", async () => {
      const own = new Error("enough");
      const inputs = inputsFor(session?.info.inputs ?? []);
      await expect(
        session?.trace(inputs, () => {
          throw own;
        }),
      ).rejects.toBe(own);
      expect(await session?.predict(inputs)).toHaveLength(1);
    });

    test("inputs that do not fit are told as such", async () => {
      await expect(session?.predict([])).rejects.toMatchObject({ code: "input.invalid" });
      await expect(session?.predict([values([2, 5])])).rejects.toMatchObject({
        code: "input.invalid",
        message: expect.stringContaining(
          '"series" takes [None, 6, 3], the tensor given has [2, 5]',
        ) as string,
      });
    });
  });

  test.each(["keras2/with-lambda.h5", "keras3/with-lambda.h5"])(
    "%s is refused until it is trusted",
    async (name) => {
      await expect(keras.open(model(name), { python })).rejects.toMatchObject({
        code: "engine.refused",
        message: expect.stringContaining('Lambda layer "double"') as string,
        hint: expect.stringContaining("--trust") as string,
        exitCode: 2,
      });
      expect(marked()).toBe(1);
    },
  );

  test("a trusted Lambda runs", async () => {
    await using session = await keras.open(model("keras2/with-lambda.h5"), { python, trust: true });
    expect(await session.predict([values([2, 3])])).toHaveLength(1);
  });

  test("channels_first without the kernels for it: TensorFlow's own words, and what brings them", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "vernier-keras-")), "first.keras");
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(dirname(path), { recursive: true });
    });
    const make = `import keras
layer = keras.layers.Conv2D(3, 3, data_format="channels_first")
keras.Sequential([keras.Input((2, 5, 5)), layer]).save(${JSON.stringify(path)})`;
    execFileSync(python, ["-c", make], { stdio: "ignore" });
    vi.stubEnv("TF_ENABLE_ONEDNN_OPTS", "0");
    await using session = await keras.open({ path, format: "keras-v3" }, { python });
    await expect(session.predict([values([1, 2, 5, 5])])).rejects.toMatchObject({
      code: "engine.refused",
      message: expect.stringMatching(
        /refuses the model: UnimplementedError: The Conv2D op .* NHWC/,
      ) as string,
      hint: expect.stringContaining("set TF_ENABLE_ONEDNN_OPTS=1") as string,
    });
  });

  test("what is no model, no file, or a TF.js model is refused", async () => {
    await expect(keras.open(model("README.md"), { python })).rejects.toMatchObject({
      code: "engine.refused",
      exitCode: 2,
    });
    await expect(keras.open(model("no-such.h5"), { python })).rejects.toMatchObject({
      code: "file.unreadable",
      exitCode: 2,
    });
    const web = { path: fixture("tfjs/mlp/model.json"), format: "tfjs-layers" } as const;
    await expect(keras.open(web, { python })).rejects.toMatchObject({ code: "file.unsupported" });
  });

  test("a file that points at another file is refused before Keras sees it", async () => {
    await expect(keras.open(model("hdf5/hostile.h5"), { python })).rejects.toMatchObject({
      code: "engine.refused",
      message: expect.stringContaining("takes its data from another file") as string,
    });
  });

  test("too little memory is a crash with that reason", async () => {
    const opened = keras.open(model("keras3/mlp.h5"), { python, memoryMiB: 100 });
    await expect(opened).rejects.toMatchObject({
      code: "engine.crashed",
      message: expect.stringContaining("100 MiB") as string,
    });
    expect(marked()).toBe(1);
  });

  test("a killed process is a crash, and later requests say the same", async () => {
    const own = new KerasProcess({ engine: "keras", command: python, timeoutMs: 60_000 });
    const load = own.ask({
      header: { type: "load", path: fixture("keras3/mlp.h5") },
      stage: "loading the model",
    });
    process.kill(own.pid ?? 0, "SIGKILL");
    await expect(load).rejects.toMatchObject({
      code: "engine.crashed",
      message: expect.stringContaining("SIGKILL") as string,
    });
    await expect(own.ask({ header: { type: "predict" }, stage: "predicting" })).rejects.toMatchObject({
      code: "engine.crashed",
    });
    await own[Symbol.asyncDispose]();
    expect(marked()).toBe(1);
  });

  test("the probe names what it found", async () => {
    expect(await keras.probe({ python })).toMatchObject({ id: "keras", status: "ready", remedy: null });
  });
});

describe("a Python that is not one", () => {
  const folder = mkdtempSync(join(tmpdir(), "vernier-keras-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const program = (name: string, body: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/usr/bin/env bash\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const askOnce = async (command: string, timeoutMs: number, signal?: AbortSignal): Promise<unknown> => {
    const before = marked();
    await using own = new KerasProcess({ engine: "keras", command, timeoutMs, ...(signal && { signal }) });
    const error: unknown = await own
      .ask({ header: { type: "load", path: "x" }, stage: "loading the model" })
      .catch((e: unknown) => e);
    expect(marked()).toBe(before);
    return error;
  };

  test("a hang ends at the timeout, with the children it started", async () => {
    const error = await askOnce(program("hangs", "sleep 1000 & sleep 1000"), 300);
    expect(error).toMatchObject({
      code: "engine.timeout",
      exitCode: 3,
      details: { stage: "loading the model", seconds: 0.3 },
    });
  });

  test("text on the protocol stream is an error that shows it", async () => {
    const error = await askOnce(program("chats", "echo Hello; sleep 1000"), 20_000);
    expect(error).toMatchObject({
      code: "engine.crashed",
      message: expect.stringContaining("Hell") as string,
    });
  });

  test("a crash tells the exit code and the last words", async () => {
    const error = await askOnce(program("dies", "echo 'no module named keras' >&2; exit 7"), 20_000);
    expect(error).toMatchObject({
      message: expect.stringMatching(/code 7: no module named keras/) as string,
    });
  });

  test("an abort ends it with the caller's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    setTimeout(() => controller.abort(reason), 100);
    expect(await askOnce(program("waits", "sleep 1000"), 20_000, controller.signal)).toBe(reason);
  });

  test("a missing program is unavailable, with a remedy", async () => {
    const error = await askOnce(join(folder, "nothing-here"), 20_000);
    expect(error).toMatchObject({ code: "engine.unavailable", exitCode: 3 });
    const opened = await keras
      .open(model("keras3/mlp.h5"), { python: join(folder, "nothing-here") })
      .catch((e: unknown) => e);
    expect(isVernierError(opened, "engine.unavailable") && opened.hint).toMatch(/pip install keras/);
    expect(await keras.probe({ python: program("bare", "echo hi") })).toMatchObject({ status: "missing" });
  });

  test("the script is where both src and dist look for it", () => {
    expect(existsSync(SCRIPT)).toBe(true);
  });
});
