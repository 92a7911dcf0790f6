/** @file Sums and products of matrices: simulated engines stay within the radius in every order, and come near it. */

import { describe, expect, test } from "vitest";
import {
  bounded,
  dot,
  losing,
  MACHINES,
  Margin,
  numberOf,
  ORDERS,
  ones,
  PLAIN,
  randomFrom,
  rowsFor,
  strayed,
  strayedBy,
} from "../../../test/simulated.ts";
import { real } from "../../tensor/tensor.ts";
import { boundedOps, exact } from "../bounded.ts";
import { add } from "../derived.ts";

const NS = [1, 2, 3, 7, 64, 1000];

describe.each(MACHINES)("$name", (m) => {
  const ops = boundedOps(m.arithmetic);
  // A float16 result is stored with an error that dwarfs that of its float32 accumulator.
  const closeness = m.arithmetic.unitRoundoff === m.arithmetic.accumulation ? 0.9 : 0.4;

  test("a sum of n exact terms errs by at most the radius in every order, and nearly reaches it", () => {
    const random = randomFrom(1);
    const margin = new Margin();
    for (const n of NS) {
      for (const xs of rowsFor(m, n, random)) {
        const radius = ops.reduce("sum", bounded([n], xs), [0], false);
        for (const order of ORDERS) margin.see([m.store(dot(m, ones(xs), order))], radius, `${n} ${order}`);
      }
    }
    margin.isReached(closeness);
  });

  test("a sum of terms that carry errors errs by those too", () => {
    const random = randomFrom(2);
    const margin = new Margin();
    const average = new Margin();
    for (let trial = 0; trial < 300; trial++) {
      const n = 1 + Math.floor(random() * 40);
      const x = bounded(
        [n],
        Array.from({ length: n }, () => numberOf(m, random)),
        Array.from({ length: n }, () => random() * 2 ** -8),
      );
      const sum = ops.reduce("sum", x, [0], false);
      const pooled = ops.pool("average", bounded([1, n, 1], x.value.data, [...(x.radius ?? [])]), {
        window: [n],
        strides: [1],
        padding: "valid",
      });
      for (const order of ORDERS) margin.see([m.store(dot(m, ones(strayed(m, x, random)), order))], sum);
      average.see([m.store(dot(m, ones(strayed(m, x, random)), "forward") / n)], pooled);
      const up = Array.from(x.value.data, (_, i) => strayedBy(m, x, i, 1));
      margin.see([m.store(dot(m, ones(up), "forward"))], sum);
    }
    margin.isReached(0.9);
    average.isReached(0.5);
  });

  test("a running sum errs at each element as the sum of those before it", () => {
    const margin = new Margin();
    for (const xs of rowsFor(m, 200, randomFrom(3))) {
      const sums: number[] = [];
      xs.reduce((sum, x) => {
        const next = m.accumulate(m.take(sum) + m.take(x));
        sums.push(m.store(next));
        return next;
      }, 0);
      sums[0] = m.take(xs[0] ?? 0);
      margin.see(sums, ops.cumsum(bounded([200], xs), 0));
    }
    margin.isReached(closeness);
  });

  test("a matrix product errs by at most the radius in every order, fused or not, and nearly reaches it", () => {
    const random = randomFrom(4);
    const margin = new Margin();
    for (const k of NS) {
      const rows = rowsFor(m, k, random);
      const columns = [losing(m, k).map(() => 1), ...rowsFor(m, k, random)];
      const x = bounded([rows.length, k], rows.flat());
      const y = bounded(
        [k, columns.length],
        Array.from(
          { length: k * columns.length },
          (_, i) => columns[i % columns.length]?.[Math.floor(i / columns.length)] ?? NaN,
        ),
      );
      const product = ops.matmul(x, y);
      for (const order of ORDERS) {
        const engine = rows.flatMap((row) =>
          columns.map((column) =>
            m.store(
              dot(
                m,
                row.map((a, i) => [a, column[i] ?? NaN]),
                order,
              ),
            ),
          ),
        );
        margin.see(engine, product, `k = ${k}, ${order}`);
      }
    }
    margin.isReached(closeness);
  });

  test("operands that carry errors widen a matrix product by what they can change", () => {
    const random = randomFrom(5);
    const margin = new Margin();
    for (let trial = 0; trial < 200; trial++) {
      const k = 1 + Math.floor(random() * 20);
      const errors = (scale: number): number[] => Array.from({ length: k }, () => random() * scale);
      const draw = (): number[] => Array.from({ length: k }, () => numberOf(m, random));
      const x = bounded([1, k], draw(), trial % 3 === 0 ? null : errors(2 ** -7));
      const y = bounded([k, 1], draw(), trial % 3 === 1 ? null : errors(2 ** -7));
      const product = ops.matmul(x, y);
      for (let repeat = 0; repeat < 6; repeat++) {
        const ys = strayed(m, y, random);
        const worst = Array.from(x.value.data, (_, i) => strayedBy(m, x, i, Math.sign(ys[i] ?? 0) || 1));
        const xs = repeat === 0 ? worst : strayed(m, x, random);
        margin.see(
          [
            m.store(
              dot(
                m,
                xs.map((a, i) => [a, ys[i] ?? NaN]),
                ORDERS[repeat] ?? "forward",
              ),
            ),
          ],
          product,
        );
      }
    }
    margin.isReached(0.8);
  });

  test("a bias that the engine adds in the accumulator, first or last, is covered by product plus add", () => {
    const random = randomFrom(6);
    const margin = new Margin();
    for (const k of NS) {
      for (const xs of rowsFor(m, k, random)) {
        for (const bias of [1, -1, 2 ** 10, 2 ** -10, 0]) {
          const scaled = xs.map((x) => m.arithmetic.round(x * (bias === 2 ** 10 ? 2 ** -3 : 1)));
          const product = ops.matmul(
            bounded([1, k], scaled),
            bounded(
              [k, 1],
              scaled.map(() => 1),
            ),
          );
          const biased = add(ops, product, bounded([1], [bias]));
          for (const order of ORDERS) {
            margin.see(
              [m.store(dot(m, [[bias, 1], ...ones(scaled)], order))],
              biased,
              `k = ${k}, bias ${bias}, ${order}`,
            );
            margin.see([m.store(m.store(dot(m, ones(scaled), order)) + m.take(bias))], biased, "added after");
          }
        }
      }
    }
    margin.isReached(closeness === 0.9 ? 0.45 : 0.25);
  });

  test("a convolution errs as the products under its taps, at the border by fewer", () => {
    const random = randomFrom(7);
    const margins = { same: new Margin(), valid: new Margin() };
    const width = 9;
    for (let trial = 0; trial < 60; trial++) {
      const channels = 1 + (trial % 3);
      const losingRow = trial % 2 === 0;
      const xs = Array.from({ length: width * channels }, (_, i) =>
        losingRow ? (i % (3 * channels) === 0 ? 1 : m.arithmetic.accumulation) : numberOf(m, random),
      );
      const ws = Array.from({ length: 3 * channels }, () => (losingRow ? 1 : numberOf(m, random)));
      const padding = trial % 4 < 2 ? "same" : "valid";
      const before = padding === "same" ? 1 : 0;
      const options = { strides: [1], padding, dilation: [1], groups: 1 } as const;
      const out = ops.conv(bounded([1, width, channels], xs), bounded([3, channels, 1], ws), options);
      for (const order of ORDERS) {
        const engine = Array.from({ length: width - 2 + 2 * before }, (_, o) => {
          const pairs: [number, number][] = [];
          for (let t = 0; t < 3; t++) {
            const at = o + t - before;
            if (at < 0 || at >= width) continue;
            for (let q = 0; q < channels; q++)
              pairs.push([xs[at * channels + q] ?? NaN, ws[t * channels + q] ?? NaN]);
          }
          return m.store(dot(m, pairs, order));
        });
        margins[padding].see(engine, out);
      }
    }
    for (const margin of Object.values(margins)) margin.isReached(closeness === 0.9 ? 0.6 : 0.4);
  });
});

test("border outputs of a padded convolution count only the taps inside", () => {
  const ops = boundedOps(PLAIN.arithmetic);
  const options = { strides: [1], padding: "same", dilation: [1], groups: 1 } as const;
  const { radius } = ops.conv(exact(real([1, 5, 1], () => 1)), exact(real([3, 1, 1], () => 1)), options);
  const u = PLAIN.arithmetic.unitRoundoff;
  expect((radius?.[0] ?? NaN) / u).toBeCloseTo(4, 4);
  expect((radius?.[2] ?? NaN) / u).toBeCloseTo(9, 4);
});

test("a sum whose partial sums may leave the range claims nothing, one that cannot still does", () => {
  const ops = boundedOps(PLAIN.arithmetic);
  const { largest } = PLAIN.arithmetic;
  expect([...(ops.reduce("sum", bounded([2], [largest, -largest]), [0], false).radius ?? [])]).toEqual([
    Infinity,
  ]);
  const product = ops.matmul(bounded([1, 2], [2 ** 64, 1]), bounded([2, 2], [2 ** 64, 2 ** 63, 0, 0]));
  expect(product.radius?.[0]).toBe(Infinity);
  expect(product.radius?.[1]).toBeLessThan(2 ** 104 * 1.001);
});

test("integers are exact, all-zero sums are exact, and NaN gives no radius that could pass", () => {
  const ops = boundedOps(PLAIN.arithmetic);
  expect(ops.reduce("sum", exact(real([3], [1, 2, 3], "int32")), [0], false).radius).toBeNull();
  expect(ops.matmul(bounded([1, 2], [0, 0]), bounded([2, 1], [3, 5])).radius).toEqual(Float64Array.of(0));
  expect(ops.matmul(bounded([1, 1], [NaN]), bounded([1, 1], [3])).radius).toEqual(Float64Array.of(Infinity));
});
