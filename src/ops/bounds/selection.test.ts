/** @file Picking, comparing, casting and moving: exact operands stay exact, uncertain ones may pick otherwise. */

import { expect, test } from "vitest";
import {
  bounded,
  FLUSHING,
  HALF,
  Margin,
  numberOf,
  PLAIN,
  randomFrom,
  strayed,
} from "../../../test/simulated.ts";
import { real } from "../../tensor/tensor.ts";
import { type Bounded, boundedOps, exact } from "../bounded.ts";
import { logical_and, logical_or } from "../derived.ts";
import type { Ops } from "../ops.ts";

const m = PLAIN;
const ops = boundedOps(m.arithmetic);
const radii = ({ radius }: Bounded): number[] | null => (radius === null ? null : [...radius]);

/** Selections of a [4, 3] operand, as the engine and as the bounded reading compute them. */
const SELECTIONS: Record<string, <T>(ops: Ops<T>, x: T) => T> = {
  max: (o, x) => o.reduce("max", x, [0], false),
  min: (o, x) => o.reduce("min", x, [1], false),
  sort: (o, x) => o.sort(x, 0),
  pool: (o, x) => o.pool("max", o.reshape(x, [1, 4, 3]), { window: [2], strides: [1], padding: "same" }),
  transpose: (o, x) => o.transpose(x, [1, 0]),
  slice: (o, x) => o.slice(x, 0, -1, null, -2),
  concatenate: (o, x) => o.concatenate([x, o.constant(real([1, 3], [1, 2, 3]))], 0),
  pad: (o, x) =>
    o.pad(
      x,
      [
        [1, 0],
        [0, 1],
      ],
      0.5,
    ),
  take: (o, x) => o.take(x, o.constant(real([2], [3, 0], "int32")), 0),
  broadcast: (o, x) => o.broadcast_to(o.reshape(x, [4, 1, 3]), [4, 2, 3]),
  where: (o, x) => o.where(o.compare("greater", x, o.constant(real([], [0]))), x, o.constant(real([], [-7]))),
};

for (const [name, formula] of Object.entries(SELECTIONS)) {
  test(`${name}: exact stays exact, errors go where their elements go, and an engine stays within`, () => {
    const random = randomFrom(31);
    const margin = new Margin();
    const values = (): number[] => Array.from({ length: 12 }, () => numberOf(m, random, -3, 3));
    expect(formula(ops, bounded([4, 3], values())).radius).toBeNull();
    for (let trial = 0; trial < 1500; trial++) {
      const x = bounded(
        [4, 3],
        values(),
        Array.from({ length: 12 }, () => random() * (trial % 2 ? 1 : 2 ** -6)),
      );
      const held = bounded([4, 3], strayed(m, x, random));
      margin.see(formula(ops, held).value.data, formula(ops, x));
    }
    margin.isReached(0.95);
  });
}

test("a comparison is uncertain exactly where the intervals meet", () => {
  const x = bounded([4], [1, 1, 1, 1], [0.25, 0.25, 0.25, 0]);
  const less = ops.compare("less", x, bounded([4], [1.5, 1.25, 0.9, 1]));
  expect(less.value.data).toEqual(Float64Array.of(1, 1, 0, 0));
  expect(radii(less)).toEqual([0, 1, 1, 0]);
  expect(ops.compare("equal", exact(real([1], [1])), exact(real([1], [1]))).radius).toBeNull();
  expect(radii(ops.compare("equal", bounded([1], [NaN], [1]), bounded([1], [1])))).toEqual([1]);
});

test("an uncertain condition lets the engine take either branch", () => {
  const condition = { value: real([3], [1, 1, 0], "bool"), radius: Float64Array.of(0, 1, 1) };
  const chosen = ops.where(
    condition,
    bounded([3], [5, 5, 5], [1, 1, 1]),
    bounded([3], [7, 7, 7], [0.5, 0.5, 0.5]),
  );
  expect(radii(chosen)?.map((r) => Math.round(r * 1e6) / 1e6)).toEqual([1, 2.5, 3]);
});

test("logic on uncertain conditions keeps what the other side decides", () => {
  const unsure: Bounded = { value: real([2], [1, 0], "bool"), radius: Float64Array.of(1, 1) };
  expect(logical_and(ops, unsure, exact(real([2], [0, 0], "bool"))).radius?.[0] ?? 0).toBe(0);
  expect(logical_or(ops, unsure, exact(real([2], [1, 1], "bool"))).radius?.[0] ?? 0).toBe(0);
  expect(logical_and(ops, unsure, exact(real([2], [1, 1], "bool"))).radius?.[0]).toBeGreaterThanOrEqual(1);
});

test("casting to integers or a narrower float covers every number that the engine may have had", () => {
  const x = bounded([3], [1.5, 1.99, -0.5], [0.25, 0.25, 0.25]);
  expect(radii(ops.cast(x, "int32"))).toEqual([0, 1, 0]);
  expect(radii(ops.cast(x, "bool"))).toBeNull();
  expect(radii(ops.cast(bounded([2], [0.1, 0.1], [0.1, 0.05]), "bool"))).toEqual([1, 0]);
  expect(radii(ops.cast(bounded([1], [1 + 2 ** -12], [2 ** -11]), "float16"))).toEqual([2 ** -10]);
  expect(ops.cast(exact(real([1], [1 / 3])), "float16").radius).toBeNull();
  expect(ops.cast(exact(real([2], [1, 0], "bool")), "float32").radius).toBeNull();
});

test("rows picked by an uncertain index claim nothing", () => {
  const rows = ops.take(
    exact(real([3, 1], [1, 2, 3])),
    { value: real([1], [1], "int32"), radius: Float64Array.of(1) },
    0,
  );
  expect(radii(rows)).toEqual([Infinity]);
});

test("an engine that flushes subnormals may compare and select them as zero", () => {
  const flushing = boundedOps(FLUSHING.arithmetic);
  const tiny = exact(real([1], [2 ** -140]));
  const zero = exact(real([], [0]));
  expect(radii(flushing.compare("greater", tiny, zero))).toEqual([1]);
  expect(flushing.reduce("max", tiny, [0], false).radius?.[0]).toBeGreaterThanOrEqual(2 ** -140);
  expect(ops.compare("greater", tiny, zero).radius).toBeNull();
  expect(boundedOps(HALF.arithmetic).constant(real([1], [2 ** -30])).radius).toEqual(
    Float64Array.of(2 ** -30),
  );
});
