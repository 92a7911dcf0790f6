/** @file The list of repairs: every file is in it, and every id that a cause names is one of them. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REPAIRS } from "./index.ts";

test("each repair has a file of its name, and each file that declares one is in the list", () => {
  const declared = readdirSync(import.meta.dirname).filter(
    (name) =>
      !name.includes(".test.") && /: Repair = \{/.test(readFileSync(join(import.meta.dirname, name), "utf8")),
  );
  expect(REPAIRS.map(({ id }) => `${id}.ts`).toSorted()).toEqual(declared.toSorted());
});

test("every repair that a cause names exists", () => {
  const folder = join(import.meta.dirname, "../explain");
  const named = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes(".test."))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), "utf8").matchAll(/repair:[^,;]*?"([a-z]+-[a-z-]+)"/g),
    ])
    .map(([, id]) => id);
  expect(named.length).toBeGreaterThan(2);
  for (const id of named) expect(REPAIRS.map((repair) => repair.id)).toContain(id);
});
