/** @file Weights in float64, read when a layer needs them and kept while there is room. */

import { VernierError } from "../base/errors.ts";
import { type RealTensor, realFromTensor } from "../tensor/tensor.ts";
import type { Model } from "./model.ts";

export interface WeightCache {
  /** Layer number `layer` of `model`, by the names of its definition. Throws `weights.missing`. */
  weightsOf(model: Model, layer: number): Promise<ReadonlyMap<string, RealTensor>>;
}

/** Of weights that are read while others are compared: 8 MiB in float64, on each side. */
export const READ_AHEAD_NUMBERS = 2 ** 20;

/** `maxBytes`: the least recently used layers are read again beyond it. @default 512 MiB */
export function weightCache({ maxBytes = 512 * 2 ** 20 }: { readonly maxBytes?: number } = {}): WeightCache {
  const kept = new Map<Model["layers"][number], ReadonlyMap<string, RealTensor>>();
  let bytes = 0;
  return {
    async weightsOf(model, layer) {
      const entry = model.layers[layer];
      if (entry === undefined) return new Map();
      const known = kept.get(entry);
      if (known !== undefined) {
        kept.delete(entry);
        kept.set(entry, known);
        return known;
      }
      const read = new Map<string, RealTensor>();
      for (const weight of entry.weights) read.set(weight.spec.name, realFromTensor(await weight.read()));
      const missing = entry.layer.weights.find(({ name }) => !read.has(name));
      if (missing !== undefined) {
        throw new VernierError(
          "weights.missing",
          { weight: missing.name, present: [...read.keys()] },
          { where: entry.path },
        );
      }
      bytes += sizeOf(read);
      kept.set(entry, read);
      for (const [oldest, values] of kept) {
        if (bytes <= maxBytes || oldest === entry) break;
        kept.delete(oldest);
        bytes -= sizeOf(values);
      }
      return read;
    },
  };
}

const sizeOf = (weights: ReadonlyMap<string, RealTensor>): number =>
  [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
