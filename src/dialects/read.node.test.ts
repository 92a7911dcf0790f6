/** @file Every fixture read, and its twins computing one function; damaged graphs refused by name. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isVernierError } from "../base/errors.ts";
import { evaluate } from "../model/evaluate.ts";
import { KERAS2_MASKS, KERAS3_MASKS } from "../model/layer.ts";
import type { Model, ModelInput } from "../model/model.ts";
import { weightCache } from "../model/weights.ts";
import { float64Ops } from "../ops/float64.ts";
import { type RealTensor, real } from "../tensor/tensor.ts";
import { buildGraph } from "./build.ts";
import { readModelPath } from "./read.node.ts";

const fixtures = fileURLToPath(new URL("../../test/fixtures/", import.meta.url));

const fed = ({ name, dims, dtype }: ModelInput): RealTensor =>
  real(
    dims.map((dim) => dim ?? 3),
    (i) => (dtype === "int32" || /tokens/.test(name) ? (i * 7) % 5 : Math.sin(i * 1.7 + 1)),
    dtype,
  );

async function outputsOf(path: string): Promise<{ model: Model; outputs: RealTensor[] }> {
  await using opened = await readModelPath(path);
  const { model } = opened;
  expect(model.problems.filter(({ severity }) => severity === "error")).toEqual([]);
  const cache = weightCache();
  const outputs = await evaluate(model, float64Ops(), {
    inputs: model.inputs.map(fed),
    weightsOf: (layer) => cache.weightsOf(model, layer),
  });
  return { model, outputs };
}

const names = readdirSync(join(fixtures, "keras2"))
  .filter((file) => file.endsWith(".h5") && file !== "with-lambda.h5")
  .map((file) => file.slice(0, -3));

describe("twins compute one function", () => {
  test.each(names)("%s of Keras 2, Keras 3 and TF.js", async (name) => {
    const keras2 = await outputsOf(join(fixtures, "keras2", `${name}.h5`));
    // Their second GRU says "hard_sigmoid", which is another function in Keras 3.
    const meansOther = name.startsWith("gru-reset");
    const twins = [join(fixtures, "keras3", `${name}.h5`), join(fixtures, "tfjs", name)].filter((p) =>
      existsSync(p),
    );
    for (const twin of twins) {
      const { model, outputs } = await outputsOf(twin);
      expect(model.layers.map(({ path }) => path).sort()).toEqual(
        keras2.model.layers.map(({ path }) => path).sort(),
      );
      for (const [i, output] of outputs.entries()) {
        expect(output.shape).toEqual(keras2.outputs[i]?.shape);
        const same = [...output.data].join() === [...(keras2.outputs[i]?.data ?? [])].join();
        expect(same, twin).toBe(!(meansOther && model.dialect === "keras3"));
      }
    }
  });
});

test("a layer without a rule is refused by name and place", async () => {
  await expect(readModelPath(join(fixtures, "keras2", "with-lambda.h5"))).rejects.toMatchObject({
    code: "layer.unsupported",
    details: { className: "Lambda" },
  });
});

const options = { dialect: "keras2", writtenIn: "keras2", maskRules: KERAS2_MASKS } as const;
const dense = (name: string, from: unknown) => ({
  class_name: "Dense",
  name,
  config: { name, units: 2 },
  inbound_nodes: [[from]],
});
const functional = (layers: unknown[], output: unknown = ["b", 0, 0]) => ({
  class_name: "Functional",
  config: {
    name: "m",
    layers: [
      { class_name: "InputLayer", name: "x", config: { batch_input_shape: [null, 2] }, inbound_nodes: [] },
      ...layers,
    ],
    input_layers: [["x", 0, 0]],
    output_layers: [output],
  },
});

test.each([
  ["a cycle", functional([dense("a", ["b", 0, 0, {}]), dense("b", ["a", 0, 0, {}])]), "graph.malformed"],
  ["a missing layer", functional([dense("b", ["nowhere", 0, 0, {}])]), "graph.malformed"],
  ["a missing call", functional([dense("b", ["x", 4, 0, {}])]), "graph.malformed"],
  ["a missing output", functional([dense("b", ["x", 0, 3, {}])]), "graph.malformed"],
  ["a node of the wrong type", functional([dense("b", 7)]), "config.invalid"],
  ["layers that are no list", { class_name: "Functional", config: { layers: 3 } }, "config.invalid"],
  ["an empty Sequential", { class_name: "Sequential", config: [] }, "graph.malformed"],
  ["a subclassed model", { class_name: "MyModel", config: {} }, "layer.unsupported"],
])("%s gives a typed error", (_what, json, code) => {
  let thrown: unknown;
  try {
    buildGraph(json, options, ["model"]);
  } catch (error) {
    thrown = error;
  }
  expect(isVernierError(thrown) ? thrown.code : thrown).toBe(code);
});

test("layers that no output needs are left out, and a layer called twice is one layer with two calls", () => {
  const twice = {
    ...dense("b", ["x", 0, 0, {}]),
    inbound_nodes: [[["x", 0, 0, {}]], [["b", 0, 0, {}]]],
  };
  const graph = buildGraph(functional([twice, dense("unused", ["b", 0, 0, {}])], ["b", 1, 0]), options, [
    "model",
  ]);
  expect(graph.calls.map(({ id }) => id)).toEqual(["x", "b", "b#1"]);
  expect(graph.layers.map(({ path }) => path)).toEqual(["b"]);
});

const options3 = { dialect: "keras3", writtenIn: "keras3", maskRules: KERAS3_MASKS } as const;
const tensor = (layer: string) => ({
  class_name: "__keras_tensor__",
  config: { keras_history: [layer, 0, 0] },
});
const input = (name: string, dtype = "float32") => ({
  class_name: "InputLayer",
  name,
  config: { batch_shape: [null, 3, 2], dtype },
  inbound_nodes: [],
});
const keras3 = (className: string, args: unknown[], inputs: unknown, layers: unknown[]) => ({
  class_name: "Functional",
  config: {
    layers: [
      ...layers,
      { class_name: className, name: "out", config: {}, inbound_nodes: [{ args, kwargs: {} }] },
    ],
    input_layers: inputs,
    output_layers: ["out", 0, 0],
  },
});

test("inputs named in a dict are taken in the order of their names, as Keras flattens it", () => {
  const layers = [input("z"), input("a")];
  const inputs = { z: ["z", 0, 0], a: ["a", 0, 0] };
  const json = keras3("Subtract", [[tensor("z"), tensor("a")]], inputs, layers);
  expect(buildGraph(json, options3, []).inputs.map(({ name }) => name)).toEqual(["a", "z"]);
});

test("a mask that is given by position is a mask, and what no rule expects there is refused", () => {
  const inputs = [
    ["x", 0, 0],
    ["m", 0, 0],
  ];
  const given = (className: string, dtype: string) =>
    keras3(className, [tensor("x"), tensor("m")], inputs, [input("x"), input("m", dtype)]);
  const graph = buildGraph(given("Softmax", "bool"), options3, []);
  expect(graph.calls.at(-1)).toMatchObject({ inputs: [{ call: 0 }], masks: [{ call: 1 }] });
  expect(() => buildGraph(given("Softmax", "float32"), options3, [])).toThrow(/mask is of float32/);
  expect(() => buildGraph(given("Flatten", "bool"), options3, [])).toThrow(/more tensors than its rule/);
});
