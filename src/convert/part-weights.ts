/** @file A part's weights in terms of those of the layer that it was made from. */

import type { DType } from "../tensor/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import type { WeightMap } from "./plan.ts";
import type { Part } from "./rewrites/rewrite.ts";
import { type Block, blockOf } from "./weight-blocks.ts";

export interface SaidWeight {
  readonly name: string;
  readonly trainable: boolean;
  readonly older: string | null;
  /** The layer's own. */
  readonly from: string;
  /** After `map`. */
  readonly shape: Shape;
  /** Others of the layer's own that `map` gets beside it. */
  readonly beside?: readonly string[];
  /** After `map`, where that changes it. */
  readonly dtype?: DType;
  readonly map?: (tensor: Tensor, ...beside: Tensor[]) => Tensor;
  readonly back?: (tensor: Tensor) => Tensor;
  readonly block?: Block;
}

/** A part's weight in terms of the rewritten layer's. */
export function fromLayer(weight: SaidWeight, { weights }: Part): SaidWeight {
  const origin = weights?.[weight.from];
  if (origin === undefined) return weight;
  return {
    ...weight,
    from: origin.from,
    ...(origin.beside === undefined ? {} : { beside: origin.beside }),
    ...(origin.dtype === undefined ? {} : { dtype: origin.dtype }),
    ...(origin.block === undefined ? {} : cutBy(origin.block, weight)),
    ...(origin.block === undefined
      ? { ...joined("map", origin.map, weight.map), ...joined("back", weight.back, origin.back) }
      : {}),
  };
}

/** A block of the layer's weight; what the part does to it further cannot be undone block by block. */
function cutBy(block: Block, { map, shape }: SaidWeight): Pick<WeightMap, "block" | "map"> {
  const cut = (whole: Tensor): Tensor => blockOf(whole, block, shape.length);
  return map === undefined ? { block, map: cut } : { map: (whole) => map(cut(whole)) };
}

type Step = ((tensor: Tensor, ...beside: Tensor[]) => Tensor) | undefined;

/** One after the other, under the key; nothing where there is neither. */
function joined<Key extends "map" | "back">(
  key: Key,
  first: Step,
  second: Step,
): { [K in Key]?: NonNullable<Step> } {
  const both =
    first === undefined || second === undefined
      ? (first ?? second)
      : (tensor: Tensor, ...beside: Tensor[]) => second(first(tensor, ...beside));
  return both === undefined ? {} : ({ [key]: both } as { [K in Key]: NonNullable<Step> });
}
