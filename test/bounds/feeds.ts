/** @file What the branches are fed: numbers drawn at random, and numbers drawn to hurt. */

import type { Random } from "../../src/numerics/random.ts";
import { randomFrom } from "../../src/numerics/random.ts";
import { sizeOf, type Tensor } from "../../src/tensor/tensor.ts";
import type { Branch } from "./cases.ts";

/** Seams of activations and their like: where formulas change, saturate or flush. */
const SEAMS = [
  0, -0, 1, -1, 0.5, -0.5, 2.5, -2.5, 3, -3, 6, 6.0000005, 13.94, -13.94, 20, -20, 87.3, -87.3, 88.8, -104,
];

export const FEEDS: Readonly<Record<string, (random: Random) => () => number>> = {
  random: (random) => () => random.normal(),
  /** A large common part that sums and differences have to cancel. */
  cancellation: (random) => () => 1000 * (random.uniform() < 0.5 ? -1 : 1) + random.normal(),
  offset: (random) => () => 4096 + random.normal() / 64,
  /** Twelve orders of magnitude side by side. */
  wide: (random) => () => random.normal() * 10 ** (12 * random.uniform() - 6),
  seams: (random) => () =>
    (SEAMS[random.integer(0, SEAMS.length)] as number) * (1 + 2 ** -23 * random.integer(-2, 3)),
  subnormal: (random) => () => random.normal() * 2 ** -random.integer(120, 148),
  /** Sums of a few terms pass the largest float32, 3.4e38; products do. */
  overflow: (random) => () => random.normal() * 1e37,
};

/** One tensor per input of the branch. Masked ones end in padding, or have holes. */
export function fedTo(branch: Branch, batch: number, feed: string, seed: number): Tensor[] {
  return branch.inputs.map(({ shape, dtype = "float32", values, max = 2, mask }, i) => {
    const random = randomFrom(seed, hash(`${branch.name}/${feed}/${i}`));
    const dims = [batch, ...shape];
    if (dtype !== "float32" || values === "indices") {
      const ids = Array.from({ length: sizeOf(dims) }, () => random.integer(0, max));
      return {
        shape: dims,
        dtype,
        data: dtype === "float32" ? Float32Array.from(ids) : Int32Array.from(ids),
      };
    }
    const next = (FEEDS[feed] ?? (() => () => Number.NaN))(random);
    const data = Float32Array.from({ length: sizeOf(dims) }, next);
    if (branch.masked[i] === true || values === "padded") pad(data, dims, mask ?? "ragged", random);
    return { shape: dims, dtype, data };
  });
}

/** No sample loses every step but, now and then, by "random". */
function pad(
  data: Float32Array,
  [batch = 0, steps = 0, ...rest]: readonly number[],
  mask: string,
  random: Random,
): void {
  const size = sizeOf(rest);
  for (let sample = 0; sample < batch; sample++) {
    const length = 1 + (sample % steps);
    for (let step = 0; step < steps; step++) {
      const drop = mask === "random" ? random.uniform() < 0.4 : step >= length;
      const start = (sample * steps + step) * size;
      if (drop) data.fill(0, start, start + size);
      // What is not dropped must not look so.
      else if (data.subarray(start, start + size).every((x) => x === 0)) data.fill(1, start, start + size);
    }
  }
}

export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
