/** @file Which stored weight is which, where names do not say it: by Keras's order. */

import { expect, test } from "vitest";
import type { JsonObject } from "../base/json.ts";
import { bindLayer, contextOf } from "../layers/bind.ts";
import { KERAS2_MASKS, KERAS3_MASKS } from "../model/layer.ts";
import type { Topology, TopologyLayer } from "../model/topology.ts";
import type { BuiltLayer } from "./build.ts";
import type { Stored } from "./stored.ts";
import { assignByGroup, assignByName } from "./weights.ts";

function dense(path: string, units: number, trainable: boolean): BuiltLayer {
  const config = { units, trainable, use_bias: false };
  const context = contextOf({
    dialect: "keras2",
    maskRules: KERAS2_MASKS,
    inputs: [[null, 3]],
    where: [path],
  });
  const layer = bindLayer({ class_name: "Dense", config }, context);
  return { path, layer, intended: null, fileConfig: config };
}

/** A topology that holds them under their paths. */
const nested = (layers: readonly BuiltLayer[]): Topology => ({
  name: null,
  kind: "Functional",
  inputs: [],
  outputs: [],
  config: {},
  layers: layers.map(({ path, layer: { className }, fileConfig }) => ({
    name: path,
    path,
    className,
    config: fileConfig as JsonObject,
    nodes: [],
    input: null,
    inner: null,
  })),
});

const stored = (name: string, units: number): Stored => ({
  name,
  shape: [3, units],
  dtype: "float32",
  quantization: null,
  read: async () => ({ shape: [3, units], dtype: "float32", data: new Float32Array(3 * units) }),
});

// keras/src/legacy/saving/legacy_h5_format.py, `_legacy_weights`: trainable weights, then the others.
test("in a nested model whose names repeat, frozen layers' weights are the last", () => {
  const layers = [
    dense("base/first", 4, false),
    dense("base/second", 5, true),
    dense("base/in/second", 6, true),
  ];
  const group = [stored("second/kernel:0", 5), stored("second/kernel_1:0", 6), stored("first/kernel:0", 4)];
  const { layers: found, problems } = assignByGroup(
    { layers, topology: nested(layers) },
    new Map([["base", group]]),
  );
  expect(problems).toEqual([]);
  expect(found.map(({ weights }) => weights[0]?.fileName)).toEqual([
    "first/kernel:0",
    "second/kernel:0",
    "second/kernel_1:0",
  ]);
});

test("weights that a config says are bytes, and that are not, are a problem by name", () => {
  const config = { units: 4, use_bias: false, dtype: "int8_from_float32" };
  const context = contextOf({
    dialect: "keras3",
    maskRules: KERAS3_MASKS,
    inputs: [[null, 3]],
    where: ["out"],
  });
  const layer = bindLayer({ class_name: "Dense", config }, context);
  const built = { path: "out", layer, intended: null, fileConfig: config };
  const scale = { ...stored("out/kernel_scale", 1), shape: [4] };
  const { problems } = assignByGroup(
    { layers: [built], topology: nested([built]) },
    new Map([["out", [stored("out/kernel", 4), scale]]]),
  );
  expect(problems).toMatchObject([
    {
      code: "weights.dtype",
      message: 'weight "out/kernel" is of float32, the config implies int8',
    },
  ]);
});

// DenseNet121 of tf.keras has both.
test("of a layer named a/d and one named d, each finds its own weight by name", () => {
  const named = (name: string, units: number): BuiltLayer => {
    const built = dense(name, units, true);
    return { ...built, fileConfig: { ...(built.fileConfig as JsonObject), name } };
  };
  const layers = [named("a/d", 4), named("d", 5)];
  const { layers: found, problems } = assignByName(layers, [stored("a/d/kernel", 4), stored("d/kernel", 5)]);
  expect(problems).toEqual([]);
  expect(found.map(({ weights }) => weights[0]?.fileName)).toEqual(["a/d/kernel", "d/kernel"]);
});

/** A Dense layer of 4 units, and what an `.h5` holds of it beside an adapter. */
function adapted(path: string, said: JsonObject) {
  const built = dense(path, 4, true);
  const layer = { ...built, fileConfig: { ...(built.fileConfig as JsonObject), ...said } };
  const half = (name: string, shape: readonly number[]): Stored => ({ ...stored(name, 1), shape });
  const group = [half("d/lora_kernel_a", [3, 2]), half("d/lora_kernel_b", [2, 4]), stored("d/kernel", 4)];
  return { layer, group };
}

test("an adapter whose scale no config says is refused, not guessed", () => {
  const { layer, group } = adapted("d", {});
  expect(() =>
    assignByGroup({ layers: [layer], topology: nested([layer]) }, new Map([["d", group]])),
  ).toThrow(/no config says by what its adapter/);
});

test("adapters beside weights whose names do not say which is which are refused, not taken by their order", () => {
  const { layer, group } = adapted("base/d", { lora_rank: 2 });
  const layers = [layer, dense("base/other", 4, true)];
  const all = [stored("renamed/kernel", 4), ...group];
  expect(() => assignByGroup({ layers, topology: nested(layers) }, new Map([["base", all]]))).toThrow(
    /whose names do not say which is which/,
  );
});

// keras/src/layers/layer.py, trainable_variables: none of a model that does not train.
test("a nested model that does not train keeps its layers' weights from being listed first", () => {
  const layers = [dense("base/in/first", 4, true), dense("base/second", 5, true)];
  const inside = nested(layers.slice(0, 1));
  const base: TopologyLayer = {
    ...(nested(layers).layers[0] as TopologyLayer),
    path: "base",
    inner: {
      ...nested(layers.slice(1)),
      layers: [
        {
          ...(nested(layers).layers[0] as TopologyLayer),
          path: "base/in",
          inner: { ...inside, config: { trainable: false } },
        },
        ...nested(layers.slice(1)).layers,
      ],
    },
  };
  // Names that tell nothing.
  const group = [stored("x/kernel", 5), stored("y/kernel", 4)];
  const topology = { ...nested([]), layers: [base] };
  const { layers: found, problems } = assignByGroup({ layers, topology }, new Map([["base", group]]));
  expect(problems).toEqual([]);
  expect(found.map(({ weights }) => weights[0]?.fileName)).toEqual(["y/kernel", "x/kernel"]);
});
