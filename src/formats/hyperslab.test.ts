/** @file Parts of arrays: each element once, in order; copies as by definition. */

import { expect, test } from "vitest";
import { sizeOf, stridesOf } from "../tensor/tensor.ts";
import type { Hyperslab } from "./hdf5.ts";
import { copyCommon, slabsOf } from "./hyperslab.ts";

/** Flat places of a part, in order. */
function placesIn(shape: readonly number[], slab: Hyperslab): number[] {
  const strides = stridesOf(shape);
  return slab.reduce<number[]>(
    (places, [start, count], axis) =>
      places.flatMap((place) =>
        Array.from({ length: count }, (_, i) => place + (start + i) * (strides[axis] ?? 0)),
      ),
    [0],
  );
}

test.each([[[]], [[7]], [[3, 5]], [[4, 1, 6]], [[2, 3, 4, 5]], [[0, 3]], [[3, 0]]])(
  "the parts of %j follow each other and fit",
  (shape) => {
    for (const max of [1, 2, 5, 7, 30, 1000]) {
      for (const step of [1, 2, 3]) {
        const slabs = [...slabsOf(shape, max, step)];
        const places = slabs.flatMap((slab) => placesIn(shape, slab));
        expect(places).toEqual(Array.from({ length: sizeOf(shape) }, (_, i) => i));
        for (const slab of slabs) expect(placesIn(shape, slab).length).toBeLessThanOrEqual(max);
      }
    }
  },
);

test("parts begin at rows of chunks where these fit", () => {
  const starts = [...slabsOf([10, 4], 20, 2)].map(([first]) => first?.[0]);
  expect(starts).toEqual([0, 4, 8]);
});

test("two blocks share what both have of the larger array", () => {
  const shape = [5, 6];
  const from = { bytes: Uint8Array.from({ length: 12 }, (_, i) => i + 1), shape: [3, 4], origin: [1, 1] };
  const to = { bytes: new Uint8Array(9), shape: [3, 3], origin: [2, 3] };
  copyCommon(from, to, 1);
  const whole = new Map<number, number>();
  placesIn(shape, [
    [1, 3],
    [1, 4],
  ]).forEach((place, i) => whole.set(place, i + 1));
  const expected = placesIn(shape, [
    [2, 3],
    [3, 3],
  ]).map((place) => whole.get(place) ?? 0);
  expect([...to.bytes]).toEqual(expected);
  expect(expected.filter((value) => value > 0)).toHaveLength(4);
});
