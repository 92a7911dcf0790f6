/** @file What is written for TF.js: its own `decodeWeights` is the oracle of the numbers, our reader of the files. */

import { io } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import type { JsonObject } from "../base/json.ts";
import type { DType } from "../tensor/dtype.ts";
import { sizeOf, type TensorData } from "../tensor/tensor.ts";
import { type OutputFile, type TensorSource, wholeTensor } from "./output.ts";
import { bytesSource } from "./source.ts";
import { readTfjsLayers, type TfjsLayersFile } from "./tfjs-layers.ts";
import { tfjsDtypeFor } from "./tfjs-stored.ts";
import { type TfjsLayersToWrite, writeTfjsLayers } from "./tfjs-writer.ts";

const MODEL = { format: "layers-model", modelTopology: { class_name: "Sequential", config: {} } };

const source = (dtype: DType, data: TensorData, shape = [data.length]): TensorSource =>
  wholeTensor(shape, dtype, async () => ({ shape, dtype, data }));
const plain = (name: string, of: TensorSource) => ({ name, source: of, quantization: null });

async function bytesOf(file: OutputFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of file.pieces()) parts.push(piece.slice());
  const bytes = new Uint8Array(Buffer.concat(parts));
  expect(bytes.byteLength).toBe(file.sizeBytes);
  return bytes;
}

async function written(model: Omit<TfjsLayersToWrite, "modelJson">) {
  const { files, rounded } = await writeTfjsLayers({ modelJson: MODEL, ...model });
  const contents = new Map<string, Uint8Array>();
  for (const file of files) contents.set(file.name, await bytesOf(file));
  const json = contents.get("model.json") ?? new Uint8Array();
  const read: TfjsLayersFile = await readTfjsLayers(bytesSource(json, "model.json"), async (path) =>
    bytesSource(contents.get(path) ?? new Uint8Array(), path),
  );
  return { files, rounded, contents, read, json: JSON.parse(Buffer.from(json).toString()) as JsonObject };
}

/** As TF.js 4.22 decodes all the files end to end. */
async function decodedByTfjs({ files, contents, json }: Awaited<ReturnType<typeof written>>) {
  const shards = files.slice(0, -1).map(({ name }) => contents.get(name) ?? new Uint8Array());
  const [{ weights }] = json["weightsManifest"] as unknown as [{ weights: io.WeightsManifestEntry[] }];
  const tensors = io.decodeWeights(new Uint8Array(Buffer.concat(shards)).buffer, weights);
  const all: Record<string, { dtype: string; data: unknown[] }> = {};
  for (const [name, tensor] of Object.entries(tensors))
    all[name] = { dtype: tensor.dtype, data: Array.from(await tensor.data<"float32">()) };
  return all;
}

test.each([1, 3, 7, 1000])(
  "every dtype that TF.js can hold reads back, in files of %d bytes",
  async (shardSizeBytes) => {
    const weights = [
      plain("float32", source("float32", Float32Array.of(1.5, -0, Number.NaN, 3e38, 1e-45), [5])),
      plain("float16", source("float16", Float32Array.of(0.5, 65504))),
      plain("bfloat16", source("bfloat16", Float32Array.of(2 ** 100))),
      plain("int64", source("int64", BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n))),
      plain("uint64", source("uint64", BigUint64Array.of(7n))),
      plain("uint32", source("uint32", Uint32Array.of(2 ** 31 - 1))),
      plain("int16", source("int16", Int16Array.of(-300))),
      plain("uint8", source("uint8", Uint8Array.of(200))),
      plain("bool", source("bool", Uint8Array.of(1, 0, 1))),
      plain("string", source("string", ["", "é", "naïve 東京"])),
      plain("none", source("float32", new Float32Array(0), [0, 4])),
      plain("scalar", source("int32", Int32Array.of(-5), [])),
    ];
    const result = await written({ weights, shardSizeBytes });
    expect(result.read.problems).toEqual([]);
    expect(result.rounded).toEqual([]);
    const tfjs = await decodedByTfjs(result);
    for (const [i, { name, source: original }] of weights.entries()) {
      const weight = result.read.weights[i];
      const { data } = await original.read();
      const expected = Array.from(data as Float32Array, (x) => (typeof x === "bigint" ? Number(x) : x));
      expect(weight).toMatchObject({ name, shape: original.shape, dtype: tfjsDtypeFor(original.dtype) });
      expect(Array.from((await weight?.read())?.data as Float32Array)).toEqual(expected);
      expect(tfjs[name]).toEqual({ dtype: tfjsDtypeFor(original.dtype), data: expected });
    }
    const sizes = result.files.slice(0, -1).map(({ sizeBytes }) => sizeBytes);
    expect(sizes.slice(0, -1).every((size) => size === shardSizeBytes)).toBe(true);
    const count = sizes.length;
    expect(result.files[0]?.name).toBe(`group1-shard1of${count}.bin`);
    expect(result.files.at(-1)?.name).toBe("model.json");
  },
);

test.each(["uint8", "uint16"] as const)(
  "%s keeps 0 exact and every number within half a step",
  async (dtype) => {
    const data = Float32Array.from({ length: 4097 }, (_, i) => Math.sin(i * 1.7) * 3 - 1.1);
    data[17] = 0;
    const shifted = data.map((x) => x + 9);
    const weights = [
      { name: "around 0", source: source("float32", data), quantization: dtype },
      { name: "above 0", source: source("float32", shifted), quantization: dtype },
      { name: "one number", source: source("float32", Float32Array.of(0.3, 0.3)), quantization: dtype },
      { name: "integers", source: source("int32", Int32Array.of(1, 70_000)), quantization: dtype },
    ];
    const result = await written({ weights, shardSizeBytes: 1000 });
    const tfjs = await decodedByTfjs(result);
    const values = (name: string) => tfjs[name]?.data as number[];
    expect(values("around 0")[17]).toBe(0);
    expect(values("one number")).toEqual([Math.fround(0.3), Math.fround(0.3)]);
    expect(values("integers")).toEqual([1, 70_000]);
    for (const [name, original] of [
      ["around 0", data],
      ["above 0", shifted],
    ] as const) {
      const entry = result.read.weights.find((weight) => weight.name === name);
      const scale = entry?.quantization?.dtype === dtype ? entry.quantization.scale : Number.NaN;
      const worst = Math.max(...values(name).map((x, i) => Math.abs(x - (original[i] ?? 0))));
      // Half a step, half a step more at the ends where the range was moved to meet 0, and the rounding to float32.
      const allowed = (name === "above 0" ? 0.5 : 1) * scale + 12 * 2 ** -24;
      expect(worst).toBeLessThanOrEqual(allowed);
      expect(worst).toBeGreaterThan(scale / 4);
      const read = await entry?.read();
      expect(Array.from(read?.data as Float32Array)).toEqual(values(name));
    }
    expect(result.rounded.map(({ name }) => name)).toEqual(["around 0", "above 0", "one number"]);
  },
);

test("the range of uint8 is moved as tensorflowjs 4.22 moves it", async () => {
  // quantization.py on [0, -0.1, 1.2]: its own docstring's example, with scale and min in float64 from float32 data.
  const weights = [
    { name: "w", source: source("float32", Float32Array.of(0, -0.1, 1.2)), quantization: "uint8" as const },
  ];
  const { contents, read } = await written({ weights });
  expect([...(contents.get("group1-shard1of1.bin") ?? [])]).toEqual([20, 0, 255]);
  expect(read.weights[0]?.quantization).toMatchObject({
    scale: expect.closeTo(0.00509803940852, 10),
    min: expect.closeTo(-0.10196078817, 9),
  });
});

test("what is rounded is counted: float64 and float16, and what became infinite", async () => {
  const weights = [
    plain("exact", source("float64", Float64Array.of(0.5, -3))),
    plain("double", source("float64", Float64Array.of(0.1, 0.5, 1e300))),
    {
      name: "half",
      source: source("float32", Float32Array.of(0.1, 70_000, 1)),
      quantization: "float16" as const,
    },
  ];
  const result = await written({ weights });
  expect(result.rounded).toEqual([
    { name: "double", from: "float64", to: "float32", changed: 2, overflowed: 1 },
    { name: "half", from: "float32", to: "float16", changed: 2, overflowed: 1 },
  ]);
  const tfjs = await decodedByTfjs(result);
  expect(tfjs["double"]?.data).toEqual([Math.fround(0.1), 0.5, Infinity]);
  expect(tfjs["half"]?.data).toEqual([0.0999755859375, Infinity, 1]);
});

test.each([
  [
    "an int64 beyond int32",
    [plain("ids", source("int64", BigInt64Array.of(2n ** 31n)))],
    "does not fit int32",
  ],
  ["a uint32 beyond int32", [plain("ids", source("uint32", Uint32Array.of(2 ** 31)))], "does not fit int32"],
  [
    "two weights of one name",
    [plain("w", source("bool", Uint8Array.of(1))), plain("w", source("bool", Uint8Array.of(1)))],
    "same name",
  ],
  [
    "a NaN to quantize",
    [
      {
        name: "w",
        source: source("float32", Float32Array.of(Number.NaN, 1)),
        quantization: "uint8" as const,
      },
    ],
    "NaN",
  ],
  [
    "an infinity to quantize",
    [{ name: "w", source: source("float32", Float32Array.of(1, Infinity)), quantization: "uint16" as const }],
    "Infinity",
  ],
])("%s is refused by name before anything is written", async (_, weights, reason) => {
  await expect(writeTfjsLayers({ modelJson: MODEL, weights })).rejects.toMatchObject({
    code: "weights.unwritable",
    message: expect.stringContaining(reason),
  });
});

test("a NaN in the config is refused: JSON cannot say it", async () => {
  const modelJson = { modelTopology: { config: { epsilon: Number.NaN } } };
  await expect(writeTfjsLayers({ modelJson, weights: [] })).rejects.toMatchObject({
    code: "config.invalid",
    where: "model.json.epsilon",
  });
});

test("a source is read once for all the files in turn, from its start for a file out of turn, and closed when left", async () => {
  let opened = 0;
  let closed = 0;
  const counted: TensorSource = {
    shape: [3000],
    dtype: "float32",
    read: () => Promise.reject(new Error("the whole tensor is never asked for")),
    async *pieces() {
      opened++;
      try {
        for (let at = 0; at < 3000; at += 500)
          yield {
            shape: [500],
            dtype: "float32",
            data: Float32Array.from({ length: 500 }, (_, i) => at + i),
          };
      } finally {
        closed++;
      }
    },
  };
  const { files } = await writeTfjsLayers({
    modelJson: MODEL,
    weights: [plain("w", counted)],
    shardSizeBytes: 700,
  });
  const shards = files.slice(0, -1);
  const inTurn: Uint8Array[] = [];
  for (const shard of shards) inTurn.push(await bytesOf(shard));
  expect({ opened, closed }).toEqual({ opened: 1, closed: 1 });
  for (const i of [9, 3, 4]) expect(await bytesOf(shards[i] as OutputFile)).toEqual(inTurn[i]);
  for await (const _ of shards[5]?.pieces() ?? []) break;
  await bytesOf(shards.at(-1) as OutputFile);
  expect(opened).toBe(closed);
  const all = new Float32Array(new Uint8Array(Buffer.concat(inTurn)).buffer);
  expect(Array.from(all)).toEqual(Array.from({ length: sizeOf(counted.shape) }, (_, i) => i));
});
