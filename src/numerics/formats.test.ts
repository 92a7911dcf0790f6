/** @file Rounding and distances against every value of the small formats and against the machine's own float32. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  BFLOAT16,
  FLOAT16,
  FLOAT32,
  formatOf,
  gamma,
  roundTo,
  roundToBfloat16,
  roundToFloat16,
  ulpOf,
  ulpsBetween,
} from "./formats.ts";

/** float16 by its definition: sign, 5 bits of exponent, 10 of fraction. */
const half = (bits: number): number => {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 31
      ? fraction === 0
        ? Infinity
        : NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1024 + fraction) * 2 ** (exponent - 25);
  return bits >> 15 ? -size : size;
};

test("every float16 rounds to itself, and what lies between two goes to the nearer, ties to the even one", () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const low = half(bits);
    const high = half(bits + 1);
    const middle = (low + high) / 2;
    const even = bits % 2 === 0 ? low : high;
    expect([roundToFloat16(low), roundToFloat16(middle), roundToFloat16(-middle)]).toEqual([
      low,
      even,
      -even,
    ]);
    expect(roundToFloat16(middle - (high - low) / 8)).toBe(low);
    expect(roundToFloat16(middle + (high - low) / 8)).toBe(high);
    expect(ulpsBetween(low, high, "float16")).toBe(1);
  }
});

test("beyond the largest number comes Infinity, from half a step on", () => {
  expect(roundToFloat16(65519.99)).toBe(65504);
  expect(roundToFloat16(65520)).toBe(Infinity);
  expect(roundToFloat16(-1e300)).toBe(-Infinity);
  expect(Object.is(roundToFloat16(-1e-300), -0)).toBe(true);
  expect(roundToFloat16(NaN)).toBeNaN();
});

test("bfloat16 keeps the upper half of a float32, rounded to even", () => {
  const bits = new DataView(new ArrayBuffer(4));
  for (let upper = 0; upper < 0x7f80; upper += 3) {
    bits.setUint32(0, upper * 65536);
    const exact = bits.getFloat32(0);
    expect(roundToBfloat16(exact)).toBe(exact);
    bits.setUint32(0, upper * 65536 + 0x8000);
    const tie = bits.getFloat32(0);
    bits.setUint32(0, (upper % 2 === 0 ? upper : upper + 1) * 65536);
    expect(roundToBfloat16(tie)).toBe(bits.getFloat32(0));
  }
  expect(roundTo(BFLOAT16, 3.4e38)).toBe(Infinity);
});

test("the general rounding agrees with Math.fround on float32, subnormals included", () => {
  const general = { ...FLOAT32 };
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, min: -1e39, max: 1e39 }),
      fc.integer({ min: -60, max: 0 }),
      (x, scale) => {
        expect(roundTo(general, x * 10 ** scale)).toBe(Math.fround(x * 10 ** scale));
      },
    ),
  );
});

test("distances count the numbers between, across zero, binades and into infinity", () => {
  expect(ulpsBetween(1, 1 + 2 ** -23, "float32")).toBe(1);
  expect(ulpsBetween(1, 1 - 2 ** -24, "float32")).toBe(1);
  expect(ulpsBetween(2 ** -149, -(2 ** -149), "float32")).toBe(2);
  expect(ulpsBetween(0, -0, "float32")).toBe(0);
  expect(ulpsBetween(1, 2, "float32")).toBe(2 ** 23);
  expect(ulpsBetween(FLOAT32.largest, Infinity, "float32")).toBe(1);
  expect(ulpsBetween(1, 1 + 2 ** -52, "float64")).toBe(1);
  expect(ulpsBetween(5e-324, 0, "float64")).toBe(1);
  expect(ulpsBetween(1e300, 1e300 * (1 + 2 ** -52), "float64")).toBe(1);
  expect(ulpsBetween(3, 7, "int32")).toBe(4);
  expect(ulpsBetween(NaN, NaN, "float32")).toBe(0);
  expect(ulpsBetween(NaN, 1, "float32")).toBe(Infinity);
  expect(ulpOf(1, "float32")).toBe(2 ** -23);
  expect(ulpOf(1e-40, "float32")).toBe(2 ** -149);
  expect(formatOf("int32")).toBeNull();
  expect(formatOf("float16")).toBe(FLOAT16);
});

test("γ(n) is n·u / (1 − n·u), and claims nothing once n·u reaches 1", () => {
  expect(gamma(1, 0.25)).toBe(1 / 3);
  expect(gamma(4, 0.25)).toBe(Infinity);
  expect(gamma(0, 0.25)).toBe(0);
});
