/** @file A seeded change to a JSON tree, for the tests of readers that nothing may surprise. */

import type { Random } from "../src/numerics/random.ts";

const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  "",
  "x",
  "__proto__",
  [],
  {},
  [[]],
  [null],
  { a: 1 },
];

/** One place of the tree replaced, removed, repeated or exchanged with a neighbour. */
export function mutateJson(json: unknown, random: Random): string {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      places.push({ holder: node as Record<string, unknown>, key });
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(json);
  const { holder, key } = places[random.integer(0, places.length)] as (typeof places)[number];
  const strange = STRANGE[random.integer(0, STRANGE.length)];
  switch (random.integer(0, 4)) {
    case 0:
      delete holder[key];
      return `without ${key}`;
    case 1: {
      const other = places[random.integer(0, places.length)] as (typeof places)[number];
      holder[key] = structuredClone(other.holder[other.key]);
      return `${key} as ${other.key}`;
    }
    default:
      holder[key] = structuredClone(strange);
      return `${key} as ${JSON.stringify(strange)}`;
  }
}
