/** @file A layer's weight as something to be written: as it is, or as a rewrite needs it. */

import { VernierError } from "../base/errors.ts";
import { type TensorSource, wholeTensor } from "../formats/output.ts";
import type { ModelLayer, ModelWeight } from "../model/model.ts";
import type { SaidWeight } from "./part-weights.ts";

/** Throws `weights.missing`. */
export function sourceOf(
  layer: ModelLayer,
  { from, beside = [], shape, dtype: mapped, map }: Omit<SaidWeight, "name" | "trainable" | "older">,
): TensorSource {
  const weight = weightOf(layer, from);
  const { dtype } = weight;
  if (map !== undefined) {
    const others = beside.map((name) => weightOf(layer, name));
    return wholeTensor(shape, mapped ?? dtype, async () =>
      map(await weight.read(), ...(await Promise.all(others.map((other) => other.read())))),
    );
  }
  const whole = wholeTensor(shape, dtype, () => weight.read());
  const { pieces } = weight;
  return pieces === undefined ? whole : { ...whole, pieces };
}

function weightOf({ path, weights }: ModelLayer, name: string): ModelWeight {
  const weight = weights.find(({ spec }) => spec.name === name);
  if (weight !== undefined) return weight;
  throw new VernierError(
    "weights.missing",
    { weight: name, present: weights.map(({ fileName }) => fileName) },
    { where: path },
  );
}
