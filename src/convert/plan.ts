/** @file A model as it will be written: every layer in the target's words, every weight with where it comes from. */

import type { JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { TensorSource } from "../formats/output.ts";
import type { BoundLayer, Dialect } from "../model/layer.ts";
import type { Model, ModelWeight } from "../model/model.ts";
import type { NodeRef, NodeSpec, TopologyLayer } from "../model/topology.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Dims, Tensor } from "../tensor/tensor.ts";
import type { LedgerEntry } from "./ledger.ts";
import type { Block } from "./weight-blocks.ts";

export interface PlannedWeight {
  /** As `BoundLayer.weights` names it. */
  readonly name: string;
  readonly trainable: boolean;
  /** The last part of its name in Keras 2 and TF.js, where it is another. */
  readonly older: string | null;
  readonly source: TensorSource;
}

export interface PlannedLayer {
  readonly name: string;
  /** "outer/inner", in the target's names. */
  readonly path: string;
  readonly className: string;
  /** In the target's words, with its name. */
  readonly config: JsonObject;
  readonly nodes: readonly NodeSpec[];
  readonly input: TopologyLayer["input"];
  readonly inner: PlannedTopology | null;
  readonly weights: readonly PlannedWeight[];
  /** What the target reads in it; `null` for inputs and nested models. */
  readonly bound: BoundLayer | null;
  /** Dims that reach its first call, and that leave it. */
  readonly fed: readonly Dims[];
  readonly given: readonly Dims[];
}

export interface PlannedTopology {
  readonly name: string | null;
  readonly kind: "Sequential" | "Functional";
  readonly config: JsonObject;
  readonly layers: readonly PlannedLayer[];
  readonly inputs: readonly NodeRef[];
  readonly outputs: readonly NodeRef[];
}

/** One layer that was said by others. */
export interface RewrittenLayer {
  /** In the source. */
  readonly path: string;
  readonly className: string;
  readonly rewrite: string;
  /** `false`: with roundings of its own. */
  readonly exact: boolean;
  /** Dims that reach its first call. */
  readonly fed: readonly Dims[];
  /** Inputs that are the same tensor as one before them. */
  readonly repeats: readonly number[];
  /** Is its first input of integers? */
  readonly integers: boolean;
  /** Weights that its parts do not give back: none takes them, or what a part holds cannot be undone. */
  readonly lost: readonly ModelWeight[];
  /** Which of the layer's inputs are read from outside, in the order in which the parts do. */
  readonly reads: readonly number[];
  /** Paths in the target. */
  readonly parts: readonly string[];
  /** How often each part is called for one call of the layer. */
  readonly calls: readonly number[];
}

export interface Plan {
  readonly source: Model;
  readonly to: Dialect;
  readonly topology: PlannedTopology;
  readonly rewritten: readonly RewrittenLayer[];
  /** Source path → target path, where they differ. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Per target path: keys that the target has no word for. */
  readonly keptKeys: ReadonlyMap<string, JsonObject>;
  readonly ledger: readonly LedgerEntry[];
  readonly problems: readonly Problem[];
}

/** How a weight of a part comes from the layer's own. */
export interface WeightMap {
  /** A weight of the rewritten layer. */
  readonly from: string;
  /** Others of its weights that `map` gets beside it. */
  readonly beside?: readonly string[];
  /** After `map`; left out: as before. */
  readonly dtype?: DType;
  /** A part of it, in place of `map`; all parts together give it back. */
  readonly block?: Block;
  readonly map?: (tensor: Tensor, ...beside: Tensor[]) => Tensor;
  /** Undoes `map`. */
  readonly back?: (tensor: Tensor) => Tensor;
}
