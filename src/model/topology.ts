/**
 * @file A model as its file groups it: which layers stand in which model, and what each call of them is given. Beside
 * the canonical model, which lays nested models open, this is what a writer needs to give the same model back.
 */

import type { JsonObject } from "../base/json.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Dims } from "../tensor/tensor.ts";

/** Output `tensor` of call `node` of `layer`; calls count from 0, whatever the file's convention. */
export interface NodeRef {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
}

export interface NodeSpec {
  readonly inputs: readonly NodeRef[];
  readonly initial_state: readonly NodeRef[];
  /** A mask given by the caller. */
  readonly mask: NodeRef | null;
  /** Arguments that are no tensors: `{ training: false }`. */
  readonly constants: JsonObject;
}

export interface Topology {
  readonly name: string | null;
  readonly kind: "Sequential" | "Functional";
  /** In the order of the file. A Sequential's input is the first, whether its file lists it or not (`implied`). */
  readonly layers: readonly TopologyLayer[];
  readonly inputs: readonly NodeRef[];
  readonly outputs: readonly NodeRef[];
  /** Keys of the model's own config beside its layers: `trainable`, `dtype`, … */
  readonly config: JsonObject;
}

export interface TopologyLayer {
  readonly name: string;
  /** "outer/inner". */
  readonly path: string;
  /** As the file has it. */
  readonly className: string;
  /** As the file has it; a nested model's own is in `inner`. */
  readonly config: JsonObject;
  readonly nodes: readonly NodeSpec[];
  /** Of an input; its shape with the batch. */
  readonly input: { readonly dims: Dims; readonly dtype: DType; readonly implied: boolean } | null;
  /** Of a nested model. */
  readonly inner: Topology | null;
}
