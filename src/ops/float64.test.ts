/** @file The reference against hand-computed values and formulas written another way. */

import { expect, test } from "vitest";
import { isVernierError } from "../base/errors.ts";
import { type RealTensor, real } from "../tensor/tensor.ts";
import { softmax } from "./derived.ts";
import { float64Ops } from "./float64.ts";

const ops = float64Ops();
const values = ({ data }: RealTensor): number[] => [...data];
const count = (...shape: number[]): RealTensor => real(shape, (i) => i);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isVernierError(error)) return error.code;
    throw error;
  }
  return "nothing thrown";
};

test("pairs broadcast as in NumPy, on either side, in front, in the middle and behind", () => {
  const x = count(2, 3);
  expect(values(ops.binary("add", x, real([], [10])))).toEqual([10, 11, 12, 13, 14, 15]);
  expect(values(ops.binary("subtract", real([], [10]), x))).toEqual([10, 9, 8, 7, 6, 5]);
  expect(values(ops.binary("multiply", x, real([3], [1, 10, 100])))).toEqual([0, 10, 200, 3, 40, 500]);
  expect(values(ops.binary("divide", real([2, 1], [6, 12]), real([3], [1, 2, 3])))).toEqual([
    6, 3, 2, 12, 6, 4,
  ]);
  const cube = ops.binary("add", count(2, 2, 2), real([2, 1, 2], [10, 20, 30, 40]));
  expect(values(cube)).toEqual([10, 21, 12, 23, 34, 45, 36, 47]);
  expect(ops.binary("add", count(0, 3), count(3)).shape).toEqual([0, 3]);
  expect(codeOf(() => ops.binary("add", count(2, 3), count(2)))).toBe("tensor.shape");
});

test("every pairing of 1 and n over four axes agrees with an index-by-index loop", () => {
  for (let mask = 0; mask < 256; mask++) {
    const extents = [2, 3, 2, 4];
    const xs = extents.map((extent, axis) => ((mask >> axis) & 1 ? 1 : extent));
    const ys = extents.map((extent, axis) => ((mask >> (axis + 4)) & 1 ? 1 : extent));
    const x = real(xs, (i) => i + 1);
    const y = real(ys, (i) => 100 * (i + 1));
    const sum = ops.binary("add", x, y);
    const pick = (t: RealTensor, index: number[]): number =>
      t.data[
        index.reduce((at, k, axis) => at * (t.shape[axis] ?? 1) + Math.min(k, (t.shape[axis] ?? 1) - 1), 0)
      ] ?? NaN;
    const expected: number[] = [];
    const [a = 1, b = 1, c = 1, d = 1] = sum.shape;
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++)
        for (let k = 0; k < c; k++)
          for (let l = 0; l < d; l++) expected.push(pick(x, [i, j, k, l]) + pick(y, [i, j, k, l]));
    expect(values(sum), `${xs} with ${ys}`).toEqual(expected);
  }
});

test("dtypes follow Keras: scalars adapt, bool adds up as int32, integers wrap around", () => {
  expect(ops.binary("multiply", real([1], [3], "float16"), real([], [2])).dtype).toBe("float16");
  expect(ops.binary("add", real([1], [3], "int32"), real([], [0.5])).dtype).toBe("float32");
  expect(ops.binary("divide", real([1], [3], "int32"), real([1], [2], "int32"))).toMatchObject({
    dtype: "float32",
  });
  expect(values(ops.binary("add", real([1], [2 ** 31 - 1], "int32"), real([1], [1], "int32")))).toEqual([
    -(2 ** 31),
  ]);
  expect(values(ops.binary("subtract", real([1], [0], "uint8"), real([1], [1], "uint8")))).toEqual([255]);
  const bits = real([3], [1, 0, 1], "bool");
  expect(ops.reduce("sum", bits, [0], false)).toEqual({
    shape: [],
    dtype: "int32",
    data: Float64Array.of(2),
  });
});

test("cast truncates to integers, rounds to float16 and bfloat16, and leaves float32 a label", () => {
  expect(values(ops.cast(real([3], [-1.7, 1.7, 2]), "int32"))).toEqual([-1, 1, 2]);
  expect(values(ops.cast(real([2], [0.5, 0]), "bool"))).toEqual([1, 0]);
  expect(values(ops.cast(real([2], [1 / 3, 70000]), "float16"))).toEqual([0.333251953125, Infinity]);
  expect(values(ops.cast(real([1], [1 / 3]), "bfloat16"))).toEqual([0.333984375]);
  expect(values(ops.cast(real([1], [1 / 3], "float64"), "float32"))).toEqual([1 / 3]);
});

test("comparisons give bool, where picks by them, also with broadcasting", () => {
  const mask = ops.compare("greater", count(2, 3), real([3], [0, 3, 3]));
  expect(mask).toEqual({ shape: [2, 3], dtype: "bool", data: Float64Array.of(0, 0, 0, 1, 1, 1) });
  expect(values(ops.where(mask, real([], [7]), real([3], [1, 2, 3])))).toEqual([1, 2, 3, 7, 7, 7]);
});

test("functions are stable where the plain formula is not", () => {
  const one = (f: Parameters<typeof ops.unary>[0], x: number): number =>
    ops.unary(f, real([], [x])).data[0] ?? NaN;
  expect(one("sigmoid", -800)).toBe(0);
  expect(one("sigmoid", -700)).toBeCloseTo(Math.exp(-700), 310);
  expect(one("softplus", 800)).toBe(800);
  expect(one("softplus", -40)).toBe(Math.exp(-40));
  expect(one("expm1", 1e-20)).toBe(1e-20);
  expect(one("rsqrt", 16)).toBe(0.25);
  expect(one("sign", -3)).toBe(-1);
});

test("reductions over any axes agree with a sum by index", () => {
  const x = count(2, 3, 4, 2);
  for (let mask = 0; mask < 16; mask++) {
    const axes = [0, 1, 2, 3].filter((axis) => (mask >> axis) & 1);
    const totals = new Map<string, number>();
    x.data.forEach((value, i) => {
      const index = [Math.floor(i / 24), Math.floor(i / 8) % 3, Math.floor(i / 2) % 4, i % 2];
      const key = index.filter((_, axis) => !axes.includes(axis)).join();
      totals.set(key, (totals.get(key) ?? 0) + value);
    });
    expect(values(ops.reduce("sum", x, axes, false)), `axes ${axes}`).toEqual([...totals.values()]);
  }
  expect(ops.reduce("max", x, [-1, 0], true).shape).toEqual([1, 3, 4, 1]);
  expect(values(ops.reduce("min", real([2, 2], [3, 1, 2, 4]), [0], false))).toEqual([2, 1]);
  expect(codeOf(() => ops.reduce("sum", x, [4], false))).toBe("tensor.axis");
});

test("a sum of 10⁶ equal numbers errs by less than 10⁻¹³ of it", () => {
  const sum =
    ops.reduce(
      "sum",
      real([1_000_000], () => 0.1),
      [0],
      false,
    ).data[0] ?? NaN;
  expect(Math.abs(sum - 1e5) / 1e5).toBeLessThan(1e-13);
});

test("running sums and sorting go along their axis", () => {
  const x = real([2, 3], [3, 1, 2, 6, 5, 4]);
  expect(values(ops.cumsum(x, -1))).toEqual([3, 4, 6, 6, 11, 15]);
  expect(values(ops.cumsum(x, 0))).toEqual([3, 1, 2, 9, 6, 6]);
  expect(values(ops.sort(x, 1))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(values(ops.sort(x, 0))).toEqual([3, 1, 2, 6, 5, 4]);
});

test("elements move as NumPy moves them", () => {
  const x = count(2, 3);
  expect(values(ops.transpose(x, [1, 0]))).toEqual([0, 3, 1, 4, 2, 5]);
  expect(values(ops.transpose(count(2, 2, 2), [2, 0, 1]))).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
  expect(ops.reshape(x, [3, -1]).shape).toEqual([3, 2]);
  expect(codeOf(() => ops.reshape(x, [4, -1]))).toBe("tensor.shape");
  expect(values(ops.broadcast_to(real([2, 1], [1, 2]), [2, 3]))).toEqual([1, 1, 1, 2, 2, 2]);
  expect(codeOf(() => ops.broadcast_to(x, [3, 2]))).toBe("tensor.shape");
  expect(values(ops.concatenate([x, real([2, 1], [8, 9])], 1))).toEqual([0, 1, 2, 8, 3, 4, 5, 9]);
  expect(values(ops.slice(x, 1, -1, null, -1))).toEqual([2, 1, 0, 5, 4, 3]);
  expect(values(ops.slice(x, 1, 0, null, 2))).toEqual([0, 2, 3, 5]);
  expect(values(ops.slice(x, 0, -1, null))).toEqual([3, 4, 5]);
  expect(values(ops.slice(x, -1, 1, 2))).toEqual([1, 4]);
  expect(
    values(
      ops.pad(
        real([1, 2], [1, 2]),
        [
          [1, 0],
          [0, 1],
        ],
        -1,
      ),
    ),
  ).toEqual([-1, -1, -1, 1, 2, -1]);
  expect(values(ops.take(x, real([2], [1, 0], "int32"), 0))).toEqual([3, 4, 5, 0, 1, 2]);
  expect(ops.take(x, real([2, 2], [1, 0, 2, 2], "int32"), 1).shape).toEqual([2, 2, 2]);
  expect(codeOf(() => ops.take(x, real([1], [2], "int32"), 0))).toBe("input.invalid");
});

test("derived operations work on it: softmax adds up to one and does not overflow", () => {
  const y = softmax(ops, real([2, 3], [1000, 1000, 1000, 0, Math.log(2), Math.log(3)]));
  const expected = [1 / 3, 1 / 3, 1 / 3, 1 / 6, 2 / 6, 3 / 6];
  y.data.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 15));
});
