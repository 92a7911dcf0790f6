/** @file A made-up model before it has words: layers, and what each call of them is given. */

import type { JsonObject } from "../../src/base/json.ts";
import type { Dims } from "../../src/tensor/tensor.ts";

/** Output `tensor` of call `call` of `layer`, both from 0. */
export interface MadeRef {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

export interface MadeCall {
  readonly inputs: readonly MadeRef[];
  readonly initial_state: readonly MadeRef[];
  readonly mask: MadeRef | null;
}

export interface MadeLayer {
  readonly name: string;
  readonly className: string;
  /** In the dialect's words, without its name. */
  readonly config: JsonObject;
  readonly input: { readonly dims: Dims; readonly dtype: string } | null;
  readonly inner: MadeGraph | null;
  readonly calls: MadeCall[];
  /** Of its first call. */
  readonly fed: readonly Dims[];
}

export interface MadeGraph {
  readonly name: string;
  readonly className: "Sequential" | "Functional";
  readonly config: JsonObject;
  readonly layers: readonly MadeLayer[];
  readonly inputs: readonly MadeRef[];
  readonly outputs: readonly MadeRef[];
  /** Of the outputs. */
  readonly given: readonly Dims[];
}
