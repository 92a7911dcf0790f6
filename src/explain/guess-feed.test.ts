/** @file From predictions alone: which usual mistake of feeding gives what was seen. */

import { expect, test } from "vitest";
import { randomFrom } from "../numerics/random.ts";
import { realFromTensor, type Tensor } from "../tensor/tensor.ts";
import { guessFeed } from "./guess-feed.ts";
import type { SidePredictions } from "./seen.ts";

const random = randomFrom(3);
const SHAPE = [2, 4, 5, 3];
const image: Tensor = {
  shape: SHAPE,
  dtype: "float32",
  data: Float32Array.from({ length: 120 }, () => random.uniform()),
};
const weights = Float64Array.from({ length: 60 }, () => random.normal());

/** A model that looks at every pixel, each otherwise. */
function predict(inputs: readonly Tensor[]): Promise<Tensor[]> {
  const { shape, data } = realFromTensor(inputs[0] as Tensor);
  const sums = Float32Array.from({ length: shape[0] ?? 0 }, (_, row) =>
    weights.reduce((sum, weight, i) => sum + weight * (data[60 * row + i] ?? 0), 0),
  );
  return Promise.resolve([{ shape: [sums.length, 1], dtype: "float32", data: sums }]);
}

async function guessed(
  change: (value: number, i: number, all: Float32Array) => number,
): Promise<string | null> {
  const values = image.data as Float32Array;
  const fed = { ...image, data: Float32Array.from(values, (value, i) => change(value, i, values)) };
  const [given, saw] = [await predict([image]), await predict([fed])];
  const predicted: SidePredictions = {
    outputs: [{ name: "out", tensor: given[0] as Tensor }],
    arithmetic: "float32",
  };
  const found = await guessFeed("b", [{ name: null, tensor: saw[0] as Tensor }], predicted, {
    inputs: [image],
    predict,
  });
  return found === null ? null : `${found.words} | ${found.js}`;
}

const reversed = (i: number): number => i - (i % 3) + 2 - (i % 3);
const mirrored = (i: number): number => i - (i % 15) + 15 - 3 - ((i % 15) - (i % 3)) + (i % 3);

test.each([
  ["0…255", (value: number) => value * 255, "0…255, where this input holds 0…1 | x.mul(255)"],
  ["−1…1", (value: number) => value * 2 - 1, "−1…1, where this input holds 0…1 | x.mul(2).sub(1)"],
  [
    "B, G, R",
    (_: number, i: number, all: Float32Array) => all[reversed(i)] ?? 0,
    "the channels in reverse order (B, G, R for R, G, B) | tf.reverse(x, [-1])",
  ],
  [
    "mirrored",
    (_: number, i: number, all: Float32Array) => all[mirrored(i)] ?? 0,
    "the picture mirrored from left to right | tf.reverse(x, [2])",
  ],
  [
    "cut to whole numbers",
    (value: number) => Math.trunc(value),
    'values cut to whole numbers | x.cast("int32")',
  ],
  [
    "B, G, R in 0…255",
    (_: number, i: number, all: Float32Array) => 255 * (all[reversed(i)] ?? 0),
    "0…255, where this input holds 0…1, and the channels in reverse order (B, G, R for R, G, B) | tf.reverse(x, [-1]).mul(255)",
  ],
] as const)("%s", async (_label, change, found) => {
  expect(await guessed(change)).toBe(found);
});

test("another picture is none of them", async () => {
  expect(await guessed(() => random.uniform())).toBeNull();
});

test("where two inputs could have been fed wrongly, nothing is guessed", async () => {
  const out = (await predict([image]))[0] as Tensor;
  const predicted = { outputs: [{ name: "out", tensor: out }], arithmetic: null };
  const seen = [{ name: null, tensor: { ...out, data: new Float32Array(2) } }];
  expect(await guessFeed("a", seen, predicted, { inputs: [image, image], predict })).toBeNull();
});
