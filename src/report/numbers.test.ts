/** @file Numbers for people: digits, signs, and sums that add up as printed. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { formatBytes, formatCount, formatNumber, formatPair, formatSum } from "./numbers.ts";

test("three significant digits, exponents below 0.001, thousands separated", () => {
  expect([0.0312, 5.694, 1234.5, 1.1e-8, 0, Number.NaN, -0.5].map((x) => formatNumber(x))).toEqual([
    "0.0312",
    "5.69",
    "1,230",
    "1.10e-8",
    "0",
    "NaN",
    "-0.500",
  ]);
  expect([12, 41_000, 14_200_000].map(formatBytes)).toEqual(["12 bytes", "41 KB", "14.2 MB"]);
});

test("they look as Intl's English does", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e8, noNaN: true }), fc.boolean(), (size, negative) => {
      const decimals = Math.max(0, 2 - Math.floor(Math.log10(Number(size.toPrecision(3)))));
      const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
      const x = negative ? -size : size;
      expect(formatNumber(x)).toBe(Number(x.toPrecision(3)).toLocaleString("en-US", digits));
    }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1_000_000, max: 2 ** 40 }), (n, size) => {
      expect(formatCount(n)).toBe(n.toLocaleString("en-US"));
      const megabytes = (size / 1e6).toLocaleString("en-US", { maximumSignificantDigits: 3 });
      expect(formatBytes(size)).toBe(`${megabytes} MB`);
    }),
  );
});

test("two numbers show as many digits as it takes to tell them apart", () => {
  expect(formatPair(0.4120001, 0.4120002)).toEqual(["0.4120001", "0.4120002"]);
});

test("printed terms on the grid of the sum add up to the printed sum", () => {
  const value = fc.double({ min: -10, max: 10, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (terms) => {
      const total = terms.reduce((sum, term) => sum + term, 0);
      const printed = formatSum(terms, total);
      const read = (text: string): number => Number(text.replaceAll(",", ""));
      const sum = printed.terms.reduce((all, text) => all + read(text), 0);
      // Half a unit of the sum's last printed digit: what terms below the grid may add; six of them at most.
      const digits = /[.](\d+)/.exec(printed.total)?.[1]?.length ?? 0;
      const exponent = Number(/e(-?\d+)/.exec(printed.total)?.[1] ?? 0);
      // A sum that all but cancels has its grid 12 digits below the largest term.
      const grid = Math.max(...terms.map(Math.abs)) * 1e-12;
      expect(Math.abs(sum - read(printed.total))).toBeLessThanOrEqual(3.1 * 10 ** (exponent - digits) + grid);
    }),
  );
  expect(formatSum([0.0244, 0.0068, 1.1e-8], 0.0312)).toEqual({
    terms: ["+0.0244", "+0.0068", "+1.10e-8"],
    total: "+0.0312",
  });
  expect(formatSum([0.3333, 0.3333, 0.3334], 1)).toEqual({
    terms: ["+0.33", "+0.33", "+0.34"],
    total: "+1.00",
  });
});
