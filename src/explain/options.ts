/** @file What a check is asked to do. */

import type { Engine, EngineModel, EngineOptions } from "../engines/engine.ts";
import type { TfjsGraphFile } from "../formats/tfjs-graph.ts";
import type { Model } from "../model/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { SidePredictions } from "./seen.ts";

export interface NamedTensor {
  readonly name: string | null;
  readonly tensor: Tensor;
}

export type InputSpec =
  | { readonly source: "synthetic"; readonly samples: number; readonly seed: number }
  /** `b` where side B is fed something else. */
  | {
      readonly source: "files";
      readonly a: readonly NamedTensor[];
      readonly b: readonly NamedTensor[] | null;
    };

/** Told what is going on; the command line shows it, a library caller may ignore it. */
export interface Reporter {
  stage(name: string, detail?: string): void;
  progress(done: number, total: number): void;
}

/** A model file as a check takes it. */
export interface CheckedModel {
  readonly model: Model;
  readonly path: string;
  /** What a report calls it, where the path says nothing to its reader. */
  readonly label?: string;
  readonly format: EngineModel["format"];
  sha256(): Promise<string>;
}

/** A TensorFlow graph in TF.js's format: it has nodes where a model has layers. */
export interface CheckedGraph {
  readonly graph: TfjsGraphFile;
  readonly path: string;
  readonly format: "tfjs-graph";
  sha256(): Promise<string>;
}

/** What else is asked of the predictions. */
export interface PredictionOptions {
  /** Predictions that somebody saw on a side, by output or in the order of the outputs. */
  readonly seen?: {
    readonly a: readonly NamedTensor[] | null;
    readonly b: readonly NamedTensor[] | null;
  };
  /** Class numbers or one-hot rows, by output or in the order of the outputs. */
  readonly labels?: readonly NamedTensor[];
  /** Gets every prediction of both sides. */
  readonly onPredictions?: (sides: { readonly a: SidePredictions; readonly b: SidePredictions }) => void;
}

export interface CheckOptions extends PredictionOptions {
  readonly a: CheckedModel;
  readonly b: CheckedModel;
  readonly engineA: "reference" | Engine;
  readonly engineB: "reference" | Engine;
  readonly engineOptions: EngineOptions;
  readonly input: InputSpec;
  /** KIND or KIND:LAYER of causes that do not fail the check. */
  readonly accept: readonly string[];
  /** The command line that gives the report again. */
  readonly reproduce: string;
  /** The budget of two models that agree says how rounding spreads; it is half of the time. @default "always" */
  readonly budget?: "always" | "if-they-differ";
  readonly reporter?: Reporter;
}
