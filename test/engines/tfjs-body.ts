/**
 * @file What every TF.js engine must do, wherever TF.js runs: one body for worker threads and pages. Longer than 300 lines
 * because it is one.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type {
  Engine,
  EngineModel,
  EngineOptions,
  EngineSession,
  TracedCall,
} from "../../src/engines/engine.ts";
import { hashTensor } from "../../src/engines/hash.ts";
import { REFUSALS } from "../../src/engines/tfjs-refusals.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  type Json,
  type JsonLayer,
  MODELS,
  nested,
  recurrent,
  samplesFor,
  shared,
  tensor,
  twoInTwoOut,
  written,
} from "./tfjs-models.ts";

export const layersModel = (path: string): EngineModel => ({ path, format: "tfjs-layers" });
const hash = ({ shape, data }: Tensor): string => hashTensor(shape, data);

const numbers = (tensor: Tensor | undefined): number[] =>
  tensor === undefined ? [] : [...(tensor.data as Float32Array)];

interface Watched {
  readonly calls: TracedCall[];
  readonly outputs: Tensor[];
}
export async function watch(session: EngineSession, inputs: readonly Tensor[]): Promise<Watched> {
  const calls: TracedCall[] = [];
  return { outputs: await session.trace(inputs, (call) => calls.push(call)), calls };
}

const layerOf = (json: Json, name: string): JsonLayer => {
  const layer = json.modelTopology.config.layers.find((candidate) => candidate.config["name"] === name);
  if (layer === undefined) throw new Error(`the test's model has no layer ${name}`);
  return layer;
};

/** Does a kernel say that an index is out of range, or give zeros? (On a GPU it gives zeros.) */
export interface Traits {
  readonly checksIndices: boolean;
  /** Fails while a thread or a process of an engine is left. */
  nothingLeft(): Promise<void>;
}

/** Opens in `engine`, and ends what the test has opened. */
export function opener(engine: Engine): (path: string, options?: EngineOptions) => Promise<EngineSession> {
  const sessions: EngineSession[] = [];
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session[Symbol.asyncDispose]();
  });
  return async (path, options = {}) => {
    const session = await engine.open(layersModel(path), options);
    sessions.push(session);
    return session;
  };
}

/** The watched run of every model: the first of the tests below, for engines that the rest is too slow on. */
export function watchedRunsEqualPlainOnes(
  open: ReturnType<typeof opener>,
  except: readonly string[] = [],
): void {
  test.each(Object.entries(MODELS).filter(([name]) => !except.includes(name)))(
    "%s: the watched run equals the plain one bit for bit, before and after",
    async (name, build) => {
      const session = await open(await written(name, build));
      const inputs = samplesFor(session.info.inputs);
      const plain = await session.predict(inputs);
      const { calls, outputs } = await watch(session, inputs);
      expect(outputs.map(hash)).toEqual(plain.map(hash));
      expect((await session.predict(inputs)).map(hash)).toEqual(plain.map(hash));
      expect(calls.length).toBeGreaterThan(0);
      expect(plain.flatMap(numbers).every(Number.isFinite)).toBe(true);
      for (const call of calls) expect(call.outputs.map(hash)).toEqual(call.outputHashes);
      for (const output of plain)
        expect(calls.flatMap(({ outputHashes }) => outputHashes)).toContain(hash(output));
    },
  );
}

export function engineTests(engine: Engine, { checksIndices, nothingLeft }: Traits): void {
  const open = opener(engine);
  watchedRunsEqualPlainOnes(open);

  test("layers of nested models have paths, and each is fed what the one before gave", async () => {
    const session = await open(await written("nested", nested));
    const [input] = samplesFor(session.info.inputs);
    const { calls } = await watch(session, [input as Tensor]);
    expect(calls.map(({ path, className }) => [path, className])).toEqual([
      ["middle/inner/conv", "Conv2D"],
      ["middle/inner/norm", "BatchNormalization"],
      ["middle/flat", "Flatten"],
      ["top", "Dense"],
    ]);
    const given = [hash(input as Tensor), ...calls.flatMap(({ outputHashes }) => outputHashes)];
    expect(calls.map(({ inputHashes }) => inputHashes)).toEqual(given.slice(0, -1).map((h) => [h]));
  });

  test("a shared layer occurs once per call, told apart by what it was fed", async () => {
    const session = await open(await written("shared", shared));
    const [input] = samplesFor(session.info.inputs);
    const { calls } = await watch(session, [input as Tensor]);
    const [first, second, sum] = calls;
    expect(calls.map(({ path }) => path)).toEqual(["twice", "twice", "sum"]);
    expect(first?.inputHashes).toEqual([hash(input as Tensor)]);
    expect(second?.inputHashes).toEqual(first?.outputHashes);
    expect(sum?.inputHashes).toEqual([...(first?.outputHashes ?? []), ...(second?.outputHashes ?? [])]);
  });

  test("every step of a cell: input, states before in the order h, c, output and new states", async () => {
    const session = await open(await written("recurrent", recurrent));
    const { calls } = await watch(session, samplesFor(session.info.inputs));
    const [ids, lstm, both, simple] = calls;
    expect(calls.map(({ cells }) => cells.length)).toEqual([0, 5, 10, 5]);
    expect(ids?.outputs[0]?.shape).toEqual([2, 5, 4]);
    const [step, next] = lstm?.cells ?? [];
    expect(step?.states.map(({ shape, data }) => [shape, [...(data as Float32Array)]])).toEqual([
      [
        [2, 3],
        [0, 0, 0, 0, 0, 0],
      ],
      [
        [2, 3],
        [0, 0, 0, 0, 0, 0],
      ],
    ]);
    // The first step is not padding: its new states are the next one's; h is the output, c is not.
    expect(next?.states.map(hash)).toEqual(step?.newStates.map(hash));
    expect(step?.outputs.map(hash)).toEqual(step?.newStates.slice(0, 1).map(hash));
    expect(hash(step?.newStates[1] as Tensor)).not.toBe(hash(step?.newStates[0] as Tensor));
    expect(step?.inputs[0]?.shape).toEqual([2, 4]);
    expect(both?.cells.map(({ direction }) => direction)).toEqual([
      ...Array(5).fill("forward"),
      ...Array(5).fill("backward"),
    ]);
    expect(simple?.cells[0]?.direction).toBe("");
  });

  test("wrappers and stacked cells hide what is inside them; a wrapped LSTM's steps are kept", async () => {
    const session = await open(await written("wrapped", MODELS.wrapped));
    const { calls } = await watch(session, samplesFor(session.info.inputs));
    expect(calls.map(({ path, cells }) => [path, cells.length])).toEqual([
      ["each", 0],
      ["drop", 0],
      ["stack", 0],
      ["each_row", 0],
      ["inner_lstm", 8],
      ["pool", 0],
    ]);
  });

  test("initial states are among a call's inputs, and only of the call that has them", async () => {
    const session = await open(await written("states", MODELS.initialStates));
    const inputs = samplesFor(session.info.inputs);
    const { calls } = await watch(session, inputs);
    expect(calls.map(({ path, inputHashes }) => [path, inputHashes.length])).toEqual([
      ["first", 3],
      ["second", 2],
    ]);
    expect(calls[0]?.inputHashes).toEqual(
      [inputs[0], inputs[1], inputs[1]].map((input) => hash(input as Tensor)),
    );
  });

  test("inputs and outputs are described in predict's order", async () => {
    const session = await open(await written("two", twoInTwoOut));
    const { info } = session;
    expect(info.inputs).toEqual([
      { name: "a", shape: [null, 3], dtype: "float32" },
      { name: "b", shape: [null, 2], dtype: "float32" },
    ]);
    expect(info.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ["left", [null, 2]],
      ["right", [null, 3]],
    ]);
    expect(info).toMatchObject({
      engine: engine.id,
      version: expect.stringMatching(/^4\.22\.0 \(/),
      arithmetic: { name: "float32" },
    });
    await expect(session.predict(samplesFor(info.inputs).slice(1))).rejects.toMatchObject({
      code: "input.invalid",
    });
  });

  test("more than 32 samples are one call of each layer, and equal to the samples one by one", async () => {
    const session = await open(await written("two", twoInTwoOut));
    const values = Float32Array.from({ length: 40 * 3 }, (_, i) => Math.cos(i));
    const all = [tensor([40, 3], "float32", values), tensor([40, 2], "float32", values.subarray(0, 80))];
    const { calls, outputs } = await watch(session, all);
    expect(calls.length).toBe(3);
    const last = await session.predict([
      tensor([1, 3], "float32", values.subarray(117)),
      tensor([1, 2], "float32", values.subarray(78, 80)),
    ]);
    expect(numbers(outputs[0]).slice(-2)).toEqual(numbers(last[0]));
  });

  test("float64 is rounded to float32, int64 ids that fit are int32, those that do not are refused", async () => {
    const dense = await open(await written("shared", shared));
    const doubles = [0.1, 0.2, 1 / 3];
    const [fromDoubles] = await dense.predict([tensor([1, 3], "float64", doubles)]);
    const [fromFloats] = await dense.predict([tensor([1, 3], "float32", doubles)]);
    expect(hash(fromDoubles as Tensor)).toBe(hash(fromFloats as Tensor));
    const ids = await open(await written("recurrent", recurrent));
    const int64 = (values: readonly bigint[]): Tensor => ({
      shape: [1, 5],
      dtype: "int64",
      data: BigInt64Array.from(values),
    });
    const [fromLong] = await ids.predict([int64([1n, 2n, 3n, 0n, 0n])]);
    const [fromInt] = await ids.predict([tensor([1, 5], "int32", [1, 2, 3, 0, 0])]);
    const [fromFloat] = await ids.predict([tensor([1, 5], "float32", [1, 2, 3, 0, 0])]);
    expect([fromLong, fromFloat].map((t) => hash(t as Tensor))).toEqual(
      [fromInt, fromInt].map((t) => hash(t as Tensor)),
    );
    await expect(ids.predict([int64([2n ** 40n, 0n, 0n, 0n, 0n])])).rejects.toMatchObject({
      code: "input.invalid",
    });
  });

  test("an id beyond the Embedding and a wrong shape are the input's fault; the session goes on", async () => {
    const session = await open(await written("recurrent", recurrent));
    const beyond = session.predict([tensor([1, 5], "int32", [1, 2, 99, 0, 0])]);
    if (checksIndices)
      await expect(beyond).rejects.toMatchObject({
        code: "input.invalid",
        message: expect.stringContaining("input_dim"),
      });
    else await beyond;
    await expect(session.predict([tensor([1, 4, 1], "int32", [1, 2, 3, 4])])).rejects.toMatchObject({
      code: "input.invalid",
    });
    expect(await session.predict(samplesFor(session.info.inputs))).toHaveLength(1);
  });

  test.each<
    [string, () => import("@tensorflow/tfjs-layers").LayersModel, (json: Json) => unknown, string, string]
  >([
    [
      "a layer of the user's own",
      shared,
      (j) => ((layerOf(j, "twice").class_name = "HyperScale"), j),
      "Unknown layer: HyperScale",
      "unknown-layer",
    ],
    [
      "an augmentation layer",
      shared,
      (j) => ((layerOf(j, "twice").class_name = "RandomFlip"), j),
      "Unknown layer: RandomFlip",
      "preprocessing-layer",
    ],
    [
      "weights under Keras 3's names",
      shared,
      (j) => (j.weightsManifest[0]?.weights.forEach((w) => (w.name = `model/${w.name}/v`)), j),
      "Provided weight data has no target variable: model/twice/kernel/v",
      "weight-names",
    ],
    [
      "weights that are missing",
      shared,
      (j) => (j.weightsManifest[0]?.weights.pop(), j),
      "1 of 2 weights are not set: twice/bias",
      "weights-missing",
    ],
    [
      "an input layer of Keras 3",
      shared,
      (j) => ((layerOf(j, "x").config = { name: "x", batch_shape: [null, 3] }), j),
      "An InputLayer should be passed either a `batchInputShape` or an `inputShape`",
      "keras3-batch-shape",
    ],
    [
      "connections of Keras 3",
      shared,
      (j) => ((layerOf(j, "sum").inbound_nodes = [{ args: [], kwargs: {} }]), j),
      "Corrupted configuration, expected array for nodeData: [object Object]",
      "keras3-inbound-nodes",
    ],
    [
      "no architecture",
      shared,
      (j) => ({ ...j, modelTopology: null }),
      "Cannot read properties of null (reading 'model_config')",
      "weights-only",
    ],
  ])(
    "%s is refused in TF.js's first sentence, with ours beside it",
    async (name, build, edit, sentence, id) => {
      const path = await written(`refused ${name}`, build, edit);
      const error = await engine.open(layersModel(path)).catch((reason: unknown) => reason);
      const known = REFUSALS.find((refusal) => refusal.id === id);
      expect(error).toMatchObject({
        code: "engine.refused",
        details: { engine: engine.id, reason: sentence, why: known?.why, hint: known?.hint },
      });
      await nothingLeft();
    },
  );

  test("GRU with reset_after is refused by name", async () => {
    const edit = (json: Json): Json =>
      JSON.parse(JSON.stringify(json).replaceAll('"reset_after":false', '"reset_after":true'));
    const path = await written("reset-after", MODELS.initialStates, edit);
    await expect(engine.open(layersModel(path))).rejects.toMatchObject({
      code: "engine.refused",
      details: { reason: "GRUCell does not support reset_after parameter set to true" },
    });
  });

  test.each<[string, (json: Json) => unknown]>([
    ["one bracket short", (j) => ((layerOf(j, "sum").inbound_nodes = [["twice", 0, 0, {}]]), j)],
    [
      "an inbound layer that does not exist",
      (j) => ((layerOf(j, "sum").inbound_nodes = [[["nobody", 0, 0, {}]]]), j),
    ],
  ])(
    "a graph on which TF.js never returns (%s) ends in engine.timeout, and nothing runs on",
    async (name, edit) => {
      const path = await written(`hang ${name}`, shared, edit);
      const started = performance.now();
      await expect(engine.open(layersModel(path), { timeoutMs: 1500 })).rejects.toMatchObject({
        code: "engine.timeout",
        details: { seconds: 1.5, stage: "loading the model" },
      });
      expect(performance.now() - started).toBeLessThan(6000);
      await nothingLeft();
    },
  );

  test("what onCall throws comes back, and the session goes on", async () => {
    const session = await open(await written("shared", shared));
    const inputs = samplesFor(session.info.inputs);
    const thrower = (): never => {
      throw new Error("no room");
    };
    await expect(session.trace(inputs, thrower)).rejects.toThrow("no room");
    expect((await watch(session, inputs)).calls).toHaveLength(3);
  });

  test("requests made at once are answered in turn", async () => {
    const session = await open(await written("shared", shared));
    const inputs = samplesFor(session.info.inputs);
    const [plain, watched] = await Promise.all([session.predict(inputs), watch(session, inputs)]);
    expect(watched.outputs.map(hash)).toEqual(plain.map(hash));
    expect(watched.calls).toHaveLength(3);
  });

  test("files: missing, not JSON, a shard outside the folder, a layers model as a graph", async () => {
    const path = await written("files", shared);
    const withText = (name: string, text: string): string => {
      writeFileSync(join(dirname(path), name), text);
      return join(dirname(path), name);
    };
    await expect(engine.open(layersModel(join(dirname(path), "none.json")))).rejects.toMatchObject({
      code: "file.unreadable",
    });
    await expect(engine.open(layersModel(withText("broken.json", "{")))).rejects.toMatchObject({
      code: "file.malformed",
    });
    const json = readFileSync(path, "utf8");
    const lost = withText("lost.json", json.replace("weights.bin", "gone.bin"));
    await expect(engine.open(layersModel(lost))).rejects.toMatchObject({
      code: "file.unreadable",
      where: expect.stringContaining("gone.bin"),
    });
    const escaping = withText("escaping.json", json.replace("weights.bin", "../shared/weights.bin"));
    await expect(engine.open(layersModel(escaping))).rejects.toMatchObject({ code: "file.malformed" });
    await expect(engine.open({ path, format: "tfjs-graph" })).rejects.toMatchObject({
      details: { why: expect.stringContaining("this is a layers model") },
    });
  });
}
