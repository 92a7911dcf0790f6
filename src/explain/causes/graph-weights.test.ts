/** @file Weights in a graph: by numbers before names, turned, quantized, replaced; and what is not claimed. */

import { expect, test } from "vitest";
import { ModelBuilder } from "../../../test/models.ts";
import { type GraphWeights, matchGraphWeights } from "../../compare/graph-weights.ts";
import type { GraphNode } from "../../formats/graph-def.ts";
import type { GraphWeight, TfjsGraphFile } from "../../formats/tfjs-graph.ts";
import type { Model } from "../../model/model.ts";
import { weightCache } from "../../model/weights.ts";
import type { RealTensor } from "../../tensor/tensor.ts";
import { graphWeightFindings } from "./graph-weights.ts";

/** Two layers of one shape, named as Keras names them. */
function twoDense(): Model {
  const builder = new ModelBuilder(5);
  const x = builder.input("x", [null, 4]);
  const y = builder.layer("dense", { class_name: "Dense", config: { units: 4 } }, x);
  return builder.output(builder.layer("dense_1", { class_name: "Dense", config: { units: 4 } }, y)).build();
}

type Product = readonly [scope: string, kernel: RealTensor, bias: RealTensor, extra?: Partial<GraphWeight>];

/** A chain of products with their biases. */
function graphOf(products: readonly Product[], turned = false): TfjsGraphFile {
  const nodes: GraphNode[] = [{ name: "x", op: "Placeholder", inputs: [], attrs: {} }];
  const weights: GraphWeight[] = [];
  const edge = (node: string) => ({ node, output: 0, control: false });
  const constant = (name: string, { shape, data }: RealTensor, extra: Partial<GraphWeight> = {}): string => {
    nodes.push({ name, op: "Const", inputs: [], attrs: {} });
    const tensor = { shape, dtype: "float32" as const, data: Float32Array.from(data) };
    weights.push({
      name,
      shape,
      dtype: "float32",
      quantization: null,
      read: async () => tensor,
      ...extra,
    });
    return name;
  };
  let last = "x";
  for (const [scope, kernel, bias, extra] of products) {
    const inputs = [last, constant(`${scope}/MatMul/ReadVariableOp`, kernel, extra)].map(edge);
    nodes.push({ name: `${scope}/MatMul`, op: "MatMul", inputs, attrs: { transpose_b: { b: turned } } });
    const added = [`${scope}/MatMul`, constant(`${scope}/BiasAdd/ReadVariableOp`, bias)].map(edge);
    nodes.push({ name: `${scope}/BiasAdd`, op: "BiasAdd", inputs: added, attrs: {} });
    last = `${scope}/BiasAdd`;
  }
  return {
    generatedBy: null,
    convertedBy: null,
    nodes,
    functions: [],
    initializer: [],
    inputs: [],
    outputs: [{ key: "out", node: last, output: 0, dims: null, dtype: "float32", resource: false }],
    controlFlow: [],
    hashTables: [],
    weights,
    userDefinedMetadata: null,
    problems: [],
  };
}

async function layersOf(model: Model): Promise<{ kernel: RealTensor; bias: RealTensor }[]> {
  const cache = weightCache();
  return Promise.all(
    model.layers.map(async (_, layer) => {
      const weights = await cache.weightsOf(model, layer);
      return { kernel: weights.get("kernel") as RealTensor, bias: weights.get("bias") as RealTensor };
    }),
  );
}

const changed = (tensor: RealTensor, change: (value: number, i: number) => number): RealTensor => ({
  ...tensor,
  data: tensor.data.map((value, i) => Math.fround(change(value, i))),
});

const match = (model: Model, graph: TfjsGraphFile): Promise<GraphWeights> =>
  matchGraphWeights(model, graph, weightCache());

async function findingsOf(model: Model, graph: TfjsGraphFile): Promise<readonly string[]> {
  const { findings } = graphWeightFindings(model, await match(model, graph), "b");
  return findings.map(({ kind, detail, layer, field, certainty }) =>
    [kind, detail, layer, field, certainty ?? "proved"].join(" "),
  );
}

test("numbers go before names: an export of Keras 3, whose names are counted anew", async () => {
  const model = twoDense();
  const [first, second] = await layersOf(model);
  if (first === undefined || second === undefined) return expect.unreachable();
  const graph = graphOf([
    ["StatefulPartitionedCall/sequential_1/dense_1", first.kernel, first.bias],
    ["StatefulPartitionedCall/sequential_1/dense_1_2", second.kernel, second.bias],
  ]);
  const { found, missing, scopes } = await match(model, graph);
  expect(missing).toEqual([]);
  expect(found.every(({ exact }) => exact)).toBe(true);
  expect(scopes.scopes).toEqual(["sequential_1/dense_1", "sequential_1/dense_1_2"]);
  expect(await findingsOf(model, graph)).toEqual([]);
});

test("a matrix that its product turns is the same; the same numbers without that are not", async () => {
  const model = twoDense();
  const layers = await layersOf(model);
  const turn = (tensor: RealTensor): RealTensor => ({
    ...tensor,
    data: tensor.data.map((_, i) => tensor.data[(i % 4) * 4 + Math.floor(i / 4)] ?? 0),
  });
  const products = layers.map(
    ({ kernel, bias }, i): Product => [`m/${i === 0 ? "dense" : "dense_1"}`, turn(kernel), bias],
  );
  expect(await findingsOf(model, graphOf(products, true))).toEqual([]);
  expect(await findingsOf(model, graphOf(products, false))).toEqual([
    "weights transposed dense kernel proved",
    "weights transposed dense_1 kernel proved",
  ]);
});

test("other numbers in a weight's place are a cause, and say what became of it", async () => {
  const model = twoDense();
  const [first, second] = await layersOf(model);
  if (first === undefined || second === undefined) return expect.unreachable();
  const graph = (kernel: RealTensor, bias = second.bias, extra: Partial<GraphWeight> = {}): TfjsGraphFile =>
    graphOf([
      ["m/dense", first.kernel, first.bias],
      ["m/dense_1", kernel, bias, extra],
    ]);
  const edited = changed(second.kernel, (value, i) => (i === 3 ? value + 2 ** -20 : value));
  expect(await findingsOf(model, graph(edited))).toEqual(["weights edited dense_1 kernel proved"]);
  const negated = changed(second.bias, (value) => -value);
  expect(await findingsOf(model, graph(second.kernel, negated))).toEqual([
    "weights negated dense_1 bias proved",
  ]);
  const [low, high] = [Math.min(...second.kernel.data), Math.max(...second.kernel.data)];
  const scale = (high - low) / 255;
  const rounded = changed(second.kernel, (value) => Math.round((value - low) / scale) * scale + low);
  const quantization = { dtype: "uint8", scale, min: low } as const;
  expect(await findingsOf(model, graph(rounded, second.bias, { quantization }))).toEqual([
    "weights quantized-uint8 dense_1 kernel proved",
  ]);
});

test("channels multiplied by a factor each may be a rewrite that is not known: nothing is claimed", async () => {
  const model = twoDense();
  const [first, second] = await layersOf(model);
  if (first === undefined || second === undefined) return expect.unreachable();
  const kernel = changed(second.kernel, (value, i) => value * [0.5, 3, 1.7, 0.1][i % 4]!);
  const graph = graphOf([
    ["m/dense", first.kernel, first.bias],
    ["m/dense_1", kernel, second.bias],
  ]);
  const { findings, open } = graphWeightFindings(model, await match(model, graph), "b");
  expect(findings).toEqual([]);
  expect(open).toMatchObject([{ what: "kernel of dense_1", reason: expect.stringContaining("factor") }]);
});

test("a kernel of another size is structure; a weight without any counterpart is open", async () => {
  const model = twoDense();
  const [first, second] = await layersOf(model);
  if (first === undefined || second === undefined) return expect.unreachable();
  const wide = { shape: [4, 6], dtype: "float32", data: new Float64Array(24).map((_, i) => i) } as const;
  const bias = { ...wide, shape: [6], data: wide.data.slice(0, 6) };
  const graph = graphOf([
    ["m/dense", first.kernel, first.bias],
    ["m/dense_1", wide, bias],
  ]);
  expect(await findingsOf(model, graph)).toEqual(["structure weight-shapes dense_1 kernel proved"]);
  const { open } = graphWeightFindings(model, await match(model, graph), "b");
  expect(open.map(({ what }) => what)).toEqual(["bias of dense_1"]);
});
