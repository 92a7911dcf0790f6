/**
 * @file The three posts of examples/article: their code runs, makes such a pair again, and the command says what is wrong
 * with it; corrected, the pair agrees. The Python of two of them needs real Keras (VERNIER_PYTHON).
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import type { Report } from "../../src/compare/findings.ts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "vernier-article-"));
const python = process.env["VERNIER_PYTHON"] ?? "";
const needsKeras = ({ skip }: TestContext): void =>
  skip(python === "", "VERNIER_PYTHON names no Python with Keras");

beforeAll(() => {
  cpSync(join(ROOT, "examples/article"), folder, { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, file: string, cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, [file], { cwd: join(folder, cwd), encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stdout;
}
const javaScript = (file: string, cwd: string): string => run(process.execPath, file, cwd);

function check(cwd: string, ...words: readonly string[]): Report {
  const main = join(ROOT, "dist/cli/main.js");
  const { stdout } = spawnSync(process.execPath, [main, "check", ...words, "--json"], {
    cwd: join(folder, cwd),
    encoding: "utf8",
  });
  return JSON.parse(stdout) as Report;
}
const details = ({ causes }: Report): string[] => [
  ...new Set(causes.map(({ kind, detail }) => `${kind} ${detail}`)),
];

test("two models built side by side have other weights, in float32 and in float64", (context) => {
  needsKeras(context);
  const cwd = "separate-weights";
  run(python, "as-posted.py", cwd);
  javaScript("as-posted.js", cwd);
  for (const file of ["model.h5", "model64.h5"]) {
    const report = check(cwd, file, "web");
    expect(report.verdict).toBe("differ");
    expect(details(report)).toEqual(["weights other-training-run"]);
    // However precise the one side is: what parts them is a million times what rounding does.
    expect(Math.abs(report.budget?.serialization ?? 0)).toBeGreaterThan(
      1e5 * Math.abs(report.budget?.environmentB ?? 1),
    );
    expect(check(cwd, file).verdict).toBe("agree");
  }
});

test("a model that is saved while it still trains is an untrained one", () => {
  const cwd = "forgotten-await";
  javaScript("as-posted.js", cwd);
  const report = check(cwd, "in-memory", "web");
  expect(report.verdict).toBe("differ");
  expect(report.causes.every(({ kind }) => kind === "weights")).toBe(true);
  javaScript("corrected.js", cwd);
  expect(check(cwd, "in-memory-corrected", "web-corrected").verdict).toBe("agree");
});

test("an operation on one side only is found by what was seen there", (context) => {
  needsKeras(context);
  const cwd = "custom-op";
  run(python, "as-posted.py", cwd);
  const inPage = javaScript("as-posted.js", cwd);
  expect(JSON.parse(inPage)).toEqual(
    JSON.parse(readFileSync(join(folder, cwd, "seen-in-page.json"), "utf8")),
  );
  const seen = (file: string): Report =>
    check(cwd, file, "--input", "x.json", "--seen-a", "seen-in-python.json", "--seen-b", inPage);
  const posted = seen("model.h5");
  expect(posted.verdict).toBe("agree");
  expect(posted.seen.map(({ side, reproduced }) => [side, reproduced])).toEqual([
    ["a", false],
    ["b", true],
  ]);
  run(python, "corrected.py", cwd);
  expect(seen("corrected.h5").seen.map(({ reproduced }) => reproduced)).toEqual([true, false]);
});
