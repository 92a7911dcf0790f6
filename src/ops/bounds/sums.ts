/**
 * @file Bounds of sums and of sums of products, for every order of summation, with or without fused multiply-add.
 *
 * n terms, each with its own rounding when it is a product, go through at most n roundings: the result errs by
 * γ(n)·Σ|terms|. (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., §3.1 and §4.2.) No partial sum
 * exceeds (1 + γ(n))·Σ|terms|, which is what overflow is judged by.
 */

import { gamma } from "../../numerics/formats.ts";
import { type Split } from "../arrange.ts";
import type { Kernels } from "../kernels.ts";
import { type ConvGeometry, type PoolGeometry, type Product, tapCounts } from "../lowering.ts";
import { reduced, runningSum } from "../reduction.ts";
import { DIVISION_ROUNDINGS } from "./pairs.ts";
import {
  absolute,
  type Bounded,
  magnitudes,
  type OpenSum,
  type Rounding,
  storesSums,
  sumFactor,
  WIDEN,
} from "./rounding.ts";

type Data = Float64Array;

interface Summed {
  readonly radius: Data;
  readonly sum: OpenSum;
}

interface Terms {
  readonly value: Data;
  /** Σ of the errors that the terms carry; `null`: none. */
  readonly carried: Data | null;
  /** Σ|terms| with those errors. */
  readonly magnitude: Data;
  /** Per element: how often a term may be rounded, and how often it may lose a subnormal. */
  readonly roundings: (i: number) => number;
  readonly losses: (i: number) => number;
  readonly loss: number;
}

function sumRadius({ value, carried, magnitude, roundings, losses, loss }: Terms, rounding: Rounding): Data {
  const stored = storesSums(rounding) ? rounding.unit : 0;
  const radius = new Float64Array(value.length);
  let last = -1;
  let factor = 0;
  for (let i = 0; i < radius.length; i++) {
    const terms = magnitude[i] as number;
    if (terms === 0) continue;
    const n = roundings(i);
    if (n !== last) factor = sumFactor(rounding, n);
    last = n;
    const inherited = carried === null ? 0 : (carried[i] as number);
    const errors = inherited + factor * terms + losses(i) * loss;
    const r = (errors + stored * (Math.abs(value[i] as number) + errors)) * WIDEN;
    radius[i] = terms * (1 + factor) <= rounding.largest && r < Infinity ? r : Infinity;
  }
  return radius;
}

/** Terms of a plain sum are not rounded themselves: n of them take n − 1 roundings. */
export function reduceSumRadius(
  value: Data,
  x: Bounded,
  axes: readonly number[],
  rounding: Rounding,
): Summed {
  const { shape } = x.value;
  const n = value.length === 0 ? 0 : x.value.data.length / value.length;
  const roundings = Math.max(n - 1, 0);
  const over = (data: Data): Data => reduced("sum", data, shape, axes);
  const magnitude = over(magnitudes(x));
  const carried = x.radius === null ? null : over(x.radius);
  const terms = {
    value,
    carried,
    magnitude,
    roundings: () => roundings,
    losses: () => roundings,
    loss: rounding.sumUnderflow,
  };
  return { radius: sumRadius(terms, rounding), sum: { magnitude, roundings } };
}

export function cumsumRadius(value: Data, x: Bounded, split: Split, rounding: Rounding): Data {
  const { extent, inner } = split;
  const magnitude = runningSum(magnitudes(x), split);
  const carried = x.radius === null ? null : runningSum(x.radius, split);
  const before = (i: number): number => Math.floor(i / inner) % extent;
  return sumRadius(
    { value, carried, magnitude, roundings: before, losses: before, loss: rounding.sumUnderflow },
    rounding,
  );
}

export function matmulRadius(
  value: Data,
  x: Bounded,
  y: Bounded,
  product: Product,
  kernels: Kernels,
  rounding: Rounding,
): Summed {
  const multiply = (a: Data, b: Data): Data => kernels.matmul(a, b, product);
  const { k } = product;
  return productSum(value, x, y, multiply, k, rounding);
}

export function convRadius(
  value: Data,
  x: Bounded,
  kernel: Bounded,
  geometry: ConvGeometry,
  kernels: Kernels,
  rounding: Rounding,
): Summed {
  const multiply = (a: Data, b: Data): Data => kernels.conv(a, b, geometry);
  const counts = tapCounts(geometry);
  const perTap = geometry.channels / geometry.groups;
  const uniform = counts.every((count) => count === counts[0]);
  const started = startedSums(rounding);
  if (uniform) return productSum(value, x, kernel, multiply, (counts[0] ?? 0) * perTap, started);
  const { filters } = geometry;
  const size = counts.length * filters;
  const terms = new Float64Array(value.length);
  for (let i = 0; i < terms.length; i++)
    terms[i] = (counts[Math.floor((i % size) / filters)] as number) * perTap;
  return productSum(value, x, kernel, multiply, terms, started);
}

/** A sum that starts from a constant, which is taken off again, rounds that too with every term: twice a term covers it. */
const startedSums = (rounding: Rounding): Rounding => ({
  ...rounding,
  sumUnderflow: rounding.sumUnderflow + 2 * rounding.sumUnit * rounding.convolutionStart,
});

/** Σ x·y over `terms` products. Exact operands cost one further run of the kernel, on magnitudes. */
function productSum(
  value: Data,
  x: Bounded,
  y: Bounded,
  multiply: (a: Data, b: Data) => Data,
  terms: number | Data,
  rounding: Rounding,
): Summed {
  const largestX = magnitudes(x);
  const magnitude = multiply(largestX, magnitudes(y));
  // |x̂ŷ − xy| ≤ ex·|y| + (|x| + ex)·ey
  const fromX = x.radius === null ? null : multiply(x.radius, absolute(y.value.data));
  const fromY = y.radius === null ? null : multiply(largestX, y.radius);
  const roundings = typeof terms === "number" ? () => terms : (i: number) => terms[i] as number;
  // Each product may underflow; each addition too, where subnormals are flushed.
  const loss = rounding.underflow + rounding.sumUnderflow;
  const all = { value, carried: plus(fromX, fromY), magnitude, roundings, losses: roundings, loss };
  return { radius: sumRadius(all, rounding), sum: { magnitude, roundings: terms } };
}

function plus(x: Data | null, y: Data | null): Data | null {
  if (x === null || y === null) return x ?? y;
  return x.map((value, i) => value + (y[i] as number));
}

/** A sum over the elements inside, divided by their number, before or after adding. */
export function averageRadius(
  value: Data,
  x: Bounded,
  geometry: PoolGeometry,
  kernels: Kernels,
  rounding: Rounding,
): Data {
  const magnitude = kernels.pool("average", magnitudes(x), geometry);
  const carried = x.radius === null ? null : kernels.pool("average", x.radius, geometry);
  const counts = tapCounts(geometry);
  const { channels } = geometry;
  const size = counts.length * channels;
  const dividing = gamma(DIVISION_ROUNDINGS, rounding.unit);
  const radius = new Float64Array(value.length);
  for (let i = 0; i < radius.length; i++) {
    const mean = magnitude[i] as number;
    if (mean === 0) continue;
    const n = counts[Math.floor((i % size) / channels)] as number;
    const adding = sumFactor(rounding, Math.max(n - 1, 0));
    const factor = adding + dividing + adding * dividing + (storesSums(rounding) ? rounding.unit : 0);
    const lost = n * rounding.underflow;
    const r = ((carried === null ? 0 : (carried[i] as number)) + factor * mean + lost) * WIDEN;
    radius[i] = n * mean * (1 + adding) <= rounding.largest && r < Infinity ? r : Infinity;
  }
  return radius;
}
