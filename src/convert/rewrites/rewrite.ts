/**
 * @file What a rewrite is: one layer said by several of others, exactly, or to within the rounding that it states. The
 * same passes tell `check` that such parts are the layer (by their form, not by a mark), and undo themselves on the
 * way back.
 */

import type { JsonObject } from "../../base/json.ts";
import type { BoundLayer } from "../../model/layer.ts";
import type { Dims } from "../../tensor/tensor.ts";
import type { WeightMap } from "../plan.ts";

/** Input number `input` of the rewritten layer, or the output of the part at index `part`, of its call `call` (0). */
export type PartRef = { readonly input: number } | { readonly part: number; readonly call?: number };

export interface Part {
  /** Appended to the layer's name; the last part keeps the layer's own name. */
  readonly suffix: string;
  readonly className: string;
  /** In canonical words (Keras 3's spelling). */
  readonly config: JsonObject;
  readonly inputs: readonly PartRef[];
  /** Where one layer is called several times: what each call is fed; the first is `inputs`. The last part has one. */
  readonly calls?: readonly (readonly PartRef[])[];
  /** By the part's own weight names; left out: the layer's weights under the same names. */
  readonly weights?: Readonly<Record<string, WeightMap>>;
  /** It carries the layer's other keys: initializers, regularizers. */
  readonly main?: boolean;
}

export interface RewriteContext {
  /** Dims of the layer's inputs and outputs, the batch first. */
  readonly inputs: readonly Dims[];
  readonly outputs: readonly Dims[];
  /** Inputs that are the same tensor as one before them. */
  readonly repeats: readonly number[];
  /** Over how many of its inputs a mask lies. */
  readonly masks: number;
  /** Is it given initial states? */
  readonly states: boolean;
  /** Is its first input of integers? */
  readonly integers: boolean;
}

export interface Rewrite {
  /** A layer's definition names those that are for it (`rewrites`). */
  readonly id: string;
  /** For every layer, whatever its definition names. */
  readonly general?: boolean;
  /** For people: "Permute around a BatchNormalization whose axis is not last". */
  readonly summary: string;
  /** The same numbers in exact arithmetic always; `false`: roundings of its own. */
  readonly exact: boolean;
  /** `null` where it does not apply. The last part gives the layer's output. */
  parts(layer: BoundLayer, context: RewriteContext): readonly Part[] | null;
}

export const fromInput: PartRef = { input: 0 };
export const after = (part: number): PartRef => ({ part });

/** A chain: each part is fed the one before. */
export function chain(...links: readonly Omit<Part, "inputs">[]): Part[] {
  return links.map((link, i) => ({ ...link, inputs: [i === 0 ? fromInput : after(i - 1)] }));
}
