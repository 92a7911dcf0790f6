/** @file Every layer of a planned topology that has weights, nested models entered, in the order of the file. */

import type { PlannedLayer, PlannedTopology } from "./plan.ts";

export interface FlatLayer {
  readonly layer: PlannedLayer;
  /** It and every model around it train: `trainable` is nowhere false. */
  readonly trainable: boolean;
}

export function flatLayers(topology: PlannedTopology, trainable = true): FlatLayer[] {
  const all = trainable && topology.config["trainable"] !== false;
  return topology.layers.flatMap((layer): FlatLayer[] => {
    if (layer.inner !== null) return flatLayers(layer.inner, all);
    if (layer.input !== null) return [];
    return [{ layer, trainable: all && layer.config["trainable"] !== false }];
  });
}
