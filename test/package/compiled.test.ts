/** @file What the built command keeps of its compiled code, and that nothing depends on it. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "vernier-compiled-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const kept = join(folder, "vernier", "compiled");

/** `helper` runs before the command in its process. */
function inspect(
  env: Readonly<Record<string, string>> = {},
  helper = "",
): { stdout: string; stderr: string } {
  const main = join(ROOT, "dist/cli/main.js");
  const words = ["--import", `data:text/javascript,${encodeURIComponent(helper)}`, main];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...words, "inspect", join(ROOT, "test/fixtures/keras3/mlp.h5")],
    { env: { ...process.env, XDG_CACHE_HOME: folder, LOCALAPPDATA: folder, ...env }, encoding: "utf8" },
  );
  expect({ status, stderr: helper === "" ? stderr : "" }).toEqual({ status: 0, stderr: "" });
  return { stdout, stderr };
}

/** Counts the scripts that V8 took from what was kept. */
const COUNT = `import vm from "node:vm"; import { syncBuiltinESMExports } from "node:module";
  const scripts = []; const { Script } = vm;
  vm.Script = class extends Script { constructor(...all) { super(...all); scripts.push(this); } };
  syncBuiltinESMExports();
  process.on("exit", () => console.error(scripts.filter((s) => s.cachedDataRejected === false).length));`;

test("a second run takes its code from what the first one compiled, and says the same", () => {
  const first = inspect();
  const files = readdirSync(kept);
  expect(files.length).toBeGreaterThan(2);
  const second = inspect({}, COUNT);
  expect(second.stdout).toBe(first.stdout);
  expect(Number(second.stderr)).toBe(files.length);
  expect(readdirSync(kept)).toEqual(files);
});

test("kept code that V8 refuses is compiled anew and replaced", () => {
  const [name = ""] = readdirSync(kept);
  const good = readFileSync(join(kept, name));
  writeFileSync(join(kept, name), good.subarray(0, 100));
  inspect();
  expect(readFileSync(join(kept, name)).length).toBeGreaterThan(100);
});

test("of a file's earlier state nothing is left", () => {
  const [name = ""] = readdirSync(kept);
  const [place = ""] = name.split("-");
  rmSync(join(kept, name));
  writeFileSync(join(kept, `${place}-1-1-00`), "old");
  inspect();
  expect(readdirSync(kept).filter((file) => file.startsWith(place))).toEqual([name]);
});

test("nothing is kept where the user says so, or the folder cannot be made", () => {
  rmSync(kept, { recursive: true });
  inspect({ NODE_DISABLE_COMPILE_CACHE: "1" });
  expect(readdirSync(join(folder, "vernier"))).toEqual([]);
  const file = join(folder, "no-folder");
  writeFileSync(file, "");
  inspect({ XDG_CACHE_HOME: file, LOCALAPPDATA: file });
});
