/** @file Which input or output is which, and in what type and batch a graph is fed. */

import { expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import type { GraphTensor } from "../formats/graph-def.ts";
import type { TfjsGraphFile } from "../formats/tfjs-graph.ts";
import type { Model } from "../model/model.ts";
import type { Dims, Tensor } from "../tensor/tensor.ts";
import { boundaryModel, pairInputs, pairOutputs, writerOf } from "./graph-boundary.ts";
import { asGraphTakes } from "./graph-side.ts";

const tensor = (key: string, dims: Dims | null, changes: Partial<GraphTensor> = {}): GraphTensor => ({
  key,
  node: key.replace(/:0$/, ""),
  output: 0,
  dims,
  dtype: "float32",
  resource: false,
  ...changes,
});

const graphOf = (
  inputs: readonly GraphTensor[],
  outputs: readonly GraphTensor[],
  changes: Partial<TfjsGraphFile> = {},
): TfjsGraphFile => ({
  generatedBy: null,
  convertedBy: null,
  nodes: [],
  functions: [],
  initializer: [],
  inputs,
  outputs,
  controlFlow: [],
  hashTables: [],
  weights: [],
  userDefinedMetadata: null,
  problems: [],
  ...changes,
});

/** Inputs "image" [_, 4, 4, 3], "left" and "right" [_, 2]; outputs "sum" [_, 2] and "wide" [_, 3]. */
function model(): Model {
  const builder = new ModelBuilder();
  builder.input("image", [null, 4, 4, 3]);
  const left = builder.input("left", [null, 2]);
  const right = builder.input("right", [null, 2]);
  const sum = builder.layer("sum", { class_name: "Add" }, left, right);
  const wide = builder.layer("wide", { class_name: "Dense", config: { units: 3 } }, sum);
  return builder.output(sum, wide).build();
}

const said = (pairs: ReturnType<typeof pairInputs>): string[] =>
  pairs.map((pair) => `${pair.model}-${pair.graph} ${pair.by}`);

test("names decide first, then the only one of a shape, then the position", () => {
  const graph = graphOf(
    [tensor("right:0", [null, 2]), tensor("b", [null, 2]), tensor("a", [1, 4, 4, 3])],
    [],
  );
  expect(said(pairInputs(model(), graph))).toEqual(["0-2 shape", "1-1 shape", "2-0 name"]);
  const unnamed = graphOf([tensor("a", [null, 2]), tensor("b", [null, 2]), tensor("c", null)], []);
  expect(said(pairInputs(model(), unnamed))).toEqual(["0-2 position", "1-0 position", "2-1 position"]);
});

test("a name does not decide against the shape, and what fits nothing stays alone", () => {
  const graph = graphOf([tensor("left", [null, 7])], []);
  expect(pairInputs(model(), graph)).toEqual([]);
});

test("an output is known by the layer that its node hands on", () => {
  const graph = graphOf([], [tensor("Identity_1", null), tensor("Identity", null)]);
  const layerOf = (node: string): string | null => (node === "Identity" ? "wide" : "sum");
  expect(said(pairOutputs(model(), graph, layerOf))).toEqual(["0-0 name", "1-1 name"]);
  expect(said(pairOutputs(model(), graph, () => null))).toEqual(["0-0 position", "1-1 position"]);
});

test("numbers are fed in the graph's type where it holds them all", () => {
  const ids: Tensor = { shape: [2], dtype: "float32", data: Float32Array.of(1, 2) };
  expect(asGraphTakes(ids, tensor("x", [null], { dtype: "int32" }))).toEqual({
    shape: [2],
    dtype: "int32",
    data: Int32Array.of(1, 2),
  });
  const halves: Tensor = { ...ids, data: Float32Array.of(0.5, 2) };
  expect(asGraphTakes(halves, tensor("x", [null], { dtype: "int32" }))).toBe(halves);
  const fine: Tensor = { shape: [1], dtype: "float64", data: Float64Array.of(0.1) };
  expect(asGraphTakes(fine, tensor("x", [null]))).toBe(fine);
});

test("the graph as a model takes what callers feed, and says who wrote it", () => {
  const graph = graphOf([tensor("x", null, { dtype: null })], [], {
    convertedBy: "TensorFlow.js Converter v1.4.0",
    generatedBy: "1.15.0",
  });
  expect(boundaryModel(graph).inputs).toMatchObject([{ name: "x", dims: [], dtype: "float32" }]);
  expect(writerOf(graph)).toBe("TensorFlow.js Converter v1.4.0, TensorFlow 1.15.0");
});
