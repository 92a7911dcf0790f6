/**
 * @file The canonical model: layers, the calls that connect them, and weights that are read when they are needed.
 *
 * Nested models are laid open: their layers stand in `layers` under "outer/inner", their calls in `calls`, and a
 * model that is called twice gives calls "outer/inner" and "outer/inner#1". Models of any dialect compare here.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Dims, Shape, Tensor } from "../tensor/tensor.ts";
import type { BoundLayer, Dialect, MaskRules, WeightSpec } from "./layer.ts";
import type { Topology } from "./topology.ts";

/** Output number `output` of call number `call`. */
export interface TensorRef {
  readonly call: number;
  readonly output: number;
}

export interface ModelWeight {
  readonly spec: WeightSpec;
  /** As the file names it. */
  readonly fileName: string;
  /** As stored, before widening. */
  readonly dtype: DType;
  readonly shape: Shape;
  /** "uint8", "uint16", "float16" when the file holds it quantized. */
  readonly quantization: string | null;
  read(): Promise<Tensor>;
  /** In flat row-major pieces that follow each other, where the file can be read so. */
  pieces?(maxBytes?: number): AsyncIterable<Tensor>;
}

/** A tensor of a file that no layer owns. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  read(): Promise<Tensor>;
  /** In flat pieces, where the file can be read so. */
  pieces?(maxBytes?: number): AsyncIterable<Tensor>;
}

export interface ModelLayer {
  /** "outer/inner". */
  readonly path: string;
  readonly layer: BoundLayer;
  /**
   * What the writer of the file meant, where its reader takes the words otherwise (a model.json of Keras read by
   * TF.js); `null` when both mean `layer`.
   */
  readonly intended: BoundLayer | null;
  /** In the order of `layer.weights`. */
  readonly weights: readonly ModelWeight[];
  /** The layer's entry as the file has it. */
  readonly fileConfig: Json;
  /** In whose words `fileConfig` is, where not in the model's own: a layer that a repair took from another file. */
  readonly writtenIn?: Dialect;
}

export interface Call {
  /** The layer's path; "path#1" and so on for later calls. */
  readonly id: string;
  /** Index into `layers`; -1 for an input of the model. */
  readonly layer: number;
  readonly inputs: readonly TensorRef[];
  readonly initial_state: readonly TensorRef[];
  /** Mask given by the caller, or `null`: then masks travel with the tensors. One per input. */
  readonly masks: readonly (TensorRef | null)[] | null;
  readonly outputs: readonly { readonly dims: Dims; readonly dtype: DType }[];
}

export interface ModelInput {
  readonly name: string;
  readonly dims: Dims;
  readonly dtype: DType;
  /** Index of its call. */
  readonly call: number;
}

export interface ModelOutput {
  /** The layer that produces it: "dense_1", "dense_1:1" for a second output. */
  readonly name: string;
  readonly ref: TensorRef;
}

export interface Model {
  readonly name: string | null;
  readonly format: string;
  /** In whose words the file is read. */
  readonly dialect: Dialect;
  /** "Keras 2.4.0", "TensorFlow.js Converter v1.4.0". */
  readonly writer: string | null;
  readonly backend: string | null;
  readonly layers: readonly ModelLayer[];
  /** Topologically sorted. Calls of inputs have no inputs of their own. */
  readonly calls: readonly Call[];
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  /** The same model as its file groups it. */
  readonly topology: Topology;
  readonly maskRules: MaskRules;
  /** In the order of the file; empty where it has none. */
  readonly optimizerWeights: readonly StoredTensor[];
  /** What an earlier conversion kept for the way back; `null` where none did. */
  readonly kept: JsonObject | null;
  /** What the file says beside the model, by its place there: "userDefinedMetadata/note", "metadata/date_saved". */
  readonly beside?: JsonObject;
  readonly training: {
    readonly optimizer: string | null;
    readonly loss: Json;
    readonly metrics: Json;
    readonly config: JsonObject;
  } | null;
  readonly problems: readonly Problem[];
}

/** The class name of a call, "InputLayer" for an input. */
export function classOf(model: Model, call: Call): string {
  return model.layers[call.layer]?.layer.className ?? "InputLayer";
}
