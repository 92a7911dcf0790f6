/**
 * @file `.keras` and weight files of many versions of Keras (`python/make_keras_files.py`): every variable is found, and
 * what Keras predicted lies within the bound of the reference.
 */

import { readdirSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readNpz } from "../formats/npz.ts";
import { fileSource } from "../formats/path.node.ts";
import { bindLayer } from "../layers/bind.ts";
import { evaluate } from "../model/evaluate.ts";
import { KERAS3_MASKS } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import { weightCache } from "../model/weights.ts";
import { TENSORFLOW_CPU_FLOAT32 } from "../numerics/engines.ts";
import { boundedOps, exact } from "../ops/bounded.ts";
import { realFromTensor, type Tensor } from "../tensor/tensor.ts";
import { contextFor } from "./build.ts";
import { readModelPath } from "./read.node.ts";

const folder = fileURLToPath(new URL("../../test/fixtures/keras-files/", import.meta.url));
const at = (...names: string[]): string => join(folder, ...names);

async function recorded(path: string): Promise<{ inputs: Tensor[]; output: Tensor; weights: Tensor[] }> {
  const npz = await readNpz(await fileSource(path));
  const all = async (prefix: string): Promise<Tensor[]> =>
    Promise.all(npz.names.filter((name) => name.startsWith(prefix)).map((name) => npz.read(name)));
  return { inputs: await all("in/"), output: await npz.read("out/0"), weights: await all("w/") };
}

/** The largest share of the bound that Keras's predictions use. */
async function shareOfBound(model: Model, { inputs, output }: { inputs: Tensor[]; output: Tensor }) {
  const weights = weightCache();
  const [result] = await evaluate(model, boundedOps(TENSORFLOW_CPU_FLOAT32), {
    inputs: inputs.map((input) => exact(realFromTensor(input))),
    weightsOf: async (layer) =>
      new Map([...(await weights.weightsOf(model, layer))].map(([name, value]) => [name, exact(value)])),
  });
  expect(result?.value.shape).toEqual(output.shape);
  const shares = Array.from(result?.value.data ?? [], (value, i) => {
    const radius = result?.radius?.[i] ?? 0;
    return Math.abs(Number(output.data[i]) - value) / radius;
  });
  return { share: Math.max(...shares), radius: Math.max(...(result?.radius ?? [Number.POSITIVE_INFINITY])) };
}

const HALF = new Set(["float16", "bfloat16", "mixed_float16", "custom", "lookup"]);
const FILES = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(at(name)).map((file) => `${name}/${file}`))
  .filter((path) => path.endsWith(".keras") && !HALF.has(path.split(/[/.]/).at(-2) ?? ""));

test("there are files of every version that names variables otherwise", () => {
  expect(FILES.map((path) => path.split("/")[0])).toEqual(
    expect.arrayContaining([
      "keras-3.0.5",
      "keras-3.12.0",
      "keras2",
      "keras3",
      "tensorflow-2.13.1",
      "tensorflow-2.14.1",
    ]),
  );
});

describe("what Keras predicted lies within the bound of what was read", () => {
  test.each(FILES)("%s", async (path) => {
    await using opened = await readModelPath(at(path));
    expect(opened.model.problems).toEqual([]);
    expect(opened.format).toBe("keras-v3");
    expect(opened.model.dialect).toBe(/keras2|tensorflow/.test(path) ? "keras2" : "keras3");
    const { share, radius } = await shareOfBound(
      opened.model,
      await recorded(at(path.replace(".keras", ".npz"))),
    );
    expect(share).toBeLessThanOrEqual(1);
    // Two variables mistaken for each other change the predictions by more than this.
    expect(radius).toBeLessThan(path.includes("float8") ? 1e-2 : 1e-3);
  });
});

describe("weights alone, with an architecture", () => {
  test.each([
    ["keras3/wrapped.weights.h5", "keras3/wrapped.json", "keras3/wrapped.npz"],
    ["keras3/wrapped.weights.h5", "keras3/wrapped.keras", "keras3/wrapped.npz"],
    ["keras3/trained.weights.json", "keras3/trained.keras", "keras3/trained.npz"],
    ["keras2/wrapped.h5", "keras2/wrapped.json", "keras2/wrapped.npz"],
    ["keras2/wrapped.h5", "keras2/wrapped.keras", "keras2/wrapped.npz"],
  ])("%s with %s", async (weights, architecture, npz) => {
    await using opened = await readModelPath(at(weights), { architecture: at(architecture) });
    expect(opened.model.problems).toEqual([]);
    expect(opened.format).toBe("keras-weights");
    const { share } = await shareOfBound(opened.model, await recorded(at(npz)));
    expect(share).toBeLessThanOrEqual(1);
  });

  test.each(["keras3/wrapped.weights.h5", "keras3/trained.weights.json", "keras2/wrapped.h5"])(
    "%s without one is refused with the way out",
    async (path) => {
      await expect(readModelPath(at(path))).rejects.toMatchObject({
        code: "file.unsupported",
        hint: expect.stringContaining("--architecture FILE"),
      });
    },
  );

  test("an architecture without weights is refused", async () => {
    await expect(readModelPath(at("keras3/wrapped.json"))).rejects.toMatchObject({
      code: "file.unsupported",
    });
  });

  test("the weights of another model are named, one by one", async () => {
    await using opened = await readModelPath(at("keras3/wrapped.weights.h5"), {
      architecture: at("keras3/trained.keras"),
    });
    const codes = opened.model.problems.map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(["weights.shape", "weights.unused"]));
    expect(opened.model.problems.map(({ where }) => where)).toContain(
      "layers/bidirectional/forward_layer/cell/vars/0",
    );
  });
});

test("a model.json of weights alone takes its layers from the Keras file that it was made of", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "vernier-weights-"));
  try {
    const source = join(folder, "..", "tfjs", "mlp");
    await cp(source, scratch, { recursive: true });
    const json = JSON.parse(await readFile(join(source, "model.json"), "utf8")) as Record<string, unknown>;
    const alone = JSON.stringify({ weightsManifest: json["weightsManifest"] });
    await writeFile(join(scratch, "model.json"), alone);
    await expect(readModelPath(scratch)).rejects.toMatchObject({
      hint: expect.stringContaining("--architecture"),
    });
    const architecture = join(folder, "..", "keras2", "mlp.h5");
    await using opened = await readModelPath(scratch, { architecture });
    await using keras = await readModelPath(architecture);
    expect(opened.format).toBe("tfjs-weights");
    expect(opened.model.problems).toEqual([]);
    const read = ({ layers }: Model) =>
      Promise.all(layers.flatMap(({ weights }) => weights.map((weight) => weight.read())));
    expect(await read(opened.model)).toEqual(await read(keras.model));
  } finally {
    await rm(scratch, { recursive: true });
  }
});

test("weights that are not there are named by layer", async () => {
  await using opened = await readModelPath(at("keras3/trained.weights.json"), {
    architecture: at("keras3/wrapped.json"),
  });
  const missing = opened.model.problems.filter(({ code }) => code === "weights.missing");
  expect(missing.map(({ where }) => where)).toContain("inner/steps");
});

describe("dtypes", () => {
  test.each([
    ["keras3/float16.keras", "float16"],
    ["keras3/bfloat16.keras", "bfloat16"],
    ["keras3/mixed_float16.keras", "float32"],
    ["keras2/mixed_float16.keras", "float32"],
  ])("%s holds %s, read as the same numbers", async (path, dtype) => {
    await using opened = await readModelPath(at(path));
    expect(opened.model.problems).toEqual([]);
    const stored = opened.model.layers.flatMap(({ weights }) => weights);
    expect(new Set(stored.map((weight) => weight.dtype))).toEqual(new Set([dtype]));
    const { weights } = await recorded(at(path.replace(".keras", ".npz")));
    const read = await Promise.all(stored.map((weight) => weight.read()));
    expect(read.map(({ data }) => Array.from(data, Number))).toEqual(
      weights.map(({ data }) => Array.from(data, Number)),
    );
  });

  test.each([
    ["int8", ["kernel int8", "bias float32", "kernel_scale float32"]],
    ["int4", ["kernel int8", "bias float32", "kernel_scale float32", "kernel_zero int8", "g_idx float32"]],
  ])("quantized weights stay in their bits: %s", async (mode, weights) => {
    await using opened = await readModelPath(at(`keras3/${mode}.keras`));
    const [hidden] = opened.model.layers;
    expect(hidden?.weights.map(({ spec, dtype }) => `${spec.name} ${dtype}`)).toEqual(weights);
  });

  test.each(["int8", "int4"])("an .h5 lists them otherwise, and means the same: %s", async (mode) => {
    await using opened = await readModelPath(at(`keras3/words-${mode}.h5`));
    expect(opened.model.problems).toEqual([]);
    const { share } = await shareOfBound(opened.model, await recorded(at(`keras3/words-${mode}.npz`)));
    expect(share).toBeLessThanOrEqual(1);
  });

  test.each([
    ["lora", "as Keras does in a .keras"],
    ["lora-within", "also in nested models, under one name, and in a wrapped layer"],
    ["lora-frozen", "also where the nested model does not train"],
  ])("an adapter that an .h5 keeps beside its weight (%s) is added to it, %s", async (name) => {
    await using opened = await readModelPath(at(`keras3/${name}.h5`));
    expect(opened.model.problems).toEqual([]);
    const { share } = await shareOfBound(opened.model, await recorded(at(`keras3/${name}.npz`)));
    expect(share).toBeLessThanOrEqual(1);
  });

  test("an adapter beside quantized weights is refused by layer, with what to do", async () => {
    await expect(readModelPath(at("keras3/lora-int8.h5"))).rejects.toMatchObject({
      code: "layer.unsupported",
      where: "hidden",
      message: expect.stringContaining("a .keras file holds them added up"),
    });
  });

  test("a way of quantizing that no rule has is refused by layer and kind", async () => {
    const config = { units: 2, dtype: { class_name: "GPTQDTypePolicy", config: { mode: "gptq/4/128" } } };
    const context = contextFor(
      { maskRules: KERAS3_MASKS, writtenIn: "keras3" },
      "keras3",
      [[null, 3]],
      ["out"],
    );
    expect(() => bindLayer({ class_name: "Dense", config }, context)).toThrow(
      /Dense.*quantized \(gptq\/4\/128\)/,
    );
  });
});

test("training state comes along: the optimizer's variables in order, and how the model was compiled", async () => {
  await using opened = await readModelPath(at("keras3/trained.keras"));
  const { optimizerWeights, training } = opened.model;
  expect(training?.optimizer).toBe("Adam");
  expect(optimizerWeights.map(({ name, shape }) => [name, shape])).toEqual([
    ["optimizer/vars/0", []],
    ["optimizer/vars/1", []],
    ...[5, 4, 4, 3].flatMap((_, i) => {
      const shape = [[5, 4], [4], [4, 3], [3]][i];
      return [2 + 2 * i, 3 + 2 * i].map((index) => [`optimizer/vars/${index}`, shape]);
    }),
  ]);
  expect(Array.from((await optimizerWeights[0]?.read())?.data ?? [], Number)).toEqual([2]);
});

test("a class of the user's own that is called as one of Keras's is not taken for it", async () => {
  await expect(readModelPath(at("keras3/custom.keras"))).rejects.toMatchObject({
    code: "layer.unsupported",
    details: { className: "own>Dense" },
  });
});
