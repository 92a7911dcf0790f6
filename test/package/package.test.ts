/** @file The package as npm would publish it: what is in it, whether tools and Node understand it, whether it runs. */

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

const folder = mkdtempSync(join(tmpdir(), "vernier-package-"));
const installed = join(folder, "node_modules/vernier");
let tarball = "";
let files: string[] = [];

beforeAll(() => {
  // The global setup has built dist/; npm's own build would run the compiler once more.
  const packed = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], ROOT);
  const [{ filename, files: entries }] = JSON.parse(packed.stdout) as [
    { filename: string; files: { path: string }[] },
  ];
  tarball = join(folder, filename);
  files = entries.map(({ path }) => path).sort();
  mkdirSync(installed, { recursive: true });
  run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"], folder);
  // A user's folder holds the package and what it declares; an undeclared dependency is not found there.
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball holds the built program and what people read, and no tests, fixtures or sources", () => {
  const known = /^(dist\/|python\/vernier_keras\.py$|package\.json$|README\.md$|CHANGELOG\.md$|LICENSE$)/;
  expect(files.filter((path) => !known.test(path))).toEqual([]);
  expect(files.filter((path) => /\.test\.|fixture|\.tsbuildinfo$|\.built$|(?<!\.d)\.ts$/.test(path))).toEqual(
    [],
  );
  expect(files).toEqual(
    expect.arrayContaining([
      "LICENSE",
      "README.md",
      "CHANGELOG.md",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/node.js",
    ]),
  );
});

test("publint has nothing to say about the tarball", async () => {
  const data = readFileSync(tarball);
  const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: bytes }, level: "suggestion", strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test("attw finds the types of every entry point, for ESM and bundlers", () => {
  const { stdout, status } = run(
    "node_modules/.bin/attw",
    [tarball, "--profile", "esm-only", "--no-emoji", "--no-color"],
    ROOT,
  );
  expect(status, stdout).toBe(0);
});

test("an importer gets the entry points with the declared dependencies alone", () => {
  const program =
    'for (const entry of ["vernier", "vernier/node"]) console.log(typeof (await import(entry)).VernierError)';
  const ran = run(process.execPath, ["--input-type=module", "-e", program], folder);
  expect(ran).toMatchObject({ stdout: "function\nfunction\n", stderr: "" });
});

test("the command of the package runs where it is installed", () => {
  const main = join(installed, manifest.bin["vernier"] ?? "");
  expect(readFileSync(main, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(run(process.execPath, [main, "--version"], folder)).toMatchObject({
    stdout: `${manifest.version}\n`,
    stderr: "",
  });
});

test("the command starts from a handful of files, and none of them needs another by its source's place", () => {
  const chunks = join(installed, "dist/cli/chunks");
  const requiredBy = (path: string): string[] =>
    [...readFileSync(path, "utf8").matchAll(/(?<!=>)require\(["'`](\.\.?\/[^"'`]+)["'`]\)/g)].map(
      ([, name = ""]) => join(dirname(path), name),
    );
  const opened = new Set<string>();
  const open = (path: string): void => {
    if (opened.has(path)) return;
    opened.add(path);
    for (const next of requiredBy(path)) open(next);
  };
  for (const name of ["program.cjs", "common.cjs"]) open(join(chunks, name));
  expect([...opened].filter((path) => dirname(path) !== chunks)).toEqual([]);
  expect(opened.size).toBeLessThanOrEqual(6);
  const imported = /\bimport\s*\(?\s*["'`](\.\.?\/[^"'`]+)/g;
  const main = readFileSync(join(installed, "dist/cli/main.js"), "utf8");
  expect([...main.matchAll(imported)].map(([, name]) => name)).toEqual(["./program.js"]); // for an older Node
  for (const name of ["commander", "fflate"])
    expect(readFileSync(join(chunks, "LICENSES.txt"), "utf8")).toContain(`${name}\n\n`);
});

test("every version is pinned exactly", () => {
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("every npm script runs a file that exists", () => {
  const named = Object.entries(manifest.scripts).flatMap(([name, command]) =>
    (command.match(/(?:\.\/)?(?:scripts|bench)\/[\w./-]+|tsconfig[\w.]+/g) ?? []).map((path) => ({
      name,
      path,
    })),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
});

function run(
  program: string,
  args: readonly string[],
  cwd: string,
): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 100_000 });
  return { stdout, stderr, status };
}
