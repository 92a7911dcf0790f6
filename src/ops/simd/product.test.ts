/** @file The SIMD kernels against the plain ones, bit for bit, and their source against what is compiled of it. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomFrom } from "../../numerics/random.ts";
import { type Kernels, plainKernels, simdKernels } from "../kernels.ts";
import { convolutionOf } from "../lowering.ts";
import { simdProduct } from "./product.ts";

const simd = simdKernels() as Kernels;

function numbers(seed: number, length: number): Float64Array {
  const random = randomFrom(seed);
  return Float64Array.from({ length }, () => random.normal());
}

/** Where two differ in a bit; −1: nowhere. */
const difference = (x: Float64Array, y: Float64Array): number =>
  x.length === y.length ? x.findIndex((value, i) => !Object.is(value, y[i])) : 0;

test("Node has SIMD", () => expect(simdProduct()).not.toBeNull());

test("products of every size have the plain kernels' bits", () => {
  const extent = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(64, 255, 257, 530));
  const left = fc.oneof(extent, fc.constantFrom(700, 1030));
  fc.assert(
    fc.property(left, extent, extent, fc.integer(), (m, k, n, seed) => {
      const [x, y] = [numbers(seed, 2 * m * k), numbers(seed + 1, 2 * k * n)];
      const geometry = { m, k, n, xAt: [m * k, 0], yAt: [0, k * n] };
      const wanted = plainKernels.matmul(x, y, geometry);
      expect(difference(simd.matmul(x, y, geometry), wanted)).toBe(-1);
    }),
    { numRuns: 40, seed: 1 },
  );
});

test("no terms give zeros, and what is not finite stays where it is", () => {
  const none = { m: 5, k: 0, n: 3, xAt: [0], yAt: [0] };
  expect(simd.matmul(new Float64Array(), new Float64Array(), none)).toEqual(new Float64Array(15));
  const x = new Float64Array(25).fill(1);
  x[7] = Number.NaN;
  x[13] = -Infinity;
  const geometry = { m: 5, k: 5, n: 5, xAt: [0], yAt: [0] };
  const y = new Float64Array(25).fill(2);
  expect(simd.matmul(x, y, geometry)).toEqual(plainKernels.matmul(x, y, geometry));
});

test.each([
  { what: "3 × 3", x: [2, 17, 19, 5], kernel: [3, 3, 5, 7], strides: [1, 2], groups: 1 },
  { what: "pointwise", x: [1, 40, 30, 24], kernel: [1, 1, 24, 16], strides: [1, 1], groups: 1 },
  { what: "in groups", x: [1, 9, 8, 6], kernel: [2, 3, 3, 8], strides: [1, 1], groups: 2 },
  { what: "deep", x: [1, 14, 14, 96], kernel: [3, 3, 96, 40], strides: [1, 1], groups: 1 },
  { what: "depthwise", x: [1, 11, 12, 6], kernel: [3, 3, 1, 6], strides: [2, 1], groups: 6 },
])("a convolution has the plain kernels' bits: $what", ({ x, kernel, strides, groups }) => {
  const geometry = convolutionOf(x, kernel, { strides, padding: "same", dilation: [1, 1], groups });
  const sizeOf = (shape: readonly number[]): number => shape.reduce((size, one) => size * one, 1);
  const [input, weights] = [numbers(3, sizeOf(x)), numbers(4, sizeOf(kernel))];
  const wanted = plainKernels.conv(input, weights, geometry);
  expect(difference(simd.conv(input, weights, geometry), wanted)).toBe(-1);
});

test("what is compiled is what assembly/product.ts says", () => {
  const script = fileURLToPath(new URL("../../../scripts/simd.mjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
