/** @file erf against its Taylor series and its continued fraction, which share nothing with the approximations. */

import { expect, test } from "vitest";
import { erf } from "./erf.ts";
import { ulpsBetween } from "./formats.ts";

/** Fixed point with 190 bits, far beyond float64; a power of two, so that the last division is exact. */
const ONE = 1n << 190n;
/** 2/√π to 60 digits. */
const SLOPE = (1128379167095512573896158903121545171688101258657997713688171n * ONE) / 10n ** 60n;

/** 2/√π · Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)) in fixed point; the cancellation up to x = 6 costs 52 bits of 190. */
function erfBySeries(x: number): number {
  const [numerator, shift] = fraction(x);
  const at = (ONE * numerator) >> shift;
  let power = at;
  let sum = at;
  for (let n = 1n; n < 400n; n++) {
    power = (-power * at * at) / (ONE * ONE * n);
    sum += power / (2n * n + 1n);
  }
  return Number((sum * SLOPE) / ONE) / Number(ONE);
}

/** The float64 as integer / 2^shift. */
function fraction(x: number): [bigint, bigint] {
  let shift = 0;
  let value = x;
  while (!Number.isInteger(value)) {
    value *= 2;
    shift++;
  }
  return [BigInt(value), BigInt(shift)];
}

test("erf is within 1 ulp of the series from 0.01 to 6, on every interval of the approximation", () => {
  for (let i = 1; i <= 2400; i++) {
    const x = i * 0.0025 + (i % 7) * 1e-4;
    expect(ulpsBetween(erf(x), erfBySeries(x), "float64"), `erf(${x})`).toBeLessThanOrEqual(1);
    expect(erf(-x)).toBe(-erf(x));
  }
});

test("erf is linear near zero, one far away, and keeps signs and NaN", () => {
  expect(erf(1e-300)).toBe(1e-300 * 1.1283791670955126);
  expect(erf(5e-324)).toBe(5e-324);
  expect(Object.is(erf(-0), -0)).toBe(true);
  expect(erf(0)).toBe(0);
  expect([erf(6), erf(-40), erf(Infinity)]).toEqual([1, -1, 1]);
  expect(erf(NaN)).toBeNaN();
});
