/** @file `model.json` and its weights: TF.js's own `decodeWeights` is the oracle of the numbers. */

import { io } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { VernierError } from "../base/errors.ts";
import { bytesSource, type Source } from "./source.ts";
import { readTfjsLayers, type TfjsLayersFile } from "./tfjs-layers.ts";

type Files = { [path: string]: Uint8Array };

function opener(files: Files): (path: string) => Promise<Source> {
  return async (path) => {
    const bytes = files[path];
    if (bytes === undefined) throw new VernierError("file.unreadable", { reason: "there is no such file" });
    return bytesSource(bytes, path);
  };
}

function read(json: unknown, files: Files): Promise<TfjsLayersFile> {
  const text = typeof json === "string" ? json : JSON.stringify(json);
  return readTfjsLayers(bytesSource(new TextEncoder().encode(text), "model.json"), opener(files));
}

/** 251 is prime to 256: every byte value, no period that a shift would hide. */
const bytes = (length: number, start = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 37 + start) % 251);

const MODEL = { class_name: "Sequential", config: { name: "m", layers: [] } };
const WEIGHTS = [
  { name: "a", shape: [2, 3], dtype: "float32" },
  {
    name: "q8",
    shape: [7],
    dtype: "float32",
    quantization: { dtype: "uint8", scale: 0.012345678901, min: -1.7 },
  },
  {
    name: "q16",
    shape: [5],
    dtype: "float32",
    quantization: { dtype: "uint16", scale: 6.337680432473966e-6, min: 0.8108472228050232 },
  },
  { name: "h", shape: [3], dtype: "float32", quantization: { dtype: "float16" } },
  { name: "i", shape: [2], dtype: "int32" },
  { name: "qi", shape: [3], dtype: "int32", quantization: { dtype: "uint8", scale: 0.5, min: -3 } },
  { name: "b", shape: [3], dtype: "bool" },
  { name: "scalar", shape: [], dtype: "float32" },
  { name: "none", shape: [0, 4], dtype: "float32" },
] as const;
const TOTAL = 24 + 7 + 10 + 6 + 8 + 3 + 3 + 4;

test("every dtype and quantization decodes to the bits that TF.js decodes, over shards cut at odd places", async () => {
  const data = bytes(TOTAL).map((b, i) => (i >= 58 && i < 61 ? b & 1 : b));
  const expected = io.decodeWeights(
    data.slice().buffer,
    structuredClone(WEIGHTS) as unknown as io.WeightsManifestEntry[],
  );
  const files = {
    "./x.bin": data.subarray(0, 13),
    "sub dir/y": data.subarray(13, 30),
    "z.pbf": data.subarray(30),
  };
  const file = await read(
    { modelTopology: MODEL, weightsManifest: [{ paths: Object.keys(files), weights: WEIGHTS }] },
    files,
  );
  expect(file.problems).toEqual([]);
  expect(file.weights.map(({ name }) => name)).toEqual(WEIGHTS.map(({ name }) => name));
  for (const weight of file.weights) {
    const tensor = await weight.read();
    const theirs = expected[weight.name];
    expect(tensor.shape).toEqual(theirs?.shape);
    expect(tensor.dtype).toBe(theirs?.dtype);
    const values = await theirs?.data();
    expect([weight.name, ...tensor.data]).toEqual([weight.name, ...(values ?? [])]);
  }
});

test("string weights, and what comes after them", async () => {
  const text = new TextEncoder().encode("日本");
  const data = new Uint8Array(4 + text.length + 4 + 4);
  new DataView(data.buffer).setUint32(0, text.length, true);
  data.set(text, 4);
  new DataView(data.buffer).setFloat32(4 + text.length + 4, 2.5, true);
  const weights = [
    { name: "s", shape: [2], dtype: "string" },
    { name: "f", shape: [1], dtype: "float32" },
  ];
  const file = await read({ weightsManifest: [{ paths: ["x"], weights }] }, { x: data });
  expect((await file.weights[0]?.read())?.data).toEqual(["日本", ""]);
  expect([...((await file.weights[1]?.read())?.data ?? [])]).toEqual([2.5]);
});

test("Python's and JavaScript's topologies are unwrapped alike; none is weights only", async () => {
  const python = {
    keras_version: "2.4.0",
    backend: "tensorflow",
    model_config: MODEL,
    training_config: { loss: "mse" },
  };
  const fromPython = await read(
    {
      format: "layers-model",
      generatedBy: "keras v2.4.0",
      convertedBy: "c",
      modelTopology: python,
      weightsManifest: [],
    },
    {},
  );
  expect(fromPython).toMatchObject({
    modelTopology: MODEL,
    kerasVersion: "2.4.0",
    backend: "tensorflow",
    trainingConfig: { loss: "mse" },
    generatedBy: "keras v2.4.0",
    convertedBy: "c",
  });
  const fromJs = await read({ modelTopology: { ...MODEL, keras_version: "tfjs-layers 4.22.0" } }, {});
  expect(fromJs).toMatchObject({
    modelTopology: MODEL,
    kerasVersion: "tfjs-layers 4.22.0",
    trainingConfig: null,
  });
  expect((await read({ modelTopology: null, weightsManifest: [] }, {})).modelTopology).toBeNull();
});

const F = (name: string): object => ({ name, shape: [2], dtype: "float32" });

test("groups are joined as TF.js joins them, and a group with bytes to spare is a problem", async () => {
  const manifest = [
    { paths: ["a"], weights: [F("x")] },
    { paths: ["b"], weights: [F("y")] },
  ];
  const file = await read({ weightsManifest: manifest }, { a: bytes(12), b: bytes(8, 100) });
  const joined = [...bytes(12), ...bytes(8, 100)];
  const y = await file.weights[1]?.read();
  expect([...new Uint8Array(Float32Array.from((y?.data ?? []) as Float32Array).buffer)]).toEqual(
    joined.slice(8, 16),
  );
  expect(file.problems.map(({ code }) => code)).toEqual(["weights.misaligned", "weights.unused-bytes"]);
});

test("a short file says which file, weight and bytes; what lies before it is still read", async () => {
  const manifest = [{ paths: ["a", "b"], weights: [F("x"), F("y"), F("z")] }];
  const file = await read({ weightsManifest: manifest }, { a: bytes(10), b: bytes(8) });
  expect(file.problems).toMatchObject([{ code: "file.truncated", severity: "error" }]);
  expect((await file.weights[1]?.read())?.shape).toEqual([2]);
  await expect(file.weights[2]?.read()).rejects.toMatchObject({
    code: "file.truncated",
    where: "b",
    message: 'the file is too short: 14 bytes for weight "z" expected, 8 found',
  });
});

test("every missing file is a problem; a weight that needs one says so", async () => {
  const manifest = [{ paths: ["a", "b", "c"], weights: [F("x"), F("y")] }];
  const file = await read({ weightsManifest: manifest }, { a: bytes(8) });
  expect(file.problems.map(({ where }) => where)).toEqual(["model.json: b", "model.json: c"]);
  expect((await file.weights[0]?.read())?.shape).toEqual([2]);
  await expect(file.weights[1]?.read()).rejects.toMatchObject({
    code: "file.unreadable",
    message: expect.stringMatching(/"b".*"y".*byte 8/),
  });
});

test("duplicate names and a bare NaN are problems, not failures", async () => {
  const text =
    '{"weightsManifest": [{"paths": ["a"], "weights": [{"name":"x","shape":[1],"dtype":"float32"},{"name":"x","shape":[1],"dtype":"float32"}]}], "userDefinedMetadata": NaN}';
  const file = await read(text, { a: bytes(8) });
  expect(file.problems.map(({ code }) => code)).toEqual(["weights.duplicate", "json.bare-number"]);
  expect(file.weights).toHaveLength(2);
});

test.each([
  "../x",
  "a/../../x",
  "/etc/passwd",
  "https://x.example/a.bin",
  "file:///etc/passwd",
  "C:\\x",
  "..\\x",
  "\\\\host\\x",
  "",
  "a\0b",
])("the weight path %j is refused", async (path) => {
  const reading = read({ weightsManifest: [{ paths: [path], weights: [] }] }, { [path]: bytes(1) });
  await expect(reading).rejects.toMatchObject({
    code: "config.invalid",
    where: "model.json.weightsManifest[0].paths[0]",
  });
});

test.each([
  [{ name: "x", shape: [-1], dtype: "float32" }, "config.invalid"],
  [{ name: "x", shape: [1.5], dtype: "float32" }, "config.invalid"],
  [{ name: "x", shape: [2 ** 40], dtype: "float32" }, "file.limit"],
  [{ name: "x", shape: [2 ** 30, 0, 2 ** 30], dtype: "float64" }, "config.invalid"],
  [{ name: "x", shape: [1], dtype: "complex64" }, "config.invalid"],
  [{ name: 3, shape: [1], dtype: "float32" }, "config.invalid"],
  [{ name: "x", shape: [1], dtype: "int32", quantization: { dtype: "float16" } }, "config.invalid"],
  [{ name: "x", shape: [1], dtype: "float32", quantization: { dtype: "uint8", scale: 1 } }, "config.invalid"],
  [{ name: "x", shape: [1], dtype: "float32", quantization: null }, "config.invalid"],
])("the manifest entry %j is refused with %s", async (entry, code) => {
  await expect(read({ weightsManifest: [{ paths: [], weights: [entry] }] }, {})).rejects.toMatchObject({
    code,
  });
});
