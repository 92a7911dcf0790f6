/** @file The `.keras` archive: what is in it, and archives that are made to mislead. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync, type Zippable, zipSync } from "fflate";
import { afterAll, describe, expect, test } from "vitest";
import { type KerasV3File, readKerasV3 } from "./keras-v3.ts";
import { readShardedKerasWeights } from "./keras-weights.ts";
import { openPath } from "./path.node.ts";
import { bytesSource } from "./source.ts";

const fixtures = fileURLToPath(new URL("../../test/fixtures/keras-files/keras3/", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "vernier-keras-v3-"));
afterAll(() => rm(folder, { recursive: true }));

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const members = unzipSync(new Uint8Array(await readFile(join(fixtures, "trained.keras"))));
const { "config.json": CONFIG = text(""), "model.weights.h5": WEIGHTS = text("") } = members;

async function readBytes<T>(bytes: Uint8Array, use: (file: KerasV3File) => Promise<T>): Promise<T> {
  const path = join(folder, "model.keras");
  await writeFile(path, bytes);
  const opened = await openPath(path);
  try {
    return await use(await readKerasV3(opened.source, opened.openHdf5));
  } finally {
    await opened.close();
  }
}

const zip = (files: Zippable, level: 0 | 6 = 0): Uint8Array => zipSync(files, { level });
const names = async (file: KerasV3File) => file.weights.variables.map(({ path }) => path);

test("metadata, config and the place of every variable, in order", async () => {
  const bytes = new Uint8Array(await readFile(join(fixtures, "trained.keras")));
  await readBytes(bytes, async (file) => {
    expect(file).toMatchObject({ kerasVersion: "3.15.1", dateSaved: "2026-01-01@00:00:00", assets: [] });
    expect(file.config["class_name"]).toBe("Sequential");
    expect(file.weights.variables.map(({ path, owner, shape }) => [path, owner, shape])).toEqual([
      ["layers/dense/vars/0", "hidden", [5, 4]],
      ["layers/dense/vars/1", "hidden", [4]],
      ["layers/dense_1/vars/0", "classes", [4, 3]],
      ["layers/dense_1/vars/1", "classes", [3]],
      ...Array.from({ length: 10 }, (_, i) => [`optimizer/vars/${i}`, "adam", expect.any(Array)]),
    ]);
  });
});

test("an archive that was packed again with compression holds the same", async () => {
  const stored = await readBytes(zip(members), names);
  expect(await readBytes(zip(members, 6), names)).toEqual(stored);
});

test("assets are listed and read", async () => {
  const bytes = new Uint8Array(await readFile(join(fixtures, "lookup.keras")));
  await readBytes(bytes, async ({ assets: [asset, ...others] }) => {
    expect(others).toEqual([]);
    expect(asset?.path).toBe("layers/string_lookup/vocabulary.txt");
    expect(new TextDecoder().decode(await asset?.read())).toBe("[UNK]\nb\na");
  });
});

describe("archives that mislead are refused", () => {
  const whole = { "config.json": CONFIG, "model.weights.h5": WEIGHTS };
  const damaged = zip(whole);
  const at = Buffer.from(damaged).indexOf('"class_name"');
  damaged[at + 1] = 0x43;
  test.each<[string, Uint8Array, string, RegExp]>([
    ["a config that was changed", damaged, "file.malformed", /checksum/],
    ["a step up", zip({ ...whole, "assets/../../x": text("x") }), "file.malformed", /leads out/],
    [
      "a step up in Windows' way",
      zip({ ...whole, "assets\\..\\x": text("x") }),
      "file.malformed",
      /leads out/,
    ],
    ["an absolute path", zip({ ...whole, "/etc/x": text("x") }), "file.malformed", /leads out/],
    ["a drive", zip({ ...whole, "C:\\x": text("x") }), "file.malformed", /leads out/],
    [
      "one name in two spellings",
      zip({ ...whole, "assets/a": text("x"), "assets\\a": text("y") }),
      "file.malformed",
      /twice/,
    ],
    ["no weights", zip({ "config.json": CONFIG }), "file.malformed", /no model\.weights\.h5/],
    [
      "pickled weights",
      zip({ "config.json": CONFIG, "model.weights.npz": text("x") }),
      "file.unsupported",
      /pickled/,
    ],
    ["weights that are no HDF5", zip({ ...whole, "model.weights.h5": text("x") }), "file.malformed", /./],
    ["a config that is no JSON", zip({ ...whole, "config.json": text("{") }), "file.malformed", /not JSON/],
    [
      "a config that is a list",
      zip({ ...whole, "config.json": text("[]") }),
      "file.malformed",
      /config\.json/,
    ],
  ])("%s", async (_what, bytes, code, message) => {
    await expect(readBytes(bytes, names)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe("an index of sharded weights", () => {
  test.each<[string, unknown]>([
    ["leads out of its folder", { "/a/vars": ["../x.weights.h5"] }],
    ["leads out in Windows' way", { "/a/vars": "..\\x.weights.h5" }],
    ["is absolute", { "/a/vars": "/x.weights.h5" }],
    ["names no file", { "/a/vars": 3 }],
    ["is no map", "x"],
  ])("that %s is refused", async (_what, weight_map) => {
    const source = bytesSource(text(JSON.stringify({ weight_map })), "x.weights.json");
    const open = () => Promise.reject(new Error("must not be opened"));
    await expect(readShardedKerasWeights(source, open)).rejects.toMatchObject({ code: "file.malformed" });
  });
});
