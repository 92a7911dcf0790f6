/** @file Reading ahead: in order, so many at once, and errors in their turn. */

import { expect, test } from "vitest";
import { inAdvance } from "./in-advance.ts";

test("results come in order, and no more than asked for are under way, the one that is waited for among them", async () => {
  const begun: number[] = [];
  const given: number[] = [];
  let most = 0;
  for await (const [item, result] of inAdvance(
    [5, 4, 3, 2, 1, 0],
    async (item) => {
      begun.push(item);
      await new Promise((resolve) => setTimeout(resolve, item));
      return 10 * item;
    },
    { sizeOf: () => 1, limit: 3 },
  )) {
    most = Math.max(most, begun.length - given.length);
    given.push(item);
    expect(result).toBe(10 * item);
  }
  expect(given).toEqual([5, 4, 3, 2, 1, 0]);
  expect(most).toBe(3);
});

test("what is larger than the limit is alone, and small items go together", async () => {
  const begun: number[] = [];
  const seen: number[][] = [];
  const work = async (item: number): Promise<void> => void begun.push(item);
  for await (const [item] of inAdvance([9, 1, 2, 9, 3], work, { sizeOf: (item) => item, limit: 4 }))
    seen.push([item, begun.length]);
  expect(seen).toEqual([
    [9, 1],
    [1, 3],
    [2, 3],
    [9, 4],
    [3, 5],
  ]);
});

test("what fails is thrown in its turn, after the results before it", async () => {
  const given: number[] = [];
  const all = inAdvance(
    [1, 2, 3],
    (item) =>
      item === 1
        ? new Promise<number>((resolve) => setTimeout(() => resolve(1), 5))
        : Promise.reject(new Error("no")),
    { sizeOf: () => 1, limit: 4 },
  );
  await expect(
    (async () => {
      for await (const [item] of all) given.push(item);
    })(),
  ).rejects.toThrow("no");
  expect(given).toEqual([1]);
});
