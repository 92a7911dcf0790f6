/**
 * @file What a step of preprocessing is to the search: it says which elements of its source an element of its result
 * is made of, so that a chain of steps is tried on a few hundred elements without ever being carried out in full.
 */

import type { DType } from "../../tensor/dtype.ts";
import type { Shape } from "../../tensor/tensor.ts";

export type StepId =
  | "affine"
  | "channel-order"
  | "layout"
  | "cast"
  | "batch-order"
  | "flip"
  | "rotate"
  | "crop"
  | "shift-pixels"
  | "resize"
  | "grayscale"
  | "alpha"
  | "jpeg"
  | "index-offset"
  | "padding-side"
  | "truncate"
  | "one-hot";

/** The element at a flat position. */
export type Reader = (at: number) => number;

export interface Numbers {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly read: Reader;
  /** Whole numbers from 0 to 255: pixels as files hold them. */
  readonly isBytes: boolean;
  readonly isWhole: boolean;
  /** Distance of neighbouring values where all lie on a grid (1 for whole numbers, 10⁻ᵏ for printed decimals); else 0. */
  readonly grid: number;
}

export interface Step {
  readonly id: StepId;
  readonly params: Readonly<Record<string, unknown>>;
  /** An expression of `x`, in TensorFlow.js and in NumPy or TensorFlow. */
  readonly js: (x: string) => string;
  readonly python: (x: string) => string;
  /** The way back, in Python; `null` where nothing leads back. */
  readonly undo: ((x: string) => string) | null;
  /** In words, where there are better ones than its parameters. */
  readonly words?: string;
  /** What each side holds, where that has a name: "0…255", "−1…1". */
  readonly fed?: { readonly a: string; readonly b: string };
  /** What naming its parameters costs, in bits (see `bits.ts`). */
  readonly bits: number;
}

/** Moves, selects or mixes elements. */
export interface Arrangement extends Step {
  readonly shape: Shape;
  readonly reader: (source: Reader) => Reader;
  /** The whole result at once, where that is faster than element by element. */
  readonly all?: (source: Float64Array) => Float64Array;
  /** Others of its kind that do nearly the same: tried where this one comes close. */
  readonly variants?: readonly Arrangement[];
  /** Its results may have been rounded to whole numbers. */
  readonly mixes?: boolean;
  /** Nothing of the source is lost. */
  readonly injective?: boolean;
}

export interface ArrangementKind {
  readonly id: StepId;
  /** Chains are tried in this order of kinds only: what commutes is not tried twice. */
  readonly order: number;
  propose(from: Numbers, to: Numbers): readonly Arrangement[];
}

/** What is computed of each element alone, after all arrangements. */
export interface ValueStep extends Step {
  apply(x: number, channel: number): number;
  /** Largest factor by which it stretches. */
  readonly stretch: number;
  /** Free real numbers in it. */
  readonly rounds?: boolean;
}

/** Elements of both sides that lie at the same place. */
export interface Pairs {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Channel of each; `null` where there is none. */
  readonly channel: Int32Array | null;
  readonly channels: number;
}

export interface ValueKind {
  readonly id: StepId;
  /** Chains of value steps that may turn x into y. */
  propose(pairs: Pairs, to: Numbers, from: Numbers): readonly (readonly ValueStep[])[];
}

/** An expression that follows another: `x.div(255)` after `tf.reverse(x, [-1])`. */
export const chained = (steps: readonly Step[], say: (step: Step) => (x: string) => string): string =>
  steps.reduce((x, step) => say(step)(x), "x");

/** In brackets where it must be before an index, a method or a product follows: `x - 1`, not `x`, `f(x)` or `x[0]`. */
export function grouped(x: string): string {
  let depth = 0;
  for (const character of x) {
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (depth === 0 && character === " ") return `(${x})`;
  }
  return x;
}
