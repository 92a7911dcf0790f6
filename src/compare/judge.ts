/**
 * @file Is what an engine gave within the bound? Element by element, no tolerance.
 *
 * Several formulas of one function are allowed at once: an engine that used formula k is within r_k of v_k, and so
 * within r_k + |v_k − v_0| of the first formula's value. A formula whose value is farther from the first than either
 * radius is not the same function and excuses nothing.
 */

import type { Bounded } from "../ops/bounded.ts";
import { indexOf, type RealTensor } from "../tensor/tensor.ts";

/** What a formula says, and what the engine gave. */
export interface Pair {
  /** One per formula, the layer's own first; empty where the engine gave more tensors than the layer has. */
  readonly expected: readonly Bounded[];
  readonly engine: RealTensor;
}

export interface Judgement {
  readonly verdict: "within" | "beyond" | "unclaimed";
  /** At the element with the largest error / bound; `null` where no element can be named (another shape, no elements). */
  readonly error: number | null;
  readonly bound: number | null;
  readonly index: readonly number[] | null;
  /** Which pair that was. */
  readonly pair: number;
}

/** The worst of all pairs. One element beyond its bound decides; else one without a bound leaves it open. */
export function judge(pairs: readonly Pair[]): Judgement {
  let worst: Judgement = { verdict: "within", error: null, bound: null, index: null, pair: 0 };
  let worstRatio = -1;
  // Nearly all are better than the worst by more than a product rounds: these need no division.
  let clearly = -Infinity;
  let unclaimed = false;
  for (const [position, { expected, engine }] of pairs.entries()) {
    const [first] = expected;
    if (first === undefined || !sameShape(first.value.shape, engine.shape))
      return { verdict: "beyond", error: null, bound: null, index: null, pair: position };
    const radius = radiusOf(expected);
    const [given, values] = [engine.data, first.value.data];
    for (let i = 0; i < given.length; i++) {
      const got = given[i] as number;
      const value = values[i] as number;
      const bound = radius === null ? 0 : (radius[i] as number);
      if (Math.abs(got - value) <= clearly * bound && bound < Infinity) continue;
      const error = errorOf(got, value);
      if (error > 0 && bound === Infinity) {
        unclaimed = true;
        continue;
      }
      const ratio = error === 0 ? 0 : error / bound;
      if (ratio <= worstRatio) continue;
      worstRatio = ratio;
      clearly = ratio * (1 - 2 ** -50);
      worst = { verdict: "within", error, bound, index: indexOf(engine.shape, i), pair: position };
    }
  }
  if (worstRatio > 1) return { ...worst, verdict: "beyond" };
  return unclaimed ? { ...worst, verdict: "unclaimed" } : worst;
}

/** Never NaN: the same infinity, and NaN against NaN, are no error; anything else non-finite is an infinite one. */
export function errorOf(got: number, value: number): number {
  if (got === value || (Number.isNaN(got) && Number.isNaN(value))) return 0;
  const error = Math.abs(got - value);
  return Number.isNaN(error) ? Infinity : error;
}

/** How far the engine may be from the first formula's value, under any of the formulas; `null`: not at all. */
export function radiusOf(expected: readonly Bounded[]): Float64Array | null {
  const [first, ...others] = expected;
  if (first === undefined || others.length === 0) return first?.radius ?? null;
  const { data } = first.value;
  const radius = first.radius === null ? new Float64Array(data.length) : first.radius.slice();
  for (const other of others) {
    if (!sameShape(other.value.shape, first.value.shape)) continue;
    const [values, radii, ownRadii] = [other.value.data, other.radius, first.radius];
    for (let i = 0; i < radius.length; i++) {
      const own = ownRadii === null ? 0 : (ownRadii[i] as number);
      const theirs = radii === null ? 0 : (radii[i] as number);
      const apart = errorOf(values[i] as number, data[i] as number);
      if (apart <= Math.max(own, theirs)) radius[i] = Math.max(radius[i] as number, theirs + apart);
    }
  }
  return radius;
}

export const sameShape = (x: readonly number[], y: readonly number[]): boolean =>
  x.length === y.length && x.every((extent, axis) => extent === y[axis]);
