/** @file Layers stand where Keras 3 would list them (recorded from keras 3.15.1: `[l.name for l in model.layers]`). */

import { expect, test } from "vitest";
import { plannedLayer } from "../../test/planned.ts";
import { inKerasOrder } from "./keras-order.ts";
import type { PlannedLayer, PlannedTopology } from "./plan.ts";

const layer = (name: string, ...calls: readonly (readonly string[])[]): PlannedLayer =>
  plannedLayer("Dense", name, ...calls);

const functional = (outputs: readonly string[], ...layers: readonly PlannedLayer[]): PlannedTopology => ({
  name: "model",
  kind: "Functional",
  config: {},
  layers,
  inputs: [{ layer: "in", node: 0, tensor: 0 }],
  outputs: outputs.map((name) => ({ layer: name, node: 0, tensor: 0 })),
});

const names = ({ layers }: PlannedTopology): string[] => layers.map(({ name }) => name);

test("of two branches the longer begins first, whatever the order of the file", () => {
  const model = functional(
    ["sum"],
    layer("in", []),
    layer("c", ["in"]),
    layer("a", ["in"]),
    layer("b", ["a"]),
    layer("sum", ["b", "c"]),
  );
  expect(names(inKerasOrder(model))).toEqual(["in", "a", "b", "c", "sum"]);
});

test("a layer that is called twice stands where its farthest call is", () => {
  const model = functional(
    ["last"],
    layer("in", []),
    layer("last", ["shared#1"]),
    layer("middle", ["shared"]),
    layer("shared", ["in"], ["middle"]),
  );
  expect(names(inKerasOrder(model))).toEqual(["in", "shared", "middle", "last"]);
});

test("a chain of 20,000 layers does not exhaust the stack", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => layer(`l${i}`, [i === 0 ? "in" : `l${i - 1}`]));
  const model = functional(["l19999"], ...chain.toReversed(), layer("in", []));
  expect(names(inKerasOrder(model)).slice(0, 3)).toEqual(["in", "l0", "l1"]);
});
