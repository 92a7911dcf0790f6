/** @file Means, averages and scaled sums: engines divide before or after adding, and stay within the radius. */

import { describe, test } from "vitest";
import {
  bounded,
  dot,
  MACHINES,
  Margin,
  numberOf,
  ORDERS,
  ones,
  randomFrom,
  rowsFor,
} from "../../../test/simulated.ts";
import { boundedOps } from "../bounded.ts";
import { mean } from "../derived.ts";

describe.each(MACHINES)("$name", (m) => {
  const ops = boundedOps(m.arithmetic);

  test("a mean or an average pool may divide the terms or the sum, also by a rounded reciprocal", () => {
    const random = randomFrom(8);
    const margin = new Margin();
    for (const n of [2, 3, 7, 49, 600]) {
      for (const xs of rowsFor(m, n, random)) {
        const x = bounded([1, n, 1], xs);
        const pooled = ops.pool("average", x, { window: [n], strides: [1], padding: "valid" });
        const averaged = mean(ops, x, [1]);
        const reciprocal = m.accumulate(1 / n);
        for (const order of ORDERS) {
          const after = m.store(m.accumulate(dot(m, ones(xs), order) / n));
          const before = m.store(dot(m, ones(xs.map((value) => m.accumulate(m.take(value) / n))), order));
          const scaled = m.store(
            dot(
              m,
              xs.map((value) => [value, reciprocal]),
              order,
            ),
          );
          const storing = m.store(dot(m, ones(xs.map((value) => m.store(m.take(value) / n))), order));
          for (const engine of [after, before, scaled, storing]) {
            margin.see([engine], pooled, `pool ${n} ${order}`);
            margin.see([engine], averaged, `mean ${n} ${order}`);
          }
        }
      }
    }
    margin.isReached(m.arithmetic.unitRoundoff === m.arithmetic.accumulation ? 0.8 : 0.15);
  });
});

test.each(MACHINES)(
  "$name: a factor or divisor may be applied to the terms of a sum, each then stored",
  (m) => {
    const ops = boundedOps(m.arithmetic);
    const random = randomFrom(9);
    const margins = { multiply: new Margin(), divide: new Margin() };
    // A quotient may be off by three roundings; here each is off by all of them.
    const worst = 3 * m.arithmetic.unitRoundoff;
    for (let trial = 0; trial < 400; trial++) {
      const a = numberOf(m, random, 0, 1) || 1;
      const xs = [a, -m.arithmetic.round(a * (1 + 16 * random() * m.arithmetic.unitRoundoff))];
      const factor = m.arithmetic.round(1 + random());
      const sum = ops.reduce("sum", bounded([2], xs), [0], false);
      const terms = xs.map((x) => m.store(x * factor));
      const quotients = xs.map((x) => (x / factor) * (1 + (x > 0 ? worst : -worst)));
      margins.multiply.see(
        [(terms[0] ?? NaN) + (terms[1] ?? NaN)],
        ops.binary("multiply", sum, bounded([], [factor])),
      );
      margins.divide.see(
        [(quotients[0] ?? NaN) + (quotients[1] ?? NaN)],
        ops.binary("divide", sum, bounded([], [factor])),
      );
    }
    margins.multiply.isReached(0.3);
    margins.divide.isReached(0.7);
  },
);

test.each(MACHINES)("$name: averages of numbers so small that their shares underflow", (m) => {
  const ops = boundedOps(m.arithmetic);
  const random = randomFrom(10);
  const margin = new Margin();
  for (let trial = 0; trial < 400; trial++) {
    const step =
      trial % 2 === 0
        ? 2 * m.arithmetic.underflow * (1 + 2 * Math.floor(random() * 8))
        : m.arithmetic.smallestNormal * 1.9;
    const pooled = ops.pool("average", bounded([1, 2, 1], [step, step]), {
      window: [2],
      strides: [1],
      padding: "valid",
    });
    margin.see([m.store(m.take(step) / 2) + m.store(m.take(step) / 2)], pooled);
  }
  margin.isReached(0.8);
});
