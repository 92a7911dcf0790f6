/**
 * @file Simulated engines for the tests of bounds: float32 with every operation rounded, in several orders of summation,
 * with fused multiply-add, with subnormals flushed, and half-precision storage with a float32 accumulator.
 */

import { expect } from "vitest";
import type { Arithmetic, FunctionName } from "../src/numerics/arithmetic.ts";
import { FUNCTIONS } from "../src/numerics/arithmetic.ts";
import {
  FLOAT16,
  FLOAT32,
  type FloatFormat,
  roundTo,
  smallestNormalOf,
  smallestSubnormalOf,
  unitRoundoffOf,
} from "../src/numerics/formats.ts";
import type { Bounded } from "../src/ops/bounded.ts";
import { real, type Shape } from "../src/tensor/tensor.ts";

export interface Machine {
  readonly name: string;
  readonly arithmetic: Arithmetic;
  /** A result as it is stored; as it stands in an accumulator. */
  store(x: number): number;
  accumulate(x: number): number;
  /** An operand as it is read. */
  take(x: number): number;
}

/** Every function errs by up to this many units in the last place. */
export const FUNCTION_ULPS = 2;

function machine(name: string, format: FloatFormat, accumulator: FloatFormat, flushes: boolean): Machine {
  const smallestNormal = smallestNormalOf(format);
  const figure = { ulps: FUNCTION_ULPS, absolute: 0, source: "simulated" };
  const arithmetic: Arithmetic = {
    name,
    unitRoundoff: unitRoundoffOf(format),
    accumulation: unitRoundoffOf(accumulator),
    largest: format.largest,
    smallestNormal,
    flushesSubnormals: flushes,
    underflow: smallestSubnormalOf(format) / 2,
    functions: Object.fromEntries(FUNCTIONS.map((f) => [f, figure])) as Record<FunctionName, typeof figure>,
    source: "simulated",
    round: (x) => roundTo(format, x),
  };
  const take = (x: number): number => (flushes && Math.abs(x) < smallestNormal ? 0 : x);
  return {
    name,
    arithmetic,
    take,
    store: (x) => take(roundTo(format, x)),
    accumulate: (x) => (accumulator === format ? take(roundTo(format, x)) : roundTo(accumulator, x)),
  };
}

export const PLAIN = machine("float32", FLOAT32, FLOAT32, false);
export const FLUSHING = machine("float32, subnormals flushed", FLOAT32, FLOAT32, true);
export const HALF = machine("float16 over float32", FLOAT16, FLOAT32, false);
export const MACHINES: readonly Machine[] = [PLAIN, FLUSHING, HALF];

export const ORDERS = ["forward", "reverse", "pairwise", "lanes", "fused", "fused-reverse"] as const;
export type Order = (typeof ORDERS)[number];

/** Σ of terms that are given as exact products [x, y] (y = 1: a plain term), rounded as the machine does it, unstored. */
export function dot(m: Machine, pairs: readonly (readonly [number, number])[], order: Order): number {
  const product = ([x, y]: readonly [number, number]): number =>
    y === 1 ? m.take(x) : m.accumulate(m.take(x) * m.take(y));
  const add = (a: number, b: number): number => m.accumulate(m.take(a) + m.take(b));
  switch (order) {
    case "forward":
      return pairs.reduce((sum, pair) => add(sum, product(pair)), 0);
    case "reverse":
      return pairs.reduceRight((sum, pair) => add(sum, product(pair)), 0);
    case "fused":
      return pairs.reduce((sum, [x, y]) => m.accumulate(m.take(x) * m.take(y) + sum), 0);
    case "fused-reverse":
      return pairs.reduceRight((sum, [x, y]) => m.accumulate(m.take(x) * m.take(y) + sum), 0);
    case "lanes": {
      const lanes = [0, 0, 0, 0];
      pairs.forEach((pair, i) => (lanes[i % 4] = add(lanes[i % 4] ?? 0, product(pair))));
      return lanes.reduce((sum, lane) => add(sum, lane));
    }
    case "pairwise": {
      const tree = (from: number, to: number): number => {
        const pair = pairs[from];
        if (to - from <= 1) return pair === undefined ? 0 : product(pair);
        const middle = (from + to) >> 1;
        return add(tree(from, middle), tree(middle, to));
      };
      return tree(0, pairs.length);
    }
    default:
      return order satisfies never;
  }
}

/** A reproducible stream of numbers in [0, 1). (mulberry32) */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers of the machine's format over many binades, both signs, some exactly zero. */
export function numberOf(m: Machine, random: () => number, low = -6, high = 6): number {
  if (random() < 0.05) return 0;
  const size = (1 + random()) * 2 ** Math.floor(low + random() * (high - low));
  return m.arithmetic.round(random() < 0.5 ? -size : size);
}

export function bounded(
  shape: Shape,
  values: ArrayLike<number>,
  radius: readonly number[] | null = null,
): Bounded {
  return { value: real(shape, values), radius: radius === null ? null : Float64Array.from(radius) };
}

/** Plain terms. */
export const ones = (xs: readonly number[]): [number, number][] => xs.map((x) => [x, 1]);

/** Terms whose rounding errors all add up in the forward order: what comes after the first is lost each time. */
export const losing = (m: Machine, n: number): number[] =>
  Array.from({ length: n }, (_, i) => (i === 0 ? 1 : m.arithmetic.accumulation));

/** Adversarial rows of n terms: losing, cancelling, near the subnormals, random. */
export function rowsFor(m: Machine, n: number, random: () => number): number[][] {
  const tiny = m.arithmetic.smallestNormal;
  const some = Array.from({ length: n }, () => numberOf(m, random));
  return [
    losing(m, n),
    losing(m, n).map((x, i) => (i === 0 ? -x : x)),
    some,
    some.map((x, i) =>
      i % 2 === 0 ? x : -m.arithmetic.round((some[i - 1] ?? 0) * (1 + 4 * m.arithmetic.unitRoundoff)),
    ),
    some.map((x) => m.arithmetic.round(x * tiny)),
  ];
}

/** What the machine may hold for a bounded operand: numbers of its format within the radius, often near an end. */
export function strayed(m: Machine, x: Bounded, random: () => number): number[] {
  return Array.from(x.value.data, (_, i) => {
    const choice = random();
    return strayedBy(m, x, i, choice < 0.35 ? 1 : choice < 0.7 ? -1 : 2 * random() - 1);
  });
}

/** The element moved by a share of its radius, from -1 to 1, to a number of the format. */
export function strayedBy(
  m: Machine,
  { value: { data }, radius }: Bounded,
  i: number,
  share: number,
): number {
  const value = data[i] ?? NaN;
  const error = radius?.[i] ?? 0;
  const { unitRoundoff } = m.arithmetic;
  const moved = m.arithmetic.round(value + share * error);
  if (Math.abs(moved - value) <= error) return moved;
  const inward = m.arithmetic.round(
    value + share * error * (1 - 4 * unitRoundoff) - share * 2 * unitRoundoff * Math.abs(value),
  );
  return Math.abs(inward - value) <= error ? inward : value;
}

/**
 * Collects |engine − value| / radius over all trials. At the end it must never have passed 1, and must have come within
 * `closeness` of it: a bound that is never nearly reached says nothing, one divided by 8 would be passed.
 */
export class Margin {
  private largest = 0;
  private trials = 0;

  see(engine: ArrayLike<number>, { value, radius }: Bounded, note = ""): void {
    for (let i = 0; i < value.data.length; i++) {
      const expected = value.data[i] ?? NaN;
      const actual = engine[i] ?? NaN;
      const allowed = radius?.[i] ?? 0;
      if (allowed === Infinity) continue;
      const error = Object.is(actual, expected) || actual === expected ? 0 : Math.abs(actual - expected);
      if (!(error <= allowed)) {
        expect.fail(`${note} [${i}]: ${actual} is ${error} from ${expected}, the radius is ${allowed}`);
      }
      if (allowed > 0) this.largest = Math.max(this.largest, error / allowed);
      this.trials++;
    }
  }

  isReached(closeness: number): void {
    expect(this.trials).toBeGreaterThan(0);
    expect(this.largest, "the largest error / radius").toBeGreaterThanOrEqual(closeness);
  }
}
