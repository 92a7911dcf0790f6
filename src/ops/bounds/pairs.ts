/** @file Bounds of elementwise pairs: one rounding of the exact result of operands that carry errors. */

import type { FunctionError } from "../../numerics/arithmetic.ts";
import { gamma } from "../../numerics/formats.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { type Rows } from "../broadcast.ts";
import { type Bounded, type OpenSum, type Rounding, reach, storesSums, WIDEN } from "./rounding.ts";

/**
 * Roundings of a quotient: kernels that multiply by a rounded reciprocal round twice, and one more covers a
 * reciprocal that is itself off by one unit in the last place.
 */
export const DIVISION_ROUNDINGS = 3;

type Data = Float64Array;

const at = (data: Data | null, i: number): number => (data === null ? 0 : (data[i] as number));

/** x + y or x − y: what carries over, and one rounding; where a sum is still open, its terms' roundings too. */
export function addRadius(
  value: Data,
  x: Bounded,
  y: Bounded,
  rows: Rows,
  rounding: Rounding,
): { radius: Data; sum?: OpenSum } {
  const [a, ea, b, eb] = [x.value.data, x.radius, y.value.data, y.radius];
  const { unit, sumUnderflow, largest } = rounding;
  const { count, length, xAt, yAt, xStep, yStep } = rows;
  if (x.sum !== undefined || y.sum !== undefined) return addOpen(value, x, y, rows, rounding);
  const radius = new Float64Array(value.length);
  for (let row = 0, o = 0; row < count; row++) {
    let i = xAt[row] as number;
    let j = yAt[row] as number;
    for (let q = 0; q < length; q++, o++, i += xStep, j += yStep) {
      const carried = at(ea, i) + at(eb, j);
      const size = Math.abs(value[o] as number) + carried;
      const r = size === 0 ? 0 : (carried + unit * size + sumUnderflow) * WIDEN;
      radius[o] =
        size + r <= largest ? r : unbounded(a[i] as number, at(ea, i), b[j] as number, at(eb, j), true);
    }
  }
  return { radius };
}

function addOpen(
  value: Data,
  x: Bounded,
  y: Bounded,
  rows: Rows,
  rounding: Rounding,
): { radius: Data; sum: OpenSum } {
  const [a, ea, b, eb] = [x.value.data, x.radius, y.value.data, y.radius];
  const { unit, sumUnit, sumUnderflow, largest } = rounding;
  const { count, length, xAt, yAt, xStep, yStep } = rows;
  const stored = storesSums(rounding) ? unit : 0;
  const [mx, my] = [x.sum?.magnitude ?? null, y.sum?.magnitude ?? null];
  const [rx, ry] = [x.sum?.roundings ?? 0, y.sum?.roundings ?? 0];
  const uniform = typeof rx === "number" && typeof ry === "number" ? rx + ry + 1 : null;
  const radius = new Float64Array(value.length);
  const magnitude = new Float64Array(value.length);
  const roundings = uniform === null ? new Float64Array(value.length) : null;
  for (let row = 0, o = 0; row < count; row++) {
    let i = xAt[row] as number;
    let j = yAt[row] as number;
    for (let q = 0; q < length; q++, o++, i += xStep, j += yStep) {
      const carried = at(ea, i) + at(eb, j);
      const size = Math.abs(value[o] as number) + carried;
      const termsX = mx === null ? Math.abs(a[i] as number) + at(ea, i) : (mx[i] as number);
      const termsY = my === null ? Math.abs(b[j] as number) + at(eb, j) : (my[j] as number);
      const ownX = typeof rx === "number" ? rx : (rx[i] as number);
      const ownY = typeof ry === "number" ? ry : (ry[j] as number);
      const factor = gamma(ownX + ownY + 1, sumUnit);
      const open = (factor - gamma(ownX, sumUnit)) * termsX + (factor - gamma(ownY, sumUnit)) * termsY;
      const terms = termsX + termsY;
      const r =
        terms === 0 ? 0 : (carried + Math.max(unit * size, open) + stored * size + sumUnderflow) * WIDEN;
      radius[o] =
        terms * (1 + factor) + r <= largest
          ? r
          : unbounded(a[i] as number, at(ea, i), b[j] as number, at(eb, j), true);
      magnitude[o] = terms;
      if (roundings !== null) roundings[o] = ownX + ownY + 1;
    }
  }
  return { radius, sum: { magnitude, roundings: roundings ?? uniform ?? 0 } };
}

/** A product is rounded once; that with a scalar may be rounded in each term of an open sum. */
export function multiplyRadius(value: Data, x: Bounded, y: Bounded, rows: Rows, rounding: Rounding): Data {
  const [a, ea, b, eb] = [x.value.data, x.radius, y.value.data, y.radius];
  const { unit, underflow, largest } = rounding;
  const { count, length, xAt, yAt, xStep, yStep } = rows;
  const mx = b.length === 1 ? (x.sum?.magnitude ?? null) : null;
  const my = a.length === 1 ? (y.sum?.magnitude ?? null) : null;
  const radius = new Float64Array(value.length);
  for (let row = 0, o = 0; row < count; row++) {
    let i = xAt[row] as number;
    let j = yAt[row] as number;
    for (let q = 0; q < length; q++, o++, i += xStep, j += yStep) {
      const sizeX = Math.abs(a[i] as number);
      const sizeY = Math.abs(b[j] as number);
      const errorX = at(ea, i);
      const errorY = at(eb, j);
      const carried = sizeX * errorY + (sizeY + errorY) * errorX;
      let size = Math.abs(value[o] as number) + carried;
      if (mx !== null) size = Math.max(size, (mx[i] as number) * (sizeY + errorY));
      if (my !== null) size = Math.max(size, (my[j] as number) * (sizeX + errorX));
      const r =
        (sizeX === 0 && errorX === 0) || (sizeY === 0 && errorY === 0)
          ? 0
          : (carried + unit * size + underflow) * WIDEN;
      radius[o] = size + r <= largest ? r : unbounded(a[i] as number, errorX, b[j] as number, errorY, false);
    }
  }
  return radius;
}

/** Also of an engine that multiplies by the reciprocal: that may be subnormal, or overflow. */
export function divideRadius(value: Data, x: Bounded, y: Bounded, rows: Rows, rounding: Rounding): Data {
  const [a, ea, b, eb] = [x.value.data, x.radius, y.value.data, y.radius];
  const { unit, underflow, largest, smallestNormal } = rounding;
  const { count, length, xAt, yAt, xStep, yStep } = rows;
  const factor = gamma(DIVISION_ROUNDINGS, unit);
  const mx = b.length === 1 ? (x.sum?.magnitude ?? null) : null;
  const radius = new Float64Array(value.length);
  for (let row = 0, o = 0; row < count; row++) {
    let i = xAt[row] as number;
    let j = yAt[row] as number;
    for (let q = 0; q < length; q++, o++, i += xStep, j += yStep) {
      const sizeX = Math.abs(a[i] as number) + at(ea, i);
      const sizeY = Math.abs(b[j] as number);
      const errorY = at(eb, j);
      const least = sizeY - errorY;
      if (!(least * largest > 1)) {
        radius[o] = Infinity;
        continue;
      }
      const carried = (at(ea, i) + Math.abs(value[o] as number) * errorY) / least;
      let size = Math.abs(value[o] as number) + carried;
      if (mx !== null) size = Math.max(size, (mx[i] as number) / least);
      const lost = (sizeY + errorY) * smallestNormal > 0.5 ? underflow * (1 + sizeX) : underflow;
      const r = sizeX === 0 ? 0 : (carried + factor * size + lost) * WIDEN;
      radius[o] =
        size + r <= largest ? r : unbounded(a[i] as number, at(ea, i), b[j] as number, errorY, false);
    }
  }
  return radius;
}

/**
 * Where the sum of |value| and radius is no finite number of the format. An exact infinite or NaN operand gives what
 * IEEE 754 says, for certain; anything else may overflow.
 */
function unbounded(a: number, ea: number, b: number, eb: number, additive: boolean): number {
  if (Number.isFinite(a) && Number.isFinite(b)) return Infinity;
  if (ea === 0 && eb === 0) return 0;
  const settles = (special: number, error: number, other: number, otherError: number): boolean =>
    Math.abs(special) === Infinity &&
    error === 0 &&
    Number.isFinite(other) &&
    (additive ? otherError < Infinity : Math.abs(other) > otherError);
  return settles(a, ea, b, eb) || settles(b, eb, a, ea) ? 0 : Infinity;
}

/** Selections do not round: the interval of the larger (smaller) reaches from the larger lower end to the larger upper one. */
export function extremumRadius(
  f: "maximum" | "minimum",
  value: Data,
  x: Bounded,
  y: Bounded,
  rows: Rows,
  ceiling: number,
): Data {
  const [a, ea, b, eb] = [x.value.data, x.radius, y.value.data, y.radius];
  const { count, length, xAt, yAt, xStep, yStep } = rows;
  const radius = new Float64Array(sizeOf(rows.shape));
  const larger = f === "maximum";
  for (let row = 0, o = 0; row < count; row++) {
    let i = xAt[row] as number;
    let j = yAt[row] as number;
    for (let q = 0; q < length; q++, o++, i += xStep, j += yStep) {
      const errorX = at(ea, i);
      const errorY = at(eb, j);
      if (errorX === 0 && errorY === 0) continue;
      const lowX = (a[i] as number) - errorX;
      const lowY = (b[j] as number) - errorY;
      const highX = Math.min((a[i] as number) + errorX, ceiling);
      const highY = Math.min((b[j] as number) + errorY, ceiling);
      const low = larger ? Math.max(lowX, lowY) : Math.min(lowX, lowY);
      const high = larger ? Math.max(highX, highY) : Math.min(highX, highY);
      radius[o] = reach(value[o] as number, low, high) * WIDEN;
    }
  }
  return radius;
}

/** A power is monotone in each operand while the base is positive: its extremes lie at the corners. */
export function powerRadius(
  value: Data,
  x: Bounded,
  y: Bounded,
  rows: Rows,
  rounding: Rounding,
  { ulps, absolute }: FunctionError,
): Data {
  const [a, ea, b, eb] = [x.value.data, x.radius, y.value.data, y.radius];
  const { unit, underflow, largest } = rounding;
  const { count, length, xAt, yAt, xStep, yStep } = rows;
  const radius = new Float64Array(value.length);
  for (let row = 0, o = 0; row < count; row++) {
    let i = xAt[row] as number;
    let j = yAt[row] as number;
    for (let q = 0; q < length; q++, o++, i += xStep, j += yStep) {
      const v = value[o] as number;
      const carried = powerReach(v, a[i] as number, at(ea, i), b[j] as number, at(eb, j));
      const size = Math.abs(v) + carried;
      const r = (carried + (2 * ulps * unit + 2 ** -50) * size + absolute + underflow) * WIDEN;
      radius[o] =
        size + r <= largest ? r : unbounded(a[i] as number, at(ea, i), b[j] as number, at(eb, j), false);
    }
  }
  return radius;
}

function powerReach(value: number, a: number, ea: number, b: number, eb: number): number {
  if (ea === 0 && eb === 0) return 0;
  // Ends are moved out by what adding the error in float64 may round away.
  const [dx, dy] = [ea === 0 ? 0 : ea + Math.abs(a) * 2 ** -52, eb === 0 ? 0 : eb + Math.abs(b) * 2 ** -52];
  const corners = [(a - dx) ** (b - dy), (a - dx) ** (b + dy), (a + dx) ** (b - dy), (a + dx) ** (b + dy)];
  if (a - dx <= 0) {
    if (eb !== 0 || !Number.isInteger(b) || b < 0) return Infinity;
    if (a + dx >= 0) corners.push(0);
  }
  const low = corners.reduce((p, q) => Math.min(p, q));
  const high = corners.reduce((p, q) => Math.max(p, q));
  return reach(value, low, high);
}
