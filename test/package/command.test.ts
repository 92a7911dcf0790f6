/** @file The built command: help, exit codes, and what its errors look like on both streams. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "vernier-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function vernier(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const main = join(ROOT, "dist/cli/main.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    cwd: join(ROOT, "test/fixtures"),
    encoding: "utf8",
    timeout: 100_000,
  });
  return { status, stdout, stderr };
}

const PAIR = ["keras3/mlp.h5", "tfjs/mlp"] as const;

test("help leads with check and lists only what is built", () => {
  const { stdout, status } = vernier("--help");
  expect(status).toBe(0);
  const commands = [...stdout.matchAll(/^ {2}(\w+) (?:\[|\w)/gm)].map(([, name]) => name);
  expect(commands.filter((name) => name !== "vernier")).toEqual([
    "check",
    "convert",
    "fix",
    "inputs",
    "inspect",
    "doctor",
  ]);
  for (const unbuilt of ["--golden", "--backward", "--js-layers"])
    expect(vernier("check", "--help").stdout).not.toContain(unbuilt);
});

test.each([
  ["an unknown command", ["transmogrify", "a", "b"]],
  ["an unknown option", ["check", "--bogus", ...PAIR]],
  ["no command", []],
  ["a number that is none", ["check", ...PAIR, "--samples", "0"]],
  ["an unknown engine", ["check", ...PAIR, "--b", "tfjs:abacus"]],
  ["a kind of difference that does not exist", ["check", ...PAIR, "--accept", "wieghts"]],
  ["a report of a kind that is not built", ["check", ...PAIR, "--report", "x.html"]],
  ["a missing file", ["inspect", "nowhere.h5"]],
  ["a format that does not exist", ["convert", PAIR[0], "out", "--to", "onnx"]],
  ["a model that cannot be said in the target", ["convert", "keras2/shared.h5", "out"]],
  ["a place that holds something", ["convert", ...PAIR]],
  ["predictions seen for an input that is not given", ["check", ...PAIR, "--seen-b", "[[1]]"]],
  ["labels for an input that is not given", ["check", ...PAIR, "--labels", "[1]"]],
  [
    "a place for predictions that is taken",
    ["check", ...PAIR, "--predictions", "keras-files/keras3/trained.npz"],
  ],
  ["an input of an unknown kind", ["check", ...PAIR, "--input", "README.md"]],
])("%s exits 2 with an error, a hint and no stack trace", (_, words) => {
  const { status, stdout, stderr } = vernier(...words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^error: .+\n( {2}at: .+\n)? {2}hint: .+\n$/);
});

test("check of one model compares it with its own conversion", () => {
  const { status, stdout } = vernier("check", "keras3/mlp.h5", "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: "agree", sides: { b: { engine: "tfjs:wasm" } } });
});

test("convert writes a model that agrees, and says with --json what it wrote and what proves it", () => {
  const dest = join(folder, "web");
  const { status, stdout } = vernier("convert", "keras3/mlp.h5", dest, "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "vernier.convert/1",
    written: [join(dest, "group1-shard1of1.bin"), join(dest, "model.json")],
    target: "tfjs",
    proof: { verdict: "agree", sides: { b: { engine: "tfjs:wasm" } } },
  });
  expect(vernier("check", "keras3/mlp.h5", dest).status).toBe(0);
});

test("with --json an error is vernier.error/1 on standard output", () => {
  const { status, stdout } = vernier("check", "nowhere.h5", "tfjs/mlp", "--json");
  expect(status).toBe(2);
  const error: Record<string, unknown> = JSON.parse(stdout);
  expect(Object.keys(error)).toEqual(["schema", "code", "message", "where", "hint"]);
  expect(error).toMatchObject({ schema: "vernier.error/1", code: "file.unreadable", where: "nowhere.h5" });
});

test("a pair that agrees exits 0; --report and --json give the same report, and no other file is overwritten", () => {
  const report = join(folder, "report.json");
  const words = ["check", ...PAIR, "--input", "[[0, 1, 2, 3, 4, 5]]", "--json"];
  const { status, stdout } = vernier(...words, "--report", report);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "vernier.report/1",
    verdict: "agree",
    input: { samples: 1 },
  });
  expect(readFileSync(report, "utf8")).toBe(stdout);
  expect(vernier(...words, "--report", report).status).toBe(0);
  const other = join(folder, "package.json");
  writeFileSync(other, "{}");
  expect(vernier(...words, "--report", other).status).toBe(2);
  expect(readFileSync(other, "utf8")).toBe("{}");
});
