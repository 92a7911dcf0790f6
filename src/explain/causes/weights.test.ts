/** @file What became of a weight: each transform is told from the others, on the numbers themselves. */

import { expect, test } from "vitest";
import { roundToFloat16 } from "../../numerics/formats.ts";
import { randomFrom } from "../../numerics/random.ts";
import { type RealTensor, real } from "../../tensor/tensor.ts";
import { detailOf, type WeightDetail } from "./weights.ts";

const random = randomFrom(3);
const original = real(
  [4, 6],
  Float64Array.from({ length: 24 }, () => Math.fround(random.normal())),
);
const with_ = (change: (value: number, i: number) => number): RealTensor => ({
  ...original,
  data: original.data.map(change),
});
const quantized = (steps: number): RealTensor => {
  const low = Math.min(...original.data);
  const scale = (Math.max(...original.data) - low) / steps;
  return with_((value) =>
    Math.fround(Math.fround(Math.round((value - low) / scale) * Math.fround(scale)) + Math.fround(low)),
  );
};

const CASES: readonly (readonly [string, WeightDetail, RealTensor, string | null])[] = [
  [
    "one ulp of one value",
    "edited",
    with_((value, i) => (i === 5 ? Math.fround(value + 2 ** -23) : value)),
    null,
  ],
  [
    "one ulp of the largest value",
    "edited",
    with_((value) => (value === Math.max(...original.data) ? Math.fround(value * (1 + 2 ** -23)) : value)),
    null,
  ],
  ["all values negated", "negated", with_((value) => -value), null],
  ["all values doubled", "scaled", with_((value) => value * 2), null],
  ["a third of all values", "scaled", with_((value) => Math.fround(value / 3)), null],
  ["zeros", "dropped", with_(() => 0), null],
  ["half precision", "float16", with_(roundToFloat16), null],
  ["8 bits", "quantized-uint8", quantized(255), "uint8"],
  ["16 bits", "quantized-uint16", quantized(65535), "uint16"],
  [
    "axes swapped",
    "transposed",
    real(
      [6, 4],
      Float64Array.from({ length: 24 }, (_, i) => original.data[(i % 4) * 6 + Math.floor(i / 4)] ?? 0),
    ),
    null,
  ],
  [
    "gates in another order",
    "permuted",
    with_((_, i) => original.data[i - (i % 6) + ((i + 3) % 6)] ?? 0),
    null,
  ],
  ["other random numbers", "other-training-run", with_(() => Math.fround(random.normal())), null],
];

test.each(CASES)("%s is %s", (_label, detail, changed, stored) => {
  expect(detailOf(original, changed, stored)).toBe(detail);
});
