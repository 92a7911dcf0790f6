/** @file Layers that do nothing in prediction and that TF.js lacks: a Dropout of the same rate, or a linear Activation. */

import type { BoundLayer } from "../../model/layer.ts";
import { shapeOps } from "../../ops/shape.ts";
import type { Dims } from "../../tensor/tensor.ts";
import { chain, type Rewrite } from "./rewrite.ts";

export const identityLayers: Rewrite = {
  id: "identity-in-prediction",
  summary: "A layer that only trains, by one that TF.js has",
  general: true,
  exact: true,
  parts(layer, { inputs: [input], masks }) {
    // Keras 2's Identity ends masks, which the layers below hand on.
    if (!layer.identity || (masks > 0 && input !== undefined && endsMasks(layer, input))) return null;
    const { rate } = layer.training;
    return chain(
      typeof rate === "number"
        ? {
            suffix: "dropout",
            className: "Dropout",
            config: { rate },
            main: true,
          }
        : { suffix: "linear", className: "Activation", config: { activation: "linear" }, main: true },
    );
  },
};

function endsMasks(layer: BoundLayer, dims: Dims): boolean {
  const mask = { dims: dims.slice(0, 2), dtype: "bool" as const };
  const { masks } = layer.evaluate(shapeOps, {
    weights: new Map(),
    inputs: [{ dims, dtype: "float32" }],
    masks: [mask],
  });
  return masks[0] === null;
}
