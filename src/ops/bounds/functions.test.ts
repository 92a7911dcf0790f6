/** @file Elementary functions: an engine that errs by its stated figure, on an argument that strays, stays within the radius. */

import { describe, expect, test } from "vitest";
import {
  bounded,
  FLUSHING,
  FUNCTION_ULPS,
  HALF,
  Margin,
  numberOf,
  PLAIN,
  randomFrom,
  strayed,
} from "../../../test/simulated.ts";
import { boundedOps } from "../bounded.ts";
import { UNARY } from "../elementwise.ts";
import type { Unary } from "../ops.ts";

/** Where arguments are drawn from: [lowest, highest]. */
const DOMAINS: Record<Unary, readonly [number, number]> = {
  negative: [-4, 4],
  abs: [-4, 4],
  sign: [-1, 1],
  square: [-4, 4],
  floor: [-4, 4],
  round: [-4, 4],
  to_bfloat16: [-4, 4],
  to_float8_e4m3fn: [-4, 4],
  exp: [-8, 8],
  expm1: [-3, 3],
  log: [0.01, 4],
  log1p: [-0.9, 4],
  tanh: [-5, 5],
  sigmoid: [-8, 8],
  erf: [-3, 3],
  sqrt: [0.01, 9],
  rsqrt: [0.01, 9],
  softplus: [-8, 8],
};

const STATED: readonly Unary[] = [
  "exp",
  "expm1",
  "log",
  "log1p",
  "tanh",
  "sigmoid",
  "erf",
  "sqrt",
  "rsqrt",
  "softplus",
];

describe.each([PLAIN, FLUSHING, HALF])("$name", (m) => {
  const ops = boundedOps(m.arithmetic);
  const stated = 2 * FUNCTION_ULPS * m.arithmetic.unitRoundoff;

  for (const [name, [low, high]] of Object.entries(DOMAINS)) {
    const f = name as Unary;
    const engine = (x: number, sign: number): number => {
      if (STATED.includes(f)) return UNARY[f](m.take(x)) * (1 + sign * stated);
      return f === "square" ? m.store(m.take(x) ** 2) : UNARY[f](m.take(x));
    };
    test(`${f} stays within the radius and nearly reaches it, exactly fed and not`, () => {
      const random = randomFrom(21);
      const own = new Margin();
      const carried = new Margin();
      for (let trial = 0; trial < 4000; trial++) {
        const x = m.arithmetic.round(low + (high - low) * random());
        const point = bounded([1], [x]);
        own.see([engine(x, trial % 2 ? 1 : -1)], ops.unary(f, point), `${x}`);
        const room =
          f === "log" || f === "log1p" || f === "sqrt" || f === "rsqrt"
            ? Math.abs(x - (f === "log1p" ? -1 : 0))
            : 1;
        const wide = bounded([1], [x], [room * random() * (trial % 5 === 0 ? 0.9 : 2 ** -5)]);
        carried.see(
          [engine(strayed(m, wide, random)[0] ?? NaN, trial % 4 < 2 ? 1 : -1)],
          ops.unary(f, wide),
          `${x}`,
        );
      }
      if (STATED.includes(f) || f === "square") own.isReached(0.9);
      carried.isReached(0.9);
    });
  }

  test("a flushed operand costs its own size, and nothing where the engine keeps subnormals", () => {
    const tiny = 2.5 * m.arithmetic.smallestNormal * 2 ** -4;
    const negated = ops.unary("negative", bounded([1], [tiny]));
    new Margin().see([-m.take(tiny)], negated);
    expect(negated.radius?.[0] ?? 0).toBe(m === FLUSHING ? tiny : 0);
  });

  test("function values that underflow reach what is charged for it", () => {
    const random = randomFrom(23);
    const { smallestNormal, underflow } = m.arithmetic;
    const margin = new Margin();
    for (let trial = 0; trial < 3000; trial++) {
      const x = m.arithmetic.round(
        Math.log(underflow / 2) + random() * Math.log((2 * smallestNormal) / underflow),
      );
      margin.see([m.store(Math.exp(m.take(x)))], ops.unary("exp", bounded([1], [x])));
    }
    margin.isReached(0.8);
  });

  test("squares that underflow reach what is charged for it", () => {
    const random = randomFrom(22);
    const bottom = Math.log2(m.arithmetic.smallestNormal);
    const margin = new Margin();
    for (let trial = 0; trial < 400; trial++) {
      const x = numberOf(m, random, bottom / 2 - 4, bottom / 2);
      margin.see([m.store(m.take(x) ** 2)], ops.unary("square", bounded([1], [x])));
    }
    margin.isReached(0.8);
  });
});

const radiusOf = (f: Unary, x: number, e: number): number =>
  boundedOps(PLAIN.arithmetic).unary(f, bounded([1], [x], [e])).radius?.[0] ?? 0;

test("next to the end of a domain nothing is claimed, at a closed end something is", () => {
  expect(radiusOf("log", 1, 1)).toBe(Infinity);
  expect(radiusOf("log1p", -0.5, 0.5)).toBe(Infinity);
  expect(radiusOf("rsqrt", 0.25, 0.25)).toBe(Infinity);
  expect(radiusOf("sqrt", 0.25, 0.5)).toBe(Infinity);
  expect(radiusOf("sqrt", 0.25, 0.25)).toBeLessThan(0.51);
});

test("functions that may overflow claim nothing; those of an exact infinity are certain", () => {
  expect(radiusOf("exp", 89, 0)).toBe(Infinity);
  expect(radiusOf("exp", 80, 20)).toBe(Infinity);
  expect(radiusOf("square", 2 ** 64, 0)).toBe(Infinity);
  expect(radiusOf("exp", Infinity, 0)).toBe(0);
  expect(radiusOf("exp", -Infinity, 0)).toBeLessThan(1e-40);
  expect(radiusOf("tanh", NaN, 0)).toBe(0);
  expect(radiusOf("tanh", NaN, 1)).toBe(Infinity);
});

test("steps are exact unless the argument may lie on another one", () => {
  expect(radiusOf("floor", 1.5, 0.25)).toBe(0);
  expect(radiusOf("floor", 1.5, 0.5)).toBe(1);
  expect(radiusOf("floor", 2, 0.25)).toBe(1);
  expect(radiusOf("round", 1.25, 0.125)).toBe(0);
  expect(radiusOf("round", 1.25, 0.5)).toBe(1);
  expect(radiusOf("round", 2.5, 0.125)).toBe(1);
  expect(radiusOf("to_bfloat16", 1, 2 ** -9)).toBe(0);
  expect(radiusOf("to_bfloat16", 1.5, 2 ** -7)).toBe(2 ** -7);
  expect(radiusOf("to_float8_e4m3fn", 17, 0)).toBe(0);
  expect(radiusOf("to_float8_e4m3fn", 17, 0.5)).toBe(2);
  expect(radiusOf("sign", 0.5, 0.25)).toBe(0);
  expect(radiusOf("sign", 0.5, 0.75)).toBe(2);
});

test("a change too small for float64 to add still carries through", () => {
  expect(radiusOf("log", 1, 1e-40)).toBeGreaterThanOrEqual(1e-40);
});
