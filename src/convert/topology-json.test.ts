/** @file What Keras 3 is told to call a layer with (recorded from keras 3.15.1: `model.get_config()` of a call with one). */

import { expect, test } from "vitest";
import { plannedLayer } from "../../test/planned.ts";
import type { PlannedLayer, PlannedTopology } from "./plan.ts";
import { modelJson } from "./topology-json.ts";

const layer = (className: string, ...inputs: readonly string[]): PlannedLayer =>
  plannedLayer(className, className, inputs);

/** Of the layer's only call: is its first argument a list? */
function isCalledWithList(className: string): boolean {
  const topology: PlannedTopology = {
    name: "model",
    kind: "Functional",
    config: {},
    layers: [layer("InputLayer"), layer(className, "InputLayer")],
    inputs: [{ layer: "InputLayer", node: 0, tensor: 0 }],
    outputs: [{ layer: className, node: 0, tensor: 0 }],
  };
  const json = modelJson(topology, "model", "keras3") as {
    readonly config: {
      readonly layers: readonly { readonly inbound_nodes: readonly { readonly args: unknown[] }[] }[];
    };
  };
  return Array.isArray(json.config.layers[1]?.inbound_nodes[0]?.args[0]);
}

// Subtract and Dot take two.
test.for(["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"])(
  "%s of one tensor is called with a list of one",
  (className) => expect(isCalledWithList(className)).toBe(true),
);

test.for(["Dense", "LSTM"])("%s is called with the tensor itself", (className) =>
  expect(isCalledWithList(className)).toBe(false),
);
