/** @file Optimizer state that the target has no place for: what is said about it, and where its tensors lie. */

import type { JsonObject } from "../base/json.ts";
import type { StoredTensor } from "../model/model.ts";

/** Inside an HDF5 file; Keras passes over groups that it does not look for. */
export const KEPT_OPTIMIZER_GROUP = "vernier_optimizer";

/** Beside `model.json`, and in no manifest: a page does not load what only training needs. */
export const OPTIMIZER_FILE = "optimizer.bin";

export function keptOptimizer(path: string, weights: readonly StoredTensor[]): JsonObject | null {
  if (weights.length === 0) return null;
  return {
    path,
    weights: weights.map(({ name, shape, dtype }) => ({ name, shape: [...shape], dtype })),
  };
}
