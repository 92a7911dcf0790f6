/** @file Models that Keras 3 has quantized: what TensorFlow.js can have of them, and what an `.h5` of them says. */

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { convert } from "../../src/convert/convert.ts";
import { modelFromPlan } from "../../src/convert/planned-model.ts";
import { readModelPath } from "../../src/dialects/read.node.ts";
import { openHdf5 } from "../../src/formats/hdf5.node.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { inspect } from "../../src/report/inspect.ts";
import { filesOf } from "../generated/converted.ts";

const at = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/keras-files/${name}.keras`, import.meta.url));

test("what only keeps its weights in fewer bits becomes the plain layer, with the numbers that they stand for", async () => {
  await using opened = await readModelPath(at("keras3/words-int4"));
  const { plan } = await convert(opened.model, { to: "tfjs" });
  expect(plan.rewritten.map(({ path, rewrite }) => `${path} ${rewrite}`)).toEqual([
    "looked_up dequantized",
    "out dequantized",
  ]);
  const [rows] = modelFromPlan(plan).layers;
  const [embeddings] = rows?.weights ?? [];
  expect([embeddings?.dtype, embeddings?.shape]).toEqual(["float32", [7, 5]]);
  const weight = async (name: string): Promise<number[]> => {
    const [layer] = opened.model.layers;
    const found = layer?.weights.find(({ spec }) => spec.name === name);
    return Array.from((await found?.read())?.data as ArrayLike<number>, Number);
  };
  const [[byte = 0], [scale = 0], [zero = 0]] = await Promise.all(
    ["embeddings", "embeddings_scale", "embeddings_zero"].map(weight) as [
      Promise<number[]>,
      Promise<number[]>,
      Promise<number[]>,
    ],
  );
  const low = (byte << 28) >> 28;
  expect((await embeddings?.read())?.data[0]).toBe(Math.fround((low - zero) * scale));
});

test.each(["keras3/int8", "keras3/float8", "keras-3.12.0/int4"])(
  "%s: a layer that rounds what it gets is refused by name, with what to do",
  async (name) => {
    await using opened = await readModelPath(at(name));
    await expect(convert(opened.model, { to: "tfjs" })).rejects.toMatchObject({
      code: "convert.refused",
      message: expect.stringMatching(/hidden, classes.*rounds what it gets to 8 bits/),
      hint: expect.stringContaining("before quantize()"),
    });
  },
);

test("bytes that Keras 3.14 and later lay otherwise are not written for them", async () => {
  await using opened = await readModelPath(at("keras-3.12.0/int4"));
  await expect(convert(opened.model, { to: "keras" })).rejects.toMatchObject({
    code: "convert.refused",
    message: expect.stringContaining("as Keras 3.11 to 3.13 laid them"),
  });
});

test.each([
  ["keras3/int8", ["refused", "refused"]],
  ["keras3/words-int8", ["rewrite", "built-in", "refused"]],
  ["keras3/int4", ["rewrite", "rewrite"]],
])("inspect says what TensorFlow.js has of it: %s", async (name, said) => {
  await using opened = await readModelPath(at(name));
  const { layers } = inspect(opened);
  expect(layers.slice(1).map(({ inTensorFlowJs }) => inTensorFlowJs)).toEqual(said);
});

// Recorded: keras 3.15.1 does not load the .h5 that it writes of a model that was quantized in float8 after it was made.
test("an .h5 in float8 lists the scales first, as Keras makes and loads them", async () => {
  await using opened = await readModelPath(at("keras3/float8"));
  const { files } = await convert(opened.model, { to: "h5" });
  const [bytes = new Uint8Array()] = (await filesOf(files)).values();
  const hdf5 = await openHdf5(bytesSource(bytes, "model.h5"));
  const names = (await hdf5.attribute("model_weights/hidden", "weight_names")) as string[];
  expect(names.map((name) => name.split("/").at(-1))).toEqual([
    "inputs_scale",
    "inputs_amax_history",
    "kernel_scale",
    "kernel_amax_history",
    "outputs_grad_scale",
    "outputs_grad_amax_history",
    "kernel",
    "bias",
  ]);
});

// Recorded: keras 3.15.1 looks for an adapter in an .h5 whose config names one.
test("the words of an .h5 name no adapter, which stands added to its weight", async () => {
  await using opened = await readModelPath(at("keras3/lora-int8"));
  expect(JSON.stringify(opened.model.layers[0]?.fileConfig)).toContain("lora_rank");
  const { topology } = (await convert(opened.model, { to: "h5" })).plan;
  expect(topology.layers.map(({ config }) => config["lora_rank"])).toEqual([undefined, undefined, undefined]);
  const keras = (await convert(opened.model, { to: "keras" })).plan.topology;
  expect(keras.layers.map(({ config }) => config["lora_rank"])).toEqual([undefined, 2, undefined]);
});
