/** @file Graph models in TensorFlow.js: run, watched, and compared with the Keras model that they come from. */

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkPair } from "../../src/cli/check-pair.ts";
import type { Report } from "../../src/compare/findings.ts";
import { readModelOrGraph } from "../../src/dialects/read-graph.node.ts";
import type { TracedCall } from "../../src/engines/engine.ts";
import { hashTensor } from "../../src/engines/hash.ts";
import { tfjsCpu, tfjsWasm } from "../../src/engines/tfjs.node.ts";
import { widthOf } from "../../src/report/layout.ts";
import { renderScreen } from "../../src/report/terminal.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const CORPUS = join(import.meta.dirname, "../../../shared/corpus");
const graphAt = (name: string): string => join(FIXTURES, "tfjs-graph", name, "model.json");
const kerasAt = (name: string): string => join(FIXTURES, "keras2", `${name}.h5`);
const hash = ({ shape, data }: Tensor): string => hashTensor(shape, data as Float32Array);

async function checkPaths(a: string, b: string, engine = tfjsWasm): Promise<Report> {
  await using sideA = await readModelOrGraph(a);
  await using sideB = await readModelOrGraph(b);
  const graphIsA = "graph" in sideA;
  // The files stay open until it is done.
  return await checkPair(sideA, sideB, {
    engineA: graphIsA ? engine : "reference",
    engineB: graphIsA ? "reference" : engine,
    engineOptions: {},
    input: { source: "synthetic", samples: 3, seed: 0 },
    accept: [],
    reproduce: "",
  });
}

/** A copy of a fixture with one number of its weights changed. */
function changedCopy(name: string, at: number, by: number): string {
  const folder = mkdtempSync(join(tmpdir(), "vernier-graph-"));
  cpSync(join(FIXTURES, "tfjs-graph", name), folder, { recursive: true });
  const file = join(folder, "group1-shard1of1.bin");
  const bytes = readFileSync(file);
  bytes.writeFloatLE(bytes.readFloatLE(4 * at) + by, 4 * at);
  writeFileSync(file, bytes);
  return join(folder, "model.json");
}

describe.each([tfjsCpu, tfjsWasm])("$id", (engine) => {
  const x: Tensor = { shape: [2, 2], dtype: "float32", data: Float32Array.of(1, 2, 3, 4) };
  const words: Tensor = { shape: [3], dtype: "string", data: ["dog", "fish", "cat"] };
  const RUNS = [
    { name: "loop", input: x, result: [8, 16, 24, 32], seen: ["loop", "Identity"] },
    { name: "hash-table", input: words, result: [4, 5, 0, 1, 2, 3], seen: ["lookup", "gather", "Identity"] },
  ];
  test.each(RUNS)(
    "$name runs, again and watched, to the same bits",
    async ({ name, input, result, seen }) => {
      await using session = await engine.open({ path: graphAt(name), format: "tfjs-graph" });
      for (let round = 0; round < 2; round++) {
        const calls: TracedCall[] = [];
        const plain = await session.predict([input]);
        const watched = await session.trace([input], (call) => calls.push(call));
        expect([...(plain[0]?.data ?? [])]).toEqual(result);
        expect(watched.map(hash)).toEqual(plain.map(hash));
        expect(calls.map(({ path }) => path)).toEqual(seen);
      }
    },
  );

  test("a table is filled before the nodes that are asked for are run", async () => {
    await using session = await engine.open({ path: graphAt("hash-table"), format: "tfjs-graph" });
    const ids: unknown[] = [];
    await session.trace([words], ({ path, outputs }) => {
      if (path === "lookup") ids.push(...(outputs[0]?.data ?? []));
    });
    expect(ids).toEqual([2, 0, 1]);
  });

  test("an input of another type is refused in words that help", async () => {
    await using session = await engine.open({ path: graphAt("loop"), format: "tfjs-graph" });
    const ints: Tensor = { shape: [2, 2], dtype: "int32", data: Int32Array.of(1, 2, 3, 4) };
    await expect(session.predict([ints])).rejects.toMatchObject({
      code: "input.invalid",
      message: expect.stringContaining("tf.cast"),
    });
  });

  test("the same weights: outputs and layers are measured, nothing is certified, no budget", async () => {
    const report = await checkPaths(kerasAt("mlp"), graphAt("mlp"), engine);
    expect(report.verdict).toBe("not-compared");
    expect(report.budget).toBeNull();
    expect(report.causes).toEqual([]);
    expect(report.outputs).toMatchObject([{ name: "classes", nameB: "Identity", top1Flips: 0 }]);
    // Correct float32 rounding of this model, with room: it is measured here, and decides nothing.
    expect(report.outputs[0]?.maxAbs).toBeLessThan(1e-6);
    const seen = report.layers.filter(({ maxAbs }) => maxAbs !== null).map(({ name }) => name);
    expect(seen).toEqual(["features", "hidden", "narrow", "classes"]);
    expect(report.notCompared.map(({ what }) => what)).toEqual(["certificates", "budget"]);
    expect(report.problems.map(({ code }) => code)).toEqual(["graph.weights"]);
  });

  test("every normalization folded into its convolution: all weights are accounted for", async () => {
    const report = await checkPaths(kerasAt("cnn-residual"), graphAt("cnn-residual"), engine);
    expect(report.verdict).toBe("not-compared");
    expect(report.notCompared.map(({ what }) => what)).toEqual(["certificates", "budget"]);
    expect(report.problems[0]?.message).toContain("all 29 weights");
    const stem = report.layers.find(({ name }) => name === "stem");
    expect(stem).toMatchObject({ nameB: null, maxAbs: null, b: { explains: "stem_bn is folded into it" } });
    expect(report.layers.find(({ name }) => name === "a_bn2")?.nameB).toContain("a_bn2/FusedBatchNormV3");
    expect(report.layers.find(({ name }) => name === "classes")?.maxAbs).toBeLessThan(1e-6);
  });
});

test("8 bits: every weight is named, and its cost is in the outputs", async () => {
  const report = await checkPaths(kerasAt("mlp"), graphAt("mlp-uint8"));
  expect(report.verdict).toBe("differ");
  expect(report.causes.map(({ detail, layer, field }) => `${detail} ${layer} ${field}`)).toEqual([
    "quantized-uint8 hidden kernel",
    "quantized-uint8 hidden bias",
    "quantized-uint8 narrow kernel",
    "quantized-uint8 classes kernel",
    "quantized-uint8 classes bias",
  ]);
  expect(report.outputs[0]?.maxAbs).toBeGreaterThan(1e-4);
});

test("one number of a folded kernel beyond the rounding of folding is a cause", async () => {
  const report = await checkPaths(kerasAt("cnn-residual"), changedCopy("cnn-residual", 10, 1e-3));
  expect(report.verdict).toBe("differ");
  expect(report.causes).toMatchObject([
    { kind: "weights", layer: "stem", field: "kernel", certainty: "proved" },
  ]);
  expect(report.causes[0]?.message).toContain("with stem_bn folded in");
});

test("the graph as side A: the same numbers, the sides exchanged", async () => {
  const [one, other] = [
    await checkPaths(kerasAt("mlp"), graphAt("mlp-uint8")),
    await checkPaths(graphAt("mlp-uint8"), kerasAt("mlp")),
  ];
  expect(other.outputs[0]).toMatchObject({
    name: "Identity",
    nameB: "classes",
    maxAbs: one.outputs[0]?.maxAbs,
  });
  expect(other.sides.a).toEqual(one.sides.b);
  expect(other.causes.map(({ layerB }) => layerB)).toEqual(one.causes.map(({ layer }) => layer));
});

test("another model: what cannot be the same input or output is structure", async () => {
  const report = await checkPaths(kerasAt("mlp"), graphAt("loop"));
  expect(report.verdict).toBe("differ");
  expect(report.causes.filter(({ kind }) => kind === "structure").map(({ detail }) => detail)).toEqual([
    "inputs",
    "outputs",
  ]);
  expect(report.outputs.map(({ name, nameB }) => [name, nameB])).toEqual([
    ["classes", null],
    [null, "Identity"],
  ]);
});

test("a graph has no 64-bit reading, and two graphs are not compared", async () => {
  await using graph = await readModelOrGraph(graphAt("mlp"));
  await using keras = await readModelOrGraph(kerasAt("mlp"));
  const input = { source: "synthetic", samples: 1, seed: 0 } as const;
  const options = { engineOptions: {}, input, accept: [], reproduce: "" };
  const reference = { ...options, engineA: "reference", engineB: "reference" } as const;
  await expect(checkPair(keras, graph, reference)).rejects.toMatchObject({ code: "usage.invalid" });
  await expect(checkPair(graph, graph, reference)).rejects.toMatchObject({ code: "file.unsupported" });
});

const PAIRS = [
  { pair: "pyTraining_3", keras: "tiny_mnist.h5", weights: 20, layers: 12 },
  { pair: "CNN_Project_MNIST_TFJS_1", keras: "Subhadip_Hensh_MNIST_CNN.keras", weights: 8, layers: 8 },
];

test.for(PAIRS)("published pair $pair: equal weights, outputs within rounding", async (known, { skip }) => {
  if (!existsSync(CORPUS)) skip("../shared/corpus is not beside this checkout");
  const folder = join(
    CORPUS,
    readdirSync(CORPUS).find((name) => name.endsWith(`+${known.pair}`)) ?? known.pair,
  );
  const report = await checkPaths(join(folder, known.keras), join(folder, "model.json"));
  expect(report.verdict).toBe("not-compared");
  expect(report.causes).toEqual([]);
  expect(report.budget).toBeNull();
  expect(report.notCompared.map(({ what }) => what)).toEqual(["certificates", "budget"]);
  expect(report.problems[0]?.message).toContain(`all ${known.weights} weights`);
  expect(report.layers.filter(({ maxAbs }) => maxAbs !== null)).toHaveLength(known.layers);
  expect(report.outputs).toMatchObject([{ top1Flips: 0, nonFinite: 0 }]);
  const screen = renderScreen(report);
  expect(screen).toContain("vernier convert");
  expect(Math.max(...screen.split("\n").map(widthOf))).toBeLessThanOrEqual(80);
});
