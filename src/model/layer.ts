/**
 * @file One layer of a canonical model, after its file's words have been understood: nothing about it is unknown,
 * nothing implicit. `layers/` makes these; everything below only uses them.
 */

import type { JsonObject } from "../base/json.ts";
import type { Ops } from "../ops/ops.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Dims, Shape } from "../tensor/tensor.ts";

/** Masks follow the Keras that wrote the file; the rules changed at 3.4 (keras/src/layers/merging/base_merge.py). */
export interface MaskRules {
  /** Add, Average, …: "and" over the masks there are (Keras 2, 3.0–3.3); "or", and none if any is missing (3.4 on). */
  readonly merge: "and" | "or";
  /** Concatenate: a step counts if all (Keras 2) or any (Keras 3) of the concatenated masks say so. */
  readonly concatenate: "all" | "any";
  /** Masking: `where` keeps NaN out of masked steps (Keras 3), multiplication does not (Keras 2, TF.js). */
  readonly masking: "where" | "multiply";
  /** Softmax: masked entries are set to 0 after the shift (Keras 3), or only shifted (Keras 2). */
  readonly softmax: "zeroed" | "shifted";
  /** Bidirectional over returned sequences: masked steps give 0 (Keras), or repeat the output before them (TF.js). */
  readonly bidirectional: "zeroed" | "repeated";
  /** Identity: Keras 2's does not hand the mask on (tf_keras/src/layers/core/identity.py has no supports_masking). */
  readonly identity: "stopped" | "handed on";
}

export const KERAS2_MASKS: MaskRules = {
  merge: "and",
  concatenate: "all",
  masking: "multiply",
  softmax: "shifted",
  bidirectional: "zeroed",
  identity: "stopped",
};
export const KERAS3_MASKS: MaskRules = {
  merge: "or",
  concatenate: "any",
  masking: "where",
  softmax: "zeroed",
  bidirectional: "zeroed",
  identity: "handed on",
};
/** For models that TF.js itself wrote. */
export const TFJS_MASKS: MaskRules = { ...KERAS2_MASKS, bidirectional: "repeated" };

/** One weight that a layer has for its config and inputs, in the order in which Keras keeps them. */
export interface WeightSpec {
  /** The last part of Keras's own name; wrappers put their part before: "forward/kernel". */
  readonly name: string;
  readonly shape: Shape;
  /** Keras files list trainable weights first, then the others. */
  readonly trainable: boolean;
  /** The last part of the name in Keras 2 and TF.js, where it is another. */
  readonly older?: string;
  /** Keras makes it before the layer's others, and loads it first from an `.h5`. */
  readonly early?: boolean;
  /** What it must be stored in; left out: any floating dtype. */
  readonly dtype?: DType;
}

/** Variables that Keras's weight files keep together, below the layer's own path: "" itself, "forward_layer/cell". */
export interface WeightStore {
  readonly group: string;
  /** By name, as `BoundLayer.weights` lists them, in the order of the file. */
  readonly weights: readonly string[];
}

/** How a version of Keras names the layers of a model in its weight files. */
export interface StoreRules {
  readonly root: "layers" | "_layer_checkpoint_dependencies";
  /** Keras 2.12 and 2.13 come across each layer that has weights twice, and count both. */
  readonly weightedTwice: boolean;
}

/** What the connections add to a call: tensors and constants given beside the inputs. */
export interface CallArgs<T> {
  /** Initial states of a recurrent layer. */
  readonly initial_state?: readonly T[];
  readonly training?: boolean;
}

/** Replays a recurrent cell from a record instead of computing it; `undefined` where the record has no such step. */
export type CellStep<T> = (step: {
  readonly direction: "" | "forward" | "backward";
  /** 0 for the first step that this direction computes. */
  readonly index: number;
  readonly input: T;
  readonly states: readonly T[];
  /** The cell's own formula. */
  compute(): CellResult<T>;
}) => CellResult<T>;

export interface CellResult<T> {
  readonly output: T;
  readonly states: readonly T[];
}

export interface LayerCall<T> {
  /** By name, as `BoundLayer.weights` lists them. */
  readonly weights: ReadonlyMap<string, T>;
  readonly inputs: readonly T[];
  /** One per input; bool, `null` where there is none. */
  readonly masks: readonly (T | null)[];
  readonly args?: CallArgs<T>;
  /** Stands in for recurrent cells, so that a certificate can look at each step by itself. */
  readonly step?: CellStep<T>;
}

export interface LayerResult<T> {
  readonly outputs: readonly T[];
  /** One per output. */
  readonly masks: readonly (T | null)[];
}

export interface BoundLayer {
  /** Keras's current class name. */
  readonly className: string;
  /** Every key that changes predictions, in Keras 3's spelling, resolved: axes from the front, aliases undone. */
  readonly config: JsonObject;
  /** Keys that only training depends on, as the file has them. */
  readonly training: JsonObject;
  /** Keys of the file that no rule knows. */
  readonly unknown: readonly string[];
  /** Recurrent layers: how many states a step carries; else 0. */
  readonly states: number;
  /** Hands its only input through in prediction (Dropout and its kin): may be left out without a change. */
  readonly identity: boolean;
  readonly weights: readonly WeightSpec[];
  /** Of a layer that only keeps its weights in fewer bits: the plain layer's weights; else `null`. */
  readonly dequantized: Dequantized | null;
  /** Ids of the rewrites by other layers that are for it. */
  readonly rewrites: readonly string[];
  /** Where Keras's weight files keep them; groups without variables are not listed. */
  stores(rules: StoreRules): readonly WeightStore[];
  /** The layer's mathematics, in whatever reading `ops` is. `formulas` > 1: see `formula`. */
  evaluate<T>(ops: Ops<T>, call: LayerCall<T>, formula?: number): LayerResult<T>;
  /** How many formulas of the same function engines are known to use; the bound is the largest over them. */
  readonly formulas: number;
  /** Faults of `engine` ("tfjs:wasm") that apply to this config on inputs of these dims. */
  knownFaults(engine: string, inputs: readonly Dims[]): readonly KnownFault[];
}

/** The one weight of the plain layer that the others stand for. */
export interface Dequantized {
  readonly weight: string;
  /** The weights that it is made of. */
  readonly from: readonly [string, ...string[]];
  numbers<T>(ops: Ops<T>, weight: (name: string) => T): T;
}

/** A kernel of an engine that is known to be wrong for some configs, under the engine's own meaning of them. */
export interface KnownFault {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly why: string;
  readonly remedy: string;
  readonly link: string;
  /** Where it shows for some inputs only: which. */
  readonly onlyFor?: string;
}

/** What a layer is bound with: how to read its words, and what comes in. */
export interface BindContext {
  readonly dialect: Dialect;
  readonly maskRules: MaskRules;
  readonly inputs: readonly Dims[];
  readonly where: readonly (string | number)[];
  /** Binds a layer or model that a config holds (wrappers), for other inputs. */
  bindInner(json: unknown, inputs: readonly Dims[], where: readonly (string | number)[]): BoundLayer;
}

/** In whose words a file is written, or read. */
export type Dialect = "keras1-theano" | "keras1-tensorflow" | "keras2" | "keras3" | "tfjs";
