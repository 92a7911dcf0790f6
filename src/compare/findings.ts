/**
 * @file What a comparison found, as data: `vernier.report/1`. The terminal, JSON and every other report render this.
 * Optional fields are `null`, never absent; non-finite numbers stay numbers here and become strings in JSON.
 */

import type { Problem } from "../base/problem.ts";

export interface Report {
  readonly schema: "vernier.report/1";
  readonly vernier: string;
  readonly verdict: Verdict;
  /** One sentence for people. */
  readonly headline: string;
  readonly sides: { readonly a: Side; readonly b: Side };
  readonly input: {
    readonly source: "synthetic" | "files";
    readonly samples: number;
    readonly seed: number | null;
    readonly tensors: readonly {
      readonly side: "a" | "b" | "both";
      readonly name: string;
      readonly shape: readonly number[];
      readonly dtype: string;
      readonly sha256: string;
    }[];
  };
  readonly outputs: readonly OutputRow[];
  /** The worst sample, at most 10 values each. */
  readonly predictions: readonly {
    readonly output: string;
    readonly sample: number;
    readonly a: unknown;
    readonly b: unknown;
  }[];
  /** One per output that somebody saw (`--seen-a`, `--seen-b`). */
  readonly seen: readonly SeenRow[];
  /** One per output with labels (`--labels`). */
  readonly accuracy: readonly AccuracyRow[];
  /** `null` when it cannot be formed: `notCompared` says why. */
  readonly budget: Budget | null;
  /** In topological order. */
  readonly layers: readonly LayerRow[];
  /** Biggest contribution first; empty when the verdict is "agree". */
  readonly causes: readonly Cause[];
  readonly notCompared: readonly { readonly what: string; readonly reason: string }[];
  readonly problems: readonly Problem[];
  /** The command line that gives this report again. */
  readonly reproduce: string;
  readonly timingsMs: Readonly<Record<string, number>>;
}

export interface SeenRow {
  readonly side: "a" | "b";
  readonly output: string;
  readonly samples: number;
  /** What was seen against what this side predicts. */
  readonly maxAbs: number;
  /** What counts as the same at `at`. */
  readonly tolerance: number;
  readonly reproduced: boolean;
  /** The element that is farthest beyond its tolerance, else closest to it. `index` is without the sample. */
  readonly at: {
    readonly sample: number;
    readonly index: readonly number[];
    readonly seen: number;
    readonly predicted: number;
  };
  /** What was seen against what the other side predicts; null where the shapes differ. */
  readonly otherSide: number | null;
  /** Not reproduced: the usual mistake of feeding for which the model gives what was seen; null where none does. */
  readonly feed: { readonly words: string; readonly js: string } | null;
}

export interface AccuracyRow {
  readonly output: string;
  /** Samples, or positions where an output has a class at each. */
  readonly labelled: number;
  /** Shares that are right, from 0 to 1. */
  readonly a: number;
  readonly b: number;
  /** How many are right on one side only. */
  readonly onlyA: number;
  readonly onlyB: number;
}

export type Verdict = "agree" | "differ" | "not-compared";

export interface Side {
  readonly path: string;
  readonly format: string;
  readonly dialect: string;
  readonly writer: string | null;
  readonly backend: string | null;
  readonly engine: string;
  readonly engineVersion: string;
  readonly arithmetic: string;
  readonly hardware: string | null;
  readonly sha256: string;
}

export interface OutputRow {
  readonly name: string | null;
  readonly nameB: string | null;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly maxAbs: number | null;
  readonly maxUlp: number | null;
  /** What rounding can typically amount to here, first order; never decides. */
  readonly estimate: number | null;
  readonly top1Flips: number | null;
  readonly nonFinite: number;
}

/** All at one element: the largest observed difference of matched predictions. Signed; they add up to it. */
export interface Budget {
  readonly at: { readonly output: string; readonly sample: number; readonly index: readonly number[] };
  readonly a: number;
  readonly b: number;
  /** b − a */
  readonly observed: number;
  readonly environmentB: number;
  readonly serialization: number;
  readonly input: number;
  readonly environmentA: number;
  /** The part of `environmentA` that graph fusion makes: traced (eager) minus plain (predict). */
  readonly fusionA: number;
  /** observed − the four; at most 8·2⁻⁵³ · scale. */
  readonly residual: number;
  /** Σ|values that the four terms were taken from|. */
  readonly scale: number;
  readonly order: readonly string[];
  readonly byLayer: readonly BudgetLine[];
}

export interface BudgetLine {
  readonly layer: string;
  readonly environmentB: number;
  readonly serialization: number;
  readonly environmentA: number;
}

export interface LayerRow {
  /** Keras name, "outer/inner", "name#1"; `null`: only B has it. */
  readonly name: string | null;
  readonly nameB: string | null;
  readonly partsB: readonly string[];
  readonly className: string;
  /** End-to-end difference of the two activations. */
  readonly maxAbs: number | null;
  readonly a: Certificate;
  readonly b: Certificate;
}

/** Judged on the engine's own activations coming into this call. */
export interface Certificate {
  readonly status: "certified" | "refuted" | "coarser" | "not-run";
  /** At the element with the largest error / bound (0/0 is 0, x/0 is Infinity). */
  readonly error: number | null;
  readonly bound: number | null;
  readonly index: readonly number[] | null;
  /** "coarser": the arithmetic that does explain it; "not-run": why. */
  readonly explains: string | null;
}

export type CauseKind =
  | "input"
  | "weights"
  | "config"
  | "structure"
  | "kernel"
  | "precision"
  | "not-a-number"
  | "custom";

export interface Cause {
  readonly kind: CauseKind;
  readonly side: "a" | "b" | "between";
  readonly layer: string | null;
  readonly layerB: string | null;
  readonly field: string | null;
  readonly detail: string | null;
  readonly valueA: unknown;
  readonly valueB: unknown;
  readonly contribution: number | null;
  readonly alone: number | null;
  readonly certainty: "proved" | "likely";
  readonly message: string;
  readonly hint: string;
  readonly learnMore: string | null;
  readonly repair: string | null;
  readonly accepted: boolean;
}
