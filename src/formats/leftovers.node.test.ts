/** @file A disk that fails at any step, what killed runs leave, and what is never removed. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { constantModel, idOfModel } from "../../test/constant-model.ts";
import { file, folder, list, PLAIN, single, write } from "../../test/destination-scene.ts";
import type { DestinationOptions } from "./destination.node.ts";
import type { OutputFile } from "./output.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vernier-destination-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** One that the operating system would throw. */
const systemError = (code: string): Error => Object.assign(new Error(code), { code });

const SCENES: readonly [
  string,
  string,
  DestinationOptions,
  (id: number) => Promise<readonly OutputFile[]>,
][] = [
  ["a new folder", "web", folder(), constantModel],
  ["a folder with a model", "old", folder(true), constantModel],
  ["a file", "old.keras", single(true), async (id) => file(`model ${id}`)],
];

test.each(SCENES)(
  "%s: a disk that is full at any step changes nothing, or has replaced the model",
  async (_, name, options, make) => {
    const state = async (): Promise<string> =>
      JSON.stringify({
        files: list(root),
        old: existsSync(join(root, "old")) ? list(join(root, "old")) : null,
        id: await idOfModel(join(root, "old")),
        web: existsSync(join(root, "web"))
          ? [await idOfModel(join(root, "web")), ...list(join(root, "web"))]
          : null,
        keras: readFileSync(join(root, "old.keras"), "utf8"),
      });
    await write(join(root, "old"), await constantModel(1), folder());
    await write(join(root, "old.keras"), file("model 1"), single());
    const saved = mkdtempSync(join(tmpdir(), "vernier-saved-"));
    onTestFinished(() => rmSync(saved, { recursive: true, force: true }));
    cpSync(root, saved, { recursive: true });
    const reset = (): void => {
      rmSync(root, { recursive: true });
      cpSync(saved, root, { recursive: true });
    };
    const before = await state();
    await write(join(root, name), await make(2), options);
    const after = await state();
    expect(after).not.toBe(before);
    let failures = 0;
    let replaced = 0;
    for (let n = 1; ; n++) {
      reset();
      let step = 0;
      const onStep = (): void => {
        if (++step === n) throw systemError("ENOSPC");
      };
      const result = await write(join(root, name), await make(2), { ...options, onStep }).catch(
        (error: unknown) => error,
      );
      if (step < n) break;
      if (result instanceof Error) {
        failures++;
        expect(result).toMatchObject({
          code: "dest.unwritable",
          message: expect.stringContaining("the disk is full"),
        });
        expect(await state(), `step ${n}`).toBe(before);
      } else {
        // The model was in place; tidying failed, and a run an hour later does it.
        replaced++;
        ageTemporaries();
        await write(join(root, name), await make(2), { ...options, overwrite: true });
        expect(
          list(root)
            .concat(list(join(root, "old")))
            .filter((entry) => entry.startsWith(".")),
        ).toEqual([]);
        expect(list(join(root, name === "web" ? "web" : "old"))).toHaveLength(4);
      }
    }
    expect(failures).toBeGreaterThan(5);
    expect(replaced).toBeGreaterThan(0);
  },
  60_000, // some hundred syncs to a disk that others may be using
);

function ageTemporaries(): void {
  const longAgo = Date.now() / 1000 - 3700;
  for (const parent of [root, join(root, "old"), join(root, "web")].filter(existsSync)) {
    for (const name of readdirSync(parent).filter((entry) => entry.startsWith(".vernier-"))) {
      const path = join(parent, name);
      for (const entry of readdirSync(path)) utimesSync(join(path, entry), longAgo, longAgo);
      utimesSync(path, longAgo, longAgo);
    }
  }
}

test("a killed run's files go after an hour, not before; others' folders stay", async () => {
  const dest = join(root, "web");
  await write(dest, await constantModel(1), folder());
  const dead = join(dest, ".vernier-0123456789abcdef");
  mkdirSync(dead);
  mkdirSync(join(dest, ".vernier-mine"));
  // Killed after it had moved one file into place, before model.json.
  writeFileSync(join(dest, "group1-shard1of3-deadbeef.bin"), "moved");
  const names = ["group1-shard1of3-deadbeef.bin", ...PLAIN, "../outside.bin"];
  writeFileSync(join(dead, ".names.json"), JSON.stringify({ names: names.slice(0, -1) }));
  writeFileSync(join(root, "outside.bin"), "mine");
  await write(dest, await constantModel(2), folder(true));
  expect(list(dest)).toContain(".vernier-0123456789abcdef");
  const longAgo = Date.now() / 1000 - 3700;
  utimesSync(join(dead, ".names.json"), longAgo, longAgo);
  utimesSync(dead, longAgo, longAgo);
  await write(dest, await constantModel(3), folder(true));
  expect(list(dest).filter((name) => !name.startsWith("group1"))).toEqual([".vernier-mine", "model.json"]);
  expect(list(dest)).not.toContain("group1-shard1of3-deadbeef.bin");
  expect(list(dest).filter((name) => name.startsWith("group1"))).toHaveLength(3);
  expect(await idOfModel(dest)).toBe(3);
  expect(list(root)).toEqual(["outside.bin", "web"]);
});

test.each([
  ["its author's idea of a weight file", "thesis.docx", "thesis.docx"],
  ["a file that another model of the folder names", "shared.bin", "shared.bin"],
  ["a file outside of the folder, through a link", "link/outside.bin", "../outside.bin"],
  ["a file outside of the folder", "../outside.bin", "../outside.bin"],
])("replacing a model does not delete %s", async (_, named, path) => {
  const dest = join(root, "web");
  mkdirSync(dest);
  symlinkSync(root, join(dest, "link"));
  writeFileSync(
    join(dest, "model.json"),
    JSON.stringify({ weightsManifest: [{ paths: [named, "own.bin"], weights: [] }] }),
  );
  writeFileSync(
    join(dest, "second.json"),
    JSON.stringify({ weightsManifest: [{ paths: ["./shared.bin"], weights: [] }] }),
  );
  writeFileSync(join(dest, path), "mine");
  writeFileSync(join(dest, "own.bin"), "of the old model");
  await write(dest, await constantModel(1), folder(true));
  expect(readFileSync(join(dest, path), "utf8")).toBe("mine");
  // A manifest that points outside is not believed in anything.
  expect(existsSync(join(dest, "own.bin"))).toBe(named.startsWith(".."));
  expect(await idOfModel(dest)).toBe(1);
  expect(list(dirname(dest)).filter((name) => name.startsWith("."))).toEqual([]);
});
