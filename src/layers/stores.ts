/**
 * @file Where Keras's weight files keep the variables of one layer: its own at the layer's path, those of a cell or a
 * wrapped layer one step below. (keras/src/saving/saving_lib.py: an object's children are found by attribute.)
 */

import type { BoundLayer, StoreRules, WeightSpec, WeightStore } from "../model/layer.ts";

/** Declared by a family whose variables lie elsewhere than in the layer itself. */
export interface Stores {
  /** The attribute that holds the layer's own variables: "cell". */
  readonly own?: string;
  /** Of each inner layer, in their order: what its weights are prefixed with, and the attribute that holds it. */
  readonly inner?: readonly (readonly [prefix: string, attribute: string])[];
}

export function storesOf(
  { own = "", inner: attributes = [] }: Stores,
  weights: readonly WeightSpec[],
  inner: readonly BoundLayer[],
  rules: StoreRules,
): readonly WeightStore[] {
  const held = attributes.flatMap(([prefix, attribute], i) =>
    (inner[i]?.stores(rules) ?? []).map((store) => ({
      group: store.group === "" ? attribute : `${attribute}/${store.group}`,
      weights: store.weights.map((name) => `${prefix}/${name}`),
    })),
  );
  const elsewhere = new Set(held.flatMap((store) => store.weights));
  const names = weights.map(({ name }) => name).filter((name) => !elsewhere.has(name));
  return [...(names.length === 0 ? [] : [{ group: own, weights: names }]), ...held];
}
