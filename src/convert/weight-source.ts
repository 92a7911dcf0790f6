/** @file A layer's weight as something to be written: as it is, or as a rewrite needs it. */

import { VernierError } from "../base/errors.ts";
import { type TensorSource, wholeTensor } from "../formats/output.ts";
import type { ModelLayer } from "../model/model.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";

/** `shape`: after `map`. Throws `weights.missing`. */
export function sourceOf(
  { path, weights }: ModelLayer,
  name: string,
  shape: Shape,
  map?: (tensor: Tensor) => Tensor,
): TensorSource {
  const weight = weights.find(({ spec }) => spec.name === name);
  if (weight === undefined)
    throw new VernierError(
      "weights.missing",
      { weight: name, present: weights.map(({ fileName }) => fileName) },
      { where: path },
    );
  const { dtype } = weight;
  if (map !== undefined) return wholeTensor(shape, dtype, async () => map(await weight.read()));
  const whole = wholeTensor(shape, dtype, () => weight.read());
  const { pieces } = weight;
  return pieces === undefined ? whole : { ...whole, pieces };
}
