/** @file Calls of shared layers keep their order, whatever order a file lists its layers in. */

import { expect, test } from "vitest";
import type { GraphSpec, LayerEntry } from "./nodes.ts";
import { orderNodes } from "./order.ts";

const ref = (layer: string, node: number) => ({ layer, node, tensor: 0 });
const entry = (name: string, ...inputs: readonly (readonly [string, number])[]): LayerEntry => ({
  name,
  className: "Dropout",
  module: "",
  config: {},
  nodes: inputs.map((input) => ({ inputs: [ref(...input)], initial_state: [], mask: null, constants: {} })),
  implied: false,
  where: [],
});
const graph = (...layers: readonly LayerEntry[]): GraphSpec => ({
  name: null,
  kind: "Functional",
  config: {},
  layers,
  inputs: [ref("x", 0)],
  outputs: layers.flatMap(({ name, nodes }) => nodes.map((_, node) => ref(name, node))),
});
const orderOf = (spec: GraphSpec): string[] =>
  orderNodes(spec, new Set(["x:0"])).map(({ entry: { name }, index }) => `${name}:${index}`);

// Keras 3 lists layers by depth: here "a", whose first call reads the input, after "c", which reads its second.
const b = entry("b", ["x", 0]);
const c = entry("c", ["b", 0], ["a", 1]);

test("a layer's first call comes first, also where its second is needed before", () => {
  expect(orderOf(graph(b, c, entry("a", ["x", 0], ["c", 0])))).toEqual(["b:0", "c:0", "a:0", "a:1", "c:1"]);
});

test("calls that a hand has listed the other way round are ordered by what they read", () => {
  expect(orderOf(graph(entry("a", ["a", 1], ["x", 0])))).toEqual(["a:1", "a:0"]);
});

test("a layer that feeds itself is refused", () => {
  expect(() => orderOf(graph(entry("a", ["a", 0])))).toThrow('"a" feeds itself');
});
