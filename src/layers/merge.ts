/**
 * @file Add, Subtract, Multiply, Average, Maximum, Minimum: element by element, inputs broadcast as in NumPy.
 *
 * Inputs of lower rank get axes of one after the batch, unlike in NumPy (keras/src/layers/merging/base_merge.py, call).
 * From Keras 3.4 on Multiply, Maximum and Minimum leave masked steps out of the merge; older ones merge them all.
 */

import { VernierError } from "../base/errors.ts";
import {
  add,
  divide,
  expand_dims,
  logical_and,
  logical_or,
  multiply,
  scalar,
  subtract,
} from "../ops/derived.ts";
import type { Binary, Ops } from "../ops/ops.ts";
import {
  defineLayer,
  type Formula,
  type FormulaCall,
  type LayerDefinition,
  result,
  type Sample,
} from "./define.ts";

type NoConfig = Readonly<Record<never, never>>;
/** What is merged: inputs of one rank, and masks that broadcast against them. */
interface Merged<T> {
  readonly values: readonly T[];
  /** Like `values` in rank; all `null` where the rules merge masked steps too. */
  readonly keep: readonly (T | null)[];
}
type Merge = <T>(ops: Ops<T>, merged: Merged<T>) => T;

const fold = <T>(values: readonly T[], f: (x: T, y: T) => T): T => values.reduce(f);

const sum: Merge = (ops, { values }) => fold(values, (x, y) => add(ops, x, y));

const difference: Merge = (ops, { values }) => {
  if (values.length !== 2) {
    throw new VernierError("layer.input", { expected: "two inputs", received: `${values.length}` });
  }
  return fold(values, (x, y) => subtract(ops, x, y));
};

/** Masked elements count as 1; where all are masked the product is 0. */
const product: Merge = <T>(ops: Ops<T>, { values, keep }: Merged<T>): T => {
  const factors = values.map((x, i) => {
    const mask: T | null = keep[i] ?? null;
    return mask === null ? x : ops.where(mask, x, scalar(ops, 1));
  });
  const whole = fold(factors, (x, y) => multiply(ops, x, y));
  const masks = present(keep);
  if (masks.length < values.length) return whole;
  return ops.where(
    fold(masks, (x, y) => logical_or(ops, x, y)),
    whole,
    scalar(ops, 0),
  );
};

/** Where one side is masked the other stands for both. */
const extremum =
  (f: Binary): Merge =>
  <T>(ops: Ops<T>, { values, keep }: Merged<T>): T => {
    const paired = values.map((value, i): { value: T; mask: T | null } => ({ value, mask: keep[i] ?? null }));
    return paired.reduce((merged, next) => {
      const value = next.mask === null ? next.value : ops.where(next.mask, next.value, merged.value);
      const before = merged.mask === null ? merged.value : ops.where(merged.mask, merged.value, value);
      const mask =
        merged.mask === null || next.mask === null ? null : logical_or(ops, merged.mask, next.mask);
      return { value: ops.binary(f, before, value), mask };
    }).value;
  };

/** Keras divides the sum by n, TF.js multiplies it by 1/n. */
const averages: readonly [Merge, Merge] = [
  (ops, merged) => divide(ops, sum(ops, merged), scalar(ops, merged.values.length)),
  (ops, merged) => multiply(ops, sum(ops, merged), scalar(ops, 1 / merged.values.length)),
];

const merging =
  (merge: Merge): Formula<NoConfig> =>
  (ops, call) =>
    result(merge(ops, aligned(ops, call)), mergedMask(ops, call));

function aligned<T>(ops: Ops<T>, { inputs, masks, rules }: FormulaCall<T, NoConfig>): Merged<T> {
  const ranks = inputs.map((x) => ops.dimsOf(x).length);
  const rank = ranks.reduce((a, b) => Math.max(a, b), 0);
  const values = inputs.map((x, i) => raised(ops, x, rank - (ranks[i] ?? rank)));
  const keep = inputs.map((_, i) => {
    const mask = masks[i] ?? null;
    // An input that gets more axes is another tensor to Keras, and has no mask.
    return rules.merge === "and" || mask === null || ranks[i] !== rank ? null : expand_dims(ops, mask, -1);
  });
  return { values, keep };
}

function raised<T>(ops: Ops<T>, x: T, axes: number): T {
  return axes <= 0 ? x : raised(ops, expand_dims(ops, x, 1), axes - 1);
}

function mergedMask<T>(ops: Ops<T>, { masks, rules }: FormulaCall<T, NoConfig>): T | null {
  const given = present(masks);
  if (given.length === 0 || (rules.merge === "or" && given.length < masks.length)) return null;
  const join = rules.merge === "or" ? logical_or : logical_and;
  return fold(given, (x, y) => join(ops, x, y));
}

const present = <T>(masks: readonly (T | null)[]): T[] => masks.filter((mask): mask is T => mask !== null);

const TWO = [{ shape: [2, 3, 4] }, { shape: [2, 3, 4] }];
const BOTH_MASKED = [
  { shape: [3, 4, 2], mask: "ragged" },
  { shape: [3, 4, 2], mask: "random" },
] as const;
const PAIRS: readonly Sample[] = [
  { config: {}, inputs: TWO },
  { config: {}, inputs: [{ shape: [2, 3, 1] }, { shape: [2, 1, 4] }] },
  { config: {}, inputs: [{ shape: [2, 4] }, { shape: [2, 3, 4] }] },
  { config: {}, inputs: [{ shape: [2, 3, 2, 4] }, { shape: [2, 4] }] },
  { config: {}, inputs: BOTH_MASKED },
  { config: {}, inputs: [{ shape: [3, 4, 2], mask: "random" }, { shape: [3, 4, 2] }] },
  { config: {}, inputs: [{ shape: [3, 4, 2] }, { shape: [3, 4, 2], mask: "random" }] },
];
const MANY: readonly Sample[] = [
  ...PAIRS,
  { config: {}, inputs: [...TWO, { shape: [2, 1, 4] }] },
  { config: {}, inputs: [...BOTH_MASKED, { shape: [3, 4, 2], mask: "random" }] },
];

function mergeLayer(
  className: string,
  [first, ...others]: readonly [Merge, ...Merge[]],
  samples = MANY,
  rewrites: readonly string[] = [],
): LayerDefinition {
  return defineLayer({
    classNames: [className],
    takesList: true,
    config: {},
    call: merging(first),
    formulas: others.map(merging),
    maskRule: "merge",
    refusedByTfjs: (_config, _inputs, { masks, rules }) =>
      masks > 1
        ? "it cannot join the masks of its inputs"
        : masks === 1 && rules.merge === "or"
          ? "it keeps the mask of one of its inputs, and merges what is masked as it is; Keras 3 does neither"
          : null,
    rewrites,
    samples,
  });
}

export const addLayer = mergeLayer("Add", [sum]);
export const subtractLayer = mergeLayer("Subtract", [difference], PAIRS, ["subtract-as-add"]);
export const multiplyLayer = mergeLayer("Multiply", [product]);
export const averageLayer = mergeLayer("Average", averages);
export const maximumLayer = mergeLayer("Maximum", [extremum("maximum")]);
export const minimumLayer = mergeLayer("Minimum", [extremum("minimum")]);
