/** @file How far the predictions of two sides are apart, output by output, and where most. */

import { ulpsBetween } from "../numerics/formats.ts";
import { type DType, isFloating } from "../tensor/dtype.ts";
import { indexOf, type RealTensor, realFromTensor, sizeOf, type Tensor } from "../tensor/tensor.ts";
import type { OutputRow, Report } from "./findings.ts";
import { errorOf, sameShape } from "./judge.ts";

/** `null` where a side has no such output. */
export interface OutputPair {
  readonly name: string | null;
  readonly nameB: string | null;
  readonly a: Tensor | null;
  readonly b: Tensor | null;
}

/** The element with the largest difference; one that is a number on one side only counts as infinite. */
export interface WorstElement {
  /** Position among the pairs. */
  readonly output: number;
  readonly sample: number;
  /** Without the batch. */
  readonly index: readonly number[];
  readonly a: number;
  readonly b: number;
  readonly error: number;
}

export interface OutputComparison {
  readonly rows: readonly OutputRow[];
  /** `null` where no output is on both sides with the same shape. */
  readonly worst: WorstElement | null;
  readonly predictions: Report["predictions"];
}

export function compareOutputs(pairs: readonly OutputPair[]): OutputComparison {
  const compared = pairs.map((pair) => {
    const a = pair.a === null ? null : realFromTensor(pair.a);
    const b = pair.b === null ? null : realFromTensor(pair.b);
    return {
      pair,
      a,
      b,
      apart: a !== null && b !== null && sameShape(a.shape, b.shape) ? apartOf(a, b) : null,
    };
  });
  let worst: WorstElement | null = null;
  for (const [output, { a, b, apart }] of compared.entries()) {
    if (apart === null || a === null || b === null || apart.at < 0) continue;
    if (worst !== null && apart.maxAbs <= worst.error) continue;
    const [sample = 0, ...index] = indexOf(a.shape, apart.at);
    const values = { a: a.data[apart.at] ?? Number.NaN, b: b.data[apart.at] ?? Number.NaN };
    worst = { output, sample, index, ...values, error: apart.maxAbs };
  }
  const sample = worst?.sample ?? 0;
  return {
    rows: compared.map(({ pair, a, b, apart }) => rowOf(pair, a, b, apart)),
    worst,
    predictions: compared.flatMap(({ pair, a, b }) =>
      a === null || b === null
        ? []
        : [{ output: pair.name ?? pair.nameB ?? "", sample, ...excerptOf(a, b, sample) }],
    ),
  };
}

interface Apart {
  readonly maxAbs: number;
  readonly maxUlp: number;
  /** Flat position of the largest difference; -1 without elements. */
  readonly at: number;
}

function apartOf(a: RealTensor, b: RealTensor): Apart {
  const dtype = dtypeOf(a, b);
  let maxAbs = 0;
  let maxUlp = 0;
  let at = a.data.length > 0 ? 0 : -1;
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i] as number, b.data[i] as number];
    const error = errorOf(x, y);
    if (error === 0) continue;
    maxUlp = Math.max(maxUlp, ulpsBetween(x, y, dtype));
    if (error <= maxAbs) continue;
    maxAbs = error;
    at = i;
  }
  return { maxAbs, maxUlp, at };
}

/** The reference computes in float64 what an engine puts out in its own dtype. */
const dtypeOf = (a: RealTensor, b: RealTensor): DType => (a.dtype === "float64" ? b.dtype : a.dtype);

function rowOf(
  { name, nameB }: OutputPair,
  a: RealTensor | null,
  b: RealTensor | null,
  apart: Apart | null,
): OutputRow {
  const present = a ?? b;
  const both = a !== null && b !== null && apart !== null;
  return {
    name,
    nameB,
    shape: present?.shape ?? [],
    dtype: both ? dtypeOf(a, b) : (present?.dtype ?? "float32"),
    maxAbs: apart?.maxAbs ?? null,
    maxUlp: apart?.maxUlp ?? null,
    estimate: null,
    top1Flips: both ? top1Flips(a, b) : null,
    nonFinite: nonFinite(a, b),
  };
}

/** Elements that are no finite number on either side. */
function nonFinite(a: RealTensor | null, b: RealTensor | null): number {
  const length = Math.max(a?.data.length ?? 0, b?.data.length ?? 0);
  let count = 0;
  for (let i = 0; i < length; i++)
    if (!Number.isFinite(a?.data[i] ?? 0) || !Number.isFinite(b?.data[i] ?? 0)) count++;
  return count;
}

/** Rows along the last axis whose largest entry is another one; `null` where that means nothing. */
function top1Flips(a: RealTensor, b: RealTensor): number | null {
  const classes = a.shape.at(-1) ?? 0;
  if (a.shape.length < 2 || classes < 2 || !isFloating(dtypeOf(a, b))) return null;
  let flips = 0;
  for (let start = 0; start < a.data.length; start += classes)
    if (largestAt(a.data, start, classes) !== largestAt(b.data, start, classes)) flips++;
  return flips;
}

/** The first of the largest; -1 where a NaN leaves none. */
export function largestAt(data: Float64Array, start: number, length: number): number {
  let best = 0;
  for (let i = 0; i < length; i++) {
    const value = data[start + i] as number;
    if (Number.isNaN(value)) return -1;
    if (value > (data[start + best] as number)) best = i;
  }
  return best;
}

const SHOWN = 10;

/** Of one sample: all values if they are few, else those around its largest difference. */
function excerptOf(a: RealTensor, b: RealTensor, sample: number): { a: number[]; b: number[] } {
  const of = ({ data, shape }: RealTensor): Float64Array => {
    const size = sizeOf(shape.slice(1));
    return data.subarray(sample * size, (sample + 1) * size);
  };
  const [valuesA, valuesB] = [of(a), of(b)];
  let worst = 0;
  for (let i = 0; i < valuesA.length; i++) {
    const best = errorOf(valuesA[worst] as number, valuesB[worst] ?? Number.NaN);
    if (errorOf(valuesA[i] as number, valuesB[i] ?? Number.NaN) > best) worst = i;
  }
  const start = Math.max(0, Math.min(worst - SHOWN / 2, valuesA.length - SHOWN));
  const cut = (values: Float64Array): number[] => [...values.subarray(start, start + SHOWN)];
  return { a: cut(valuesA), b: cut(valuesB) };
}
