/** @file Elementwise pairs: simulated engines stay within the radius, and come near it. */

import { describe, expect, test } from "vitest";
import {
  bounded,
  FLUSHING,
  HALF,
  type Machine,
  Margin,
  numberOf,
  PLAIN,
  randomFrom,
  strayed,
} from "../../../test/simulated.ts";
import { real } from "../../tensor/tensor.ts";
import { boundedOps, exact } from "../bounded.ts";
import type { Binary } from "../ops.ts";

const SIZE = 64;

/** How engines compute a pair; a quotient also by a rounded reciprocal. */
const FORMULAS: Record<Exclude<Binary, "power">, ((m: Machine, a: number, b: number) => number)[]> = {
  add: [(m, a, b) => m.store(a + b)],
  subtract: [(m, a, b) => m.store(a - b)],
  multiply: [(m, a, b) => m.store(a * b)],
  divide: [(m, a, b) => m.store(a / b), (m, a, b) => m.store(a * m.store(1 / b))],
  maximum: [(_, a, b) => Math.max(a, b)],
  minimum: [(_, a, b) => Math.min(a, b)],
};

/** Exponents from which operands are drawn: ordinary, subnormal or near it, near overflow. */
function regimesOf(m: Machine): readonly (readonly [number, number])[] {
  const bottom = Math.log2(m.arithmetic.smallestNormal);
  const top = Math.floor(Math.log2(m.arithmetic.largest));
  return [
    [-3, 3],
    [bottom - 8, bottom + 4],
    [bottom / 2 - 6, bottom / 2 + 4],
    [top / 2 - 2, top / 2 + 2],
    [top - 3, top],
  ];
}

describe.each([PLAIN, FLUSHING, HALF])("$name", (m) => {
  const ops = boundedOps(m.arithmetic);

  for (const [name, formulas] of Object.entries(FORMULAS)) {
    const f = name as Exclude<Binary, "power">;
    for (const carries of [false, true]) {
      const selects = f === "maximum" || f === "minimum";
      if (selects && !carries) continue;
      test(`${f} of ${carries ? "uncertain" : "exact"} operands stays within the radius and nearly reaches it`, () => {
        const random = randomFrom(11);
        for (const [low, high] of regimesOf(m)) {
          const margin = new Margin();
          for (let trial = 0; trial < 120; trial++) {
            const draw = (): number[] => Array.from({ length: SIZE }, () => numberOf(m, random, low, high));
            const errorsOf = (xs: number[], side: number): number[] | null =>
              carries && trial % 3 !== side ? xs.map((x) => Math.abs(x) * random() * 2 ** -6) : null;
            const a = draw();
            const b =
              f === "subtract" && trial % 2 === 0
                ? a.map((x) => m.arithmetic.round(x * (1 + random() * 2 ** -8)))
                : draw();
            const x = bounded([SIZE], a, errorsOf(a, 0));
            const y = bounded([SIZE], b, errorsOf(b, 1));
            const result = ops.binary(f, x, y);
            for (let repeat = 0; repeat < 3; repeat++) {
              const [xs, ys] = [strayed(m, x, random), strayed(m, y, random)];
              for (const formula of formulas) {
                margin.see(
                  xs.map((value, i) => formula(m, m.take(value), m.take(ys[i] ?? NaN))),
                  result,
                  `${low}`,
                );
              }
            }
          }
          // A sum of subnormals is exact on an engine that keeps them, a product near overflow may not be claimed at all.
          if (low === -3) margin.isReached(f === "divide" && !carries ? 0.4 : 0.8);
        }
      });
    }
  }

  test("products and quotients that underflow reach what is charged for it", () => {
    const random = randomFrom(12);
    const bottom = Math.log2(m.arithmetic.smallestNormal);
    const margin = new Margin();
    for (let trial = 0; trial < 500; trial++) {
      const a = numberOf(m, random, bottom / 2 - 4, bottom / 2);
      const b = numberOf(m, random, bottom / 2 - 4, bottom / 2);
      margin.see(
        [m.store(m.take(a) * m.take(b))],
        ops.binary("multiply", bounded([1], [a]), bounded([1], [b])),
      );
    }
    margin.isReached(0.8);
  });

  test("a power stays within the radius, over positive bases and over integer exponents of either sign of base", () => {
    const random = randomFrom(13);
    const margin = new Margin();
    const u = m.arithmetic.unitRoundoff;
    for (let trial = 0; trial < 3000; trial++) {
      const whole = trial % 2 === 0;
      const a = whole ? numberOf(m, random, -2, 1) : m.arithmetic.round(0.1 + 2 * random());
      const b = whole ? Math.floor(random() * 5) : m.arithmetic.round(4 * random() - 2);
      const x = bounded([1], [a], trial % 3 === 0 ? null : [Math.abs(a) * 2 ** -5 + (whole ? 2 ** -4 : 0)]);
      const y = bounded([1], [b], whole || trial % 3 === 1 ? null : [2 ** -5]);
      const result = ops.binary("power", x, y);
      const [p = NaN] = strayed(m, x, random);
      const [q = NaN] = strayed(m, y, random);
      margin.see([p ** q * (1 + 4 * u * (trial % 4 < 2 ? 1 : -1))], result, `${a}^${b}`);
    }
    margin.isReached(0.9);
  });
});

const ops = boundedOps(PLAIN.arithmetic);
const radiusOf = (f: Binary, a: number, ea: number, b: number, eb: number): number =>
  ops.binary(f, bounded([1], [a], [ea]), bounded([1], [b], [eb])).radius?.[0] ?? 0;

test("where an uncertain divisor may be zero, or its reciprocal overflows, nothing is claimed", () => {
  expect(radiusOf("divide", 1, 0, 1, 1)).toBe(Infinity);
  expect(radiusOf("divide", 0, 0, 0, 0)).toBe(Infinity);
  expect(radiusOf("divide", 1, 0, 2 ** -149, 0)).toBe(Infinity);
  expect(radiusOf("power", -1, 0.5, 0.5, 0)).toBe(Infinity);
  expect(radiusOf("power", 0, 0.5, -2, 0)).toBe(Infinity);
});

test("what may exceed the largest number claims nothing, infinities and NaN of an exact operand are certain", () => {
  const { largest } = PLAIN.arithmetic;
  expect(radiusOf("add", largest, 0, largest, 0)).toBe(Infinity);
  expect(radiusOf("multiply", 2 ** 64, 0, 2 ** 64, 0)).toBe(Infinity);
  expect(radiusOf("add", -Infinity, 0, 1, 0.5)).toBe(0);
  expect(radiusOf("multiply", Infinity, 0, 1, 0.5)).toBe(0);
  expect(radiusOf("multiply", Infinity, 0, 0.25, 0.5)).toBe(Infinity);
  expect(radiusOf("add", NaN, 0, 1, 0)).toBe(0);
  expect(radiusOf("add", NaN, 0, 1, 1)).toBe(Infinity);
  expect(radiusOf("multiply", 0, 0, 1, Infinity)).toBe(Infinity);
});

test("nothing is charged for zeros, integers and selections of exact operands", () => {
  expect(radiusOf("multiply", 0, 0, 5, 1)).toBe(0);
  expect(radiusOf("add", 0, 0, 0, 0)).toBe(0);
  expect(
    ops.binary("add", exact(real([2], [1, 2], "int32")), exact(real([2], [3, 4], "int32"))).radius,
  ).toBeNull();
  expect(ops.binary("maximum", exact(real([2], [1, 2])), ops.constant(real([], [0]))).radius).toBeNull();
});

test("an integer beyond the format's digits is rounded when it meets floats", () => {
  const sum = ops.binary("multiply", exact(real([1], [2 ** 24 + 1], "int32")), exact(real([1], [1])));
  expect(sum.radius?.[0]).toBeGreaterThanOrEqual(2);
});

test("a constant carries the distance to the engine's nearest number, and none when it is one", () => {
  expect(ops.constant(real([2], [0.3, 0.5])).radius).toEqual(Float64Array.of(Math.fround(0.3) - 0.3, 0));
  expect(ops.constant(real([3], [0.5, 3, -Infinity])).radius).toBeNull();
  expect(ops.constant(real([1], [2 ** 24 + 1], "int32")).radius).toBeNull();
});
