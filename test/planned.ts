/** @file A planned layer without weights, for tests of what is made of a plan. */

import type { PlannedLayer } from "../src/convert/plan.ts";

/** Each call as what it reads: "layer", or "layer#1" for another call of it. */
export const plannedLayer = (
  className: string,
  name: string,
  ...calls: readonly (readonly string[])[]
): PlannedLayer => ({
  name,
  path: name,
  className,
  config: {},
  nodes: calls.map((inputs) => ({
    inputs: inputs.map((ref) => {
      const [from = "", node = "0"] = ref.split("#");
      return { layer: from, node: Number(node), tensor: 0 };
    }),
    initial_state: [],
    mask: null,
    constants: {},
  })),
  input: null,
  inner: null,
  weights: [],
  bound: null,
  fed: [],
  given: [],
});
