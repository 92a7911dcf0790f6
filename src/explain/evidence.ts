/**
 * @file What was observed, before anything is concluded: both models, what was fed, what came out, the certificates.
 */

import type { CallCertificate } from "../compare/certify.ts";
import type { Matching } from "../compare/match.ts";
import type { Model } from "../model/model.ts";
import type { WeightCache } from "../model/weights.ts";
import type { Arithmetic } from "../numerics/arithmetic.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** One side after its engine has run. */
export interface SideEvidence {
  readonly model: Model;
  readonly engine: string;
  /** `null`: the reference. */
  readonly arithmetic: Arithmetic | null;
  /** All samples, in the order of `model.inputs`. */
  readonly inputs: readonly Tensor[];
  /** The plain run's predictions, all samples, in the order of `model.outputs`. */
  readonly predictions: readonly Tensor[];
  /** The engine's own activations of the worst sample, per call of the model; `null` for the reference. */
  readonly activations: readonly (readonly Tensor[] | null)[] | null;
  /** Per call of the model; empty for the reference. */
  readonly certificates: readonly CallCertificate[];
}

export interface Evidence {
  readonly a: SideEvidence;
  readonly b: SideEvidence;
  readonly matching: Matching;
  readonly weights: WeightCache;
}

/** One thing in which the files differ, and that a hybrid model can switch on its own. */
export type FileDifference =
  | {
      readonly kind: "config";
      readonly layerA: number;
      readonly layerB: number;
      readonly keys: readonly string[];
    }
  | { readonly kind: "weight"; readonly layerA: number; readonly layerB: number; readonly name: string }
  /** Shapes of weights differ: config and weights can only be switched together. */
  | {
      readonly kind: "layer";
      readonly layerA: number;
      readonly layerB: number;
      readonly keys: readonly string[];
    };
