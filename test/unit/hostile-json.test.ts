/** @file Hostile JSON: `model.json`, a config inside another file, an index of shards. Refused with its place. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { VernierError } from "../../src/base/errors.ts";
import { readModel } from "../../src/dialects/read-model.ts";
import { parseJson } from "../../src/formats/json-text.ts";
import { openPath } from "../../src/formats/path.node.ts";
import { fixtureBytes, readWhole, readWholePath, refusalOf } from "../refusal.ts";
import { zipBytes } from "../zip-bytes.ts";

const shard = fixtureBytes("tfjs/mlp/group1-shard1of1.bin");
const text = new TextDecoder().decode(fixtureBytes("tfjs/mlp/model.json"));
const files = { "group1-shard1of1.bin": shard };

/** The sound model.json with one part of its text replaced; the part must be there. */
function replaced(part: string | RegExp, by: string): string {
  const changed = text.replace(part, by);
  if (changed === text) throw new Error(`${String(part)} is not in the model`);
  return changed;
}
const refusalFor = (json: string): Promise<VernierError> =>
  refusalOf(() => readWhole(json, files, "model.json"));

test("the model that the others are made of is read", () => readWhole(text, files));

describe("keys that are there twice", () => {
  test.each([
    ["at the top", '{"format": 1, "format": 2}', "model.json.format"],
    ["far below", '{"a": [1, {"b": {"c": 1}}, {"b": 1, "d": [], "b": 2}]}', "model.json.a[2].b"],
    ["written otherwise", '{"a": {"units": 1, "\\u0075nits": 2}}', "model.json.a.units"],
    [
      "after strings that look like keys",
      '{"a": "{\\"x\\": 1, \\"x\\": 2}", "b": ["a:", "a:"], "a": 0}',
      "model.json.a",
    ],
    ["beside __proto__", '{"__proto__": 1, "a": {}, "__proto__": 2}', "model.json.__proto__"],
    ["beside bare numbers", '{"a": NaN, "a": 1}', "model.json.a"],
    ["with no name", '{"": 1, "": 2}', "model.json."],
  ])("%s", async (_what, json, where) => {
    const refusal = await refusalOf(async () => parseJson(json, "model.json"));
    expect(refusal).toMatchObject({ code: "file.malformed", where });
    expect(refusal.message).toContain("there twice");
  });

  test("the same key in two objects is no repetition", () => {
    expect(parseJson('[{"a": 1}, {"a": {"a": ["a", "a"]}}]', "x").json).toEqual([
      { a: 1 },
      { a: { a: ["a", "a"] } },
    ]);
  });

  test("in a model.json", async () => {
    const refusal = await refusalFor(replaced('"units":', '"units": 3, "units":'));
    expect(refusal.where).toMatch(
      /^model\.json\.modelTopology\.model_config\.config\.layers\[\d\]\.config\.units$/,
    );
  });

  test("in the config of a .keras", async () => {
    const members = unzipSync(fixtureBytes("keras-files/keras3/wrapped.keras"));
    const config = new TextDecoder()
      .decode(members["config.json"])
      .replace('"class_name"', '"class_name": "X", "class_name"');
    const zip = zipBytes(
      Object.entries(members).map(([name, bytes]) =>
        name === "config.json" ? { name, bytes: new TextEncoder().encode(config) } : { name, bytes },
      ),
    );
    const refusal = await refusalOf(() => readWhole(zip));
    expect(refusal).toMatchObject({ code: "file.malformed", where: "model:config.json.class_name" });
  });

  test("in the model_config of an .h5", async () => {
    const bytes = fixtureBytes("hdf5/keras.h5");
    // Of the same length, so that the file stays as it is.
    const at = Buffer.from(bytes).indexOf('"units": 4');
    bytes.set(new TextEncoder().encode('"name":"x"'), at);
    const refusal = await refusalOf(() => readWhole(bytes));
    expect(refusal.where).toBe("model:/@model_config.config.layers[0].config.name");
  });
});

describe("numbers that are none", () => {
  test.each(["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9007199254740993", "-1", "0.5", "1e20"])(
    "%s units",
    async (value) => {
      const refusal = await refusalFor(replaced(/"units": ?\d+/, `"units": ${value}`));
      expect(refusal.code).toMatch(/^(config\.invalid|file\.limit|weights\.shape)$/);
      expect(refusal.where).not.toBe("");
    },
  );

  test.each([
    ["9007199254740992", "config.invalid"],
    ["9223372036854775808", "config.invalid"],
    ["18446744073709551615", "config.invalid"],
    ["-1", "config.invalid"],
    ["1.5", "config.invalid"],
    ["NaN", "config.invalid"],
    ["1e999", "config.invalid"],
    ["4503599627370496", "file.limit"],
    ["1073741825", "file.limit"],
  ])("a weight's shape of %s", async (value, code) => {
    const refusal = await refusalFor(replaced(/"shape": ?\[\d+/, `"shape": [${value}`));
    expect(refusal.code).toBe(code);
  });

  test("a shape of zeros and of numbers whose product is none", async () => {
    const shape = `[${"4503599627370496, ".repeat(31)}0]`;
    expect((await refusalFor(replaced(/"shape": ?\[[^\]]*\]/, `"shape": ${shape}`))).code).toBe("file.limit");
    const many = `[${"1, ".repeat(40)}1]`;
    expect((await refusalFor(replaced(/"shape": ?\[[^\]]*\]/, `"shape": ${many}`))).code).toBe("file.limit");
  });

  test("a billion strings in a file of bytes", async () => {
    const json = replaced(
      /"shape": ?\[[^\]]*\], "dtype": ?"float32"/,
      '"shape": [1073741824], "dtype": "string"',
    );
    expect((await refusalFor(json)).code).toMatch(/^file\.(limit|truncated)$/);
  });
});

describe("paths that lead elsewhere", () => {
  const PATHS = [
    "/etc/passwd",
    "../secret.bin",
    "a/../../secret.bin",
    "..\\secret.bin",
    "\\\\host\\x",
    "C:\\x",
    "file:///etc/passwd",
    "https://x/y",
    "a\u0000b",
    "",
  ];
  test.each(PATHS)("a weight file at %j", async (path) => {
    const refusal = await refusalFor(replaced('"group1-shard1of1.bin"', JSON.stringify(path)));
    expect(refusal).toMatchObject({
      code: "config.invalid",
      where: "model.json.weightsManifest[0].paths[0]",
    });
  });

  test.each([...PATHS, "a/b"])("a file of sharded Keras weights at %j", async (path) => {
    const index = JSON.stringify({ metadata: {}, weight_map: { "/layers/dense/vars": path } });
    const architecture = fixtureBytes("keras-files/keras3/wrapped.json");
    const refusal = await refusalOf(() =>
      readModel(new TextEncoder().encode(index), { architecture, name: "x.weights.json" }),
    );
    expect(refusal).toMatchObject({ code: "file.malformed", where: "x.weights.json.weight_map" });
  });

  test.each(PATHS.filter((path) => path !== ""))("kept optimizer state at %j", async (path) => {
    const kept = { optimizer: { path, weights: [{ name: "m", shape: [1], dtype: "float32" }] } };
    const json = { ...(JSON.parse(text) as object), userDefinedMetadata: { vernier: kept } };
    expect((await refusalFor(JSON.stringify(json))).code).toMatch(/^(config\.invalid|file\.unreadable)$/);
  });

  test("nothing outside the folder is opened, on a disk too", async () => {
    const root = mkdtempSync(join(tmpdir(), "vernier-hostile-"));
    try {
      const folder = join(root, "web");
      mkdirSync(folder);
      writeFileSync(join(root, "secret.bin"), shard);
      writeFileSync(join(folder, "model.json"), replaced('"group1-shard1of1.bin"', '"../secret.bin"'));
      expect((await refusalOf(() => readWholePath(folder))).code).toBe("config.invalid");
      // Also where only the checksum is wanted.
      const opened = await openPath(folder);
      expect((await refusalOf(() => opened.sha256())).code).toBe("config.invalid");
      await opened.close();
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

test("more layers, weights or files than any model has", async () => {
  const layers = Array.from({ length: 20_001 }, (_, i) => ({
    class_name: "ReLU",
    config: { name: `r${i}` },
  }));
  const config = { class_name: "Sequential", config: { name: "m", layers } };
  const model = { modelTopology: { model_config: config }, weightsManifest: [] as object[] };
  expect(await refusalFor(JSON.stringify(model))).toMatchObject({
    details: { limit: "the number of layers" },
  });
  const weights = Array.from({ length: 100_001 }, (_, i) => ({ name: `w${i}`, shape: [], dtype: "float32" }));
  model.weightsManifest = [{ paths: [], weights }];
  expect(await refusalFor(JSON.stringify(model))).toMatchObject({
    details: { limit: "the number of weights" },
  });
  model.weightsManifest = [{ paths: Array.from({ length: 10_001 }, (_, i) => `p${i}`), weights: [] }];
  expect(await refusalFor(JSON.stringify(model))).toMatchObject({
    details: { limit: "the number of weight files" },
  });
});

test("cut off at any length, a model.json is refused", async () => {
  for (let length = 0; length < text.length; length += 61)
    expect((await refusalFor(text.slice(0, length))).code).toMatch(/^file\./);
});

test("cut off at any length, a weight file is refused", async () => {
  for (let length = 0; length < shard.length; length += 41)
    expect(
      (await refusalOf(() => readWhole(text, { "group1-shard1of1.bin": shard.slice(0, length) }))).code,
    ).toBe("file.truncated");
});
