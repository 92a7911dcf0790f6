/** @file Into place at once, or not at all: what a destination holds before, after. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { constantModel, idOfModel } from "../../test/constant-model.ts";
import { file, folder, list, PLAIN, single, write } from "../../test/destination-scene.ts";
import { type DestinationOptions, openDestination } from "./destination.node.ts";
import type { OutputFile } from "./output.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vernier-destination-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("a new folder appears whole, and only at the commit; what is staged can be opened before", async () => {
  const dest = join(root, "web");
  await using destination = await openDestination(dest, folder());
  const staged = await destination.stage(await constantModel(1));
  expect(await idOfModel(dirname(staged.path))).toBe(1);
  expect(existsSync(dest)).toBe(false);
  expect(await staged.commit()).toEqual(PLAIN.map((name) => join(dest, name)));
  expect(list(dest)).toEqual(PLAIN);
  expect(list(root)).toEqual(["web"]);
  expect(await idOfModel(dest)).toBe(1);
  const umask = process.umask();
  expect([statSync(dest).mode & 0o777, statSync(join(dest, "model.json")).mode & 0o777]).toEqual([
    0o777 & ~umask,
    0o666 & ~umask,
  ]);
});

test("into a folder: the old model's weight files go, everything else stays, new names say what is in them", async () => {
  const dest = join(root, "web");
  await write(dest, await constantModel(1), folder());
  writeFileSync(join(dest, "index.html"), "mine");
  writeFileSync(join(dest, "group9-shard1of1.bin"), "not named by the model");
  const written = await write(dest, await constantModel(2), folder(true));
  expect(await idOfModel(dest)).toBe(2);
  expect(list(dest)).toEqual(
    [...written.map((path) => path.slice(dest.length + 1)), "group9-shard1of1.bin", "index.html"].sort(),
  );
  expect(written[0]).toMatch(/group1-shard1of3-[0-9a-f]{8}\.bin$/);
  const again = await write(dest, await constantModel(1), folder(true));
  expect(again[0]).not.toBe(written[0]);
  expect(await write(dest, await constantModel(2), folder(true))).toEqual(written);
  // The same model over itself: its own names are in use.
  expect((await write(dest, await constantModel(2), folder(true)))[0]).toMatch(/-[0-9a-f]{8}-2\.bin$/);
  expect(await idOfModel(dest)).toBe(2);
});

test("an empty folder, and model.json as the destination, need no permission to overwrite and get plain names", async () => {
  await write(root, await constantModel(1), folder());
  expect(list(root)).toEqual(PLAIN);
  const beside = join(root, "other");
  mkdirSync(beside);
  writeFileSync(join(beside, "index.html"), "mine");
  await write(join(beside, "model.json"), await constantModel(2), folder());
  expect(list(beside)).toEqual([...PLAIN, "index.html"].sort());
  await write(join(root, "new", "model.json"), await constantModel(3), folder());
  expect(await idOfModel(join(root, "new"))).toBe(3);
});

test("a file replaces a file, keeps its permissions, and follows a link to it", async () => {
  const real = join(root, "real.keras");
  await write(real, file("old"), single());
  const { mode } = statSync(real);
  writeFileSync(join(root, "secret.keras"), "old", { mode: 0o600 });
  symlinkSync(real, join(root, "link.keras"));
  expect(await write(join(root, "link.keras"), file("new"), single(true))).toEqual([
    join(root, "link.keras"),
  ]);
  expect(readFileSync(real, "utf8")).toBe("new");
  expect(statSync(real).mode).toBe(mode);
  await write(join(root, "secret.keras"), file("new"), single(true));
  expect(statSync(join(root, "secret.keras")).mode & 0o777).toBe(0o600);
  expect(list(root)).toEqual(["link.keras", "real.keras", "secret.keras"]);
});

test.each<[string, string, DestinationOptions, string, string]>([
  ["a folder that holds something", "full", folder(), "dest.exists", `the folder holds "a.txt"`],
  ["a model.json that is there", "model/model.json", folder(), "dest.exists", "a file is there"],
  ["a file that is there", "full/a.txt", single(), "dest.exists", "a file is there"],
  ["a file where a folder is needed", "full/a.txt", folder(true), "dest.unwritable", "a folder is needed"],
  ["a folder where a file is needed", "full", single(true), "dest.unwritable", "a file is needed"],
  ["a folder in a folder that is missing", "no/such", folder(), "dest.unwritable", "there is no folder"],
  ["a file in a folder that is missing", "no/such.keras", single(), "dest.unwritable", "there is no folder"],
  ["a file below a file", "full/a.txt/b.keras", single(), "dest.unwritable", "a file, not a folder"],
  ["a name that no file system takes", `${"x".repeat(300)}.keras`, single(), "dest.unwritable", "too long"],
])("%s is refused before anything is done", async (_, dest, options, code, message) => {
  mkdirSync(join(root, "full"));
  mkdirSync(join(root, "model"));
  writeFileSync(join(root, "model", "model.json"), "{}");
  writeFileSync(join(root, "full", "a.txt"), "mine");
  const steps: string[] = [];
  const opened = openDestination(join(root, dest), {
    ...options,
    onStep: (operation) => steps.push(operation),
  });
  await expect(opened).rejects.toMatchObject({
    code,
    exitCode: 2,
    message: expect.stringContaining(message),
    where: join(root, dest),
  });
  expect(steps).toEqual([]);
});

test("discarding, disposing and a source that fails leave nothing behind", async () => {
  const dest = join(root, "web");
  {
    await using destination = await openDestination(dest, folder());
    await (await destination.stage(await constantModel(1))).discard();
    await destination.stage(await constantModel(1));
    expect(list(root)).toHaveLength(1);
  }
  expect(list(root)).toEqual([]);
  const failing: OutputFile = {
    name: "a.bin",
    sizeBytes: 4,
    async *pieces() {
      yield Uint8Array.of(1);
      throw new Error("the source broke");
    },
  };
  await expect(write(dest, [failing, ...(await constantModel(1))], folder())).rejects.toThrow(
    "the source broke",
  );
  const short: OutputFile = { ...(file("abc")[0] as OutputFile), sizeBytes: 4 };
  await expect(write(join(root, "a.h5"), [short], single())).rejects.toMatchObject({ code: "internal" });
  expect(list(root)).toEqual([]);
});

test("what appeared meanwhile is not replaced without --overwrite", async () => {
  for (const [name, options, files] of [
    ["web", folder(), await constantModel(1)],
    ["a.keras", single(), file("x")],
  ] as const) {
    await using destination = await openDestination(join(root, name), options);
    const staged = await destination.stage(files);
    writeFileSync(join(root, name), "of another program");
    await expect(staged.commit()).rejects.toMatchObject({ code: "dest.exists" });
    expect(readFileSync(join(root, name), "utf8")).toBe("of another program");
  }
  expect(list(root)).toEqual(["a.keras", "web"]);
});
