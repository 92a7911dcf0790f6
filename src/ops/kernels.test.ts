/** @file The plain kernels, through the reference, against convolutions, pools and products by their definitions. */

import { expect, test } from "vitest";
import { isVernierError } from "../base/errors.ts";
import { type RealTensor, real } from "../tensor/tensor.ts";
import { float64Ops } from "./float64.ts";
import { type Kernels, plainKernels } from "./kernels.ts";

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

/** A convolution by its definition, in one dimension per loop. */
function convByDefinition(
  x: RealTensor,
  kernel: RealTensor,
  options: Parameters<typeof ops.conv>[2],
  out: RealTensor,
): number[] {
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const [kh = 0, kw = 0, per = 0, filters = 0] = kernel.shape;
  const [, oh = 0, ow = 0] = out.shape;
  const pads = options.padding as [[number, number], [number, number]];
  const [dy = 1, dx = 1] = options.inputDilation ?? [1, 1];
  const sums: number[] = [];
  for (let b = 0; b < n; b++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let f = 0; f < filters; f++) {
          let sum = 0;
          const group = Math.floor(f / (filters / options.groups));
          for (let i = 0; i < kh; i++)
            for (let j = 0; j < kw; j++)
              for (let q = 0; q < per; q++) {
                const y = oy * (options.strides[0] ?? 1) + i * (options.dilation[0] ?? 1) - pads[0][0];
                const z = ox * (options.strides[1] ?? 1) + j * (options.dilation[1] ?? 1) - pads[1][0];
                if (y < 0 || z < 0 || y % dy !== 0 || z % dx !== 0 || y / dy >= h || z / dx >= w) continue;
                const value = x.data[((b * h + y / dy) * w + z / dx) * c + group * per + q] ?? NaN;
                sum += value * (kernel.data[((i * kw + j) * per + q) * filters + f] ?? NaN);
              }
          sums.push(sum);
        }
  return sums;
}

const CONVOLUTIONS = [
  {
    x: [2, 5, 6, 3],
    kernel: [3, 2, 3, 5],
    groups: 1,
    strides: [1, 2],
    dilation: [1, 1],
    padding: [
      [1, 1],
      [0, 1],
    ],
  },
  {
    x: [1, 7, 7, 2],
    kernel: [3, 3, 2, 4],
    groups: 1,
    strides: [1, 1],
    dilation: [2, 1],
    padding: [
      [2, 2],
      [0, 0],
    ],
  },
  {
    x: [1, 5, 5, 6],
    kernel: [3, 3, 2, 9],
    groups: 3,
    strides: [2, 1],
    dilation: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    x: [2, 5, 4, 3],
    kernel: [3, 3, 1, 6],
    groups: 3,
    strides: [1, 1],
    dilation: [1, 2],
    padding: [
      [1, 0],
      [2, 2],
    ],
  },
  {
    x: [2, 5, 4, 5],
    kernel: [3, 3, 1, 5],
    groups: 5,
    strides: [2, 2],
    dilation: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    x: [3, 4, 3, 7],
    kernel: [1, 1, 7, 6],
    groups: 1,
    strides: [1, 1],
    dilation: [1, 1],
    padding: [
      [0, 0],
      [0, 0],
    ],
  },
  {
    x: [1, 3, 4, 2],
    kernel: [3, 2, 2, 3],
    groups: 1,
    strides: [1, 1],
    dilation: [1, 1],
    inputDilation: [2, 3],
    padding: [
      [1, 2],
      [1, 1],
    ],
  },
] as const;

for (const { x: xShape, kernel: kernelShape, ...options } of CONVOLUTIONS) {
  test(`a convolution of [${xShape}] by [${kernelShape}] is the sum over its taps: ${JSON.stringify(options)}`, () => {
    const x = real(xShape, (i) => ((i * 7) % 11) - 5);
    const kernel = real(kernelShape, (i) => ((i * 5) % 13) - 6);
    const out = ops.conv(x, kernel, options);
    expect(values(out).map((value) => value + 0)).toEqual(convByDefinition(x, kernel, options, out));
  });
}

test("convolutions run in one and in three dimensions, and more terms than a block are all counted", () => {
  const line = { strides: [1], dilation: [1], groups: 1, padding: "same" } as const;
  expect(values(ops.conv(real([1, 4, 1], [1, 2, 3, 4]), real([2, 1, 1], [1, 10]), line))).toEqual([
    21, 32, 43, 4,
  ]);
  const volume = { strides: [1, 1, 1], dilation: [1, 1, 1], groups: 1, padding: "valid" } as const;
  expect(
    values(
      ops.conv(
        count(1, 2, 2, 2, 1),
        real([2, 2, 2, 1, 1], () => 1),
        volume,
      ),
    ),
  ).toEqual([28]);
  const deep = ops.conv(
    real([1, 3, 3, 70], () => 1),
    real([3, 3, 70, 2], () => 1),
    { ...line, strides: [1, 1], dilation: [1, 1] },
  );
  expect(values(deep).slice(8, 10)).toEqual([630, 630]);
  expect(codeOf(() => ops.conv(count(1, 4, 3), count(2, 2, 1), line))).toBe("tensor.shape");
});

test("pooling ignores padding, also in the count of an average", () => {
  const x = real([1, 3, 3, 1], [-1, -2, -3, -4, -5, -6, -7, -8, -9]);
  const options = { window: [2, 2], strides: [2, 2], padding: "same" } as const;
  expect(values(ops.pool("max", x, options))).toEqual([-1, -3, -7, -9]);
  expect(values(ops.pool("average", x, options))).toEqual([-3, -4.5, -7.5, -9]);
});

test("matrix products of every small size, batched and broadcast, equal the triple loop", () => {
  const plain = (
    x: RealTensor,
    y: RealTensor,
    m: number,
    k: number,
    n: number,
    xAt: number,
    yAt: number,
  ): number[] =>
    Array.from({ length: m * n }, (_, at) => {
      let sum = 0;
      for (let t = 0; t < k; t++)
        sum += (x.data[xAt + Math.floor(at / n) * k + t] ?? NaN) * (y.data[yAt + t * n + (at % n)] ?? NaN);
      return sum;
    });
  for (const [m, k, n] of [
    [1, 3, 2],
    [4, 4, 4],
    [5, 7, 6],
    [9, 300, 3],
    [3, 0, 2],
    [2, 5, 9],
    [6, 513, 5],
  ] as const) {
    const x = real([2, m, k], (i) => ((i * 7) % 11) - 5);
    const y = real([2, k, n], (i) => ((i * 5) % 13) - 6);
    const both = [0, 1].flatMap((p) => plain(x, y, m, k, n, p * m * k, p * k * n));
    expect(
      values(ops.matmul(x, y)).map((v) => v + 0),
      `${m} ${k} ${n}`,
    ).toEqual(both);
    const shared = real([k, n], y.data.slice(0, k * n));
    expect(values(ops.matmul(x, shared)).map((v) => v + 0)).toEqual(
      [0, 1].flatMap((p) => plain(x, y, m, k, n, p * m * k, 0)),
    );
    const once = real([1, m, k], x.data.slice(0, m * k));
    expect(values(ops.matmul(once, y)).map((v) => v + 0)).toEqual(
      [0, 1].flatMap((p) => plain(x, y, m, k, n, 0, p * k * n)),
    );
  }
  expect(codeOf(() => ops.matmul(count(2, 3), count(2, 3)))).toBe("tensor.shape");
  expect(codeOf(() => ops.matmul(count(3), count(3, 2)))).toBe("tensor.shape");
});

test("other kernels can be plugged in", () => {
  const calls: string[] = [];
  const noted: Kernels = {
    matmul: (...args) => (calls.push("matmul"), plainKernels.matmul(...args)),
    conv: (...args) => (calls.push("conv"), plainKernels.conv(...args)),
    pool: (...args) => (calls.push("pool"), plainKernels.pool(...args)),
  };
  const own = float64Ops(noted);
  own.matmul(count(2, 2), count(2, 2));
  own.conv(count(1, 2, 1), count(1, 1, 1), { strides: [1], dilation: [1], groups: 1, padding: "valid" });
  own.pool("max", count(1, 2, 1), { window: [2], strides: [1], padding: "valid" });
  expect(calls).toEqual(["matmul", "conv", "pool"]);
});
