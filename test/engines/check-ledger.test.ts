/** @file `vernier check A B --ledger FILE`, as a user calls it. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURES = join(ROOT, "test/fixtures");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vernier-ledger-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function check(b: string, ledger: string): { status: number | null; stderr: string } {
  const words = [join(ROOT, "dist/cli/main.js"), "check", join(FIXTURES, "keras2/mlp.h5"), join(FIXTURES, b)];
  const { status, stderr } = spawnSync(
    process.execPath,
    [...words, "--quiet", "--samples", "1", "--ledger", ledger],
    { encoding: "utf8" },
  );
  return { status, stderr };
}

test("it is written beside the verdict, and again over an older one", () => {
  const path = join(folder, "ledger.json");
  for (let i = 0; i < 2; i++) expect(check("tfjs/mlp", path)).toEqual({ status: 0, stderr: "" });
  const ledger = JSON.parse(readFileSync(path, "utf8")) as { schema: string; entries: { path: string }[] };
  expect(ledger.schema).toBe("vernier.ledger/1");
  expect(ledger.entries.map((entry) => entry.path)).toContain("hidden/weights/kernel");
});

test("a file that is none is not overwritten, and a graph has none", () => {
  const path = join(folder, "thesis.txt");
  writeFileSync(path, "mine");
  expect(check("tfjs/mlp", path)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("not overwritten"),
  });
  expect(readFileSync(path, "utf8")).toBe("mine");
  const other = check("tfjs-graph/mlp", join(folder, "l.json"));
  expect(other).toMatchObject({ status: 2, stderr: expect.stringContaining("no layers") });
});
