/** @file What a path is, decided by content: names lie in every one of these. */

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zipSync } from "fflate";
import { beforeAll, expect, test } from "vitest";
import { openPath } from "./path.node.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vernier-path-"));
});

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const GRAPH = '{"format": "graph-model", "modelTopology": {"node": []}}';
const KINDS: [string, Uint8Array, string, RegExp?][] = [
  ["layers", text('\ufeff {"modelTopology": {"class_name": "Sequential", "config": {}}}'), "tfjs-layers"],
  ["graph", text(GRAPH), "tfjs-graph"],
  ["weights", text('{"modelTopology": null, "weightsManifest": []}'), "tfjs-weights-only"],
  ["array", text("[[1, 2]]"), "json"],
  ["object", text('{"x": [1]}'), "json"],
  ["keras", zipSync({ "config.json": text("{}"), "model.weights.h5": text("x") }, { level: 0 }), "keras-v3"],
  ["npz", zipSync({ "a.npy": text("x") }), "npz"],
  ["npy", Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0), "npy"],
  ["lfs", text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n"), "unknown", /Git LFS pointer/],
  ["empty", new Uint8Array(), "unknown", /empty/],
  ["gzip", gzipSync(text("x")).slice(0, -1), "unknown", /gzip/],
  ["html", text("<!DOCTYPE html><html>"), "unknown", /web page/],
  ["architecture", text('{"class_name": "Sequential", "config": {}}'), "keras-architecture"],
  ["zip", zipSync({ "web/model.json": text("{}") }), "unknown", /zip with a model/],
  ["noise", Uint8Array.of(1, 2, 3), "unknown", /no known format/],
];

test.each(KINDS)("%s", async (name, bytes, kind, what) => {
  const path = join(folder, `${name}.h5`);
  await writeFile(path, bytes);
  const opened = await openPath(path);
  expect(opened.detected.kind).toBe(kind);
  if (opened.detected.kind === "unknown") expect(opened.detected.what).toMatch(what ?? /never/);
  expect(await opened.sha256()).toBe(createHash("sha256").update(bytes).digest("hex"));
  await opened.close();
});

test("a folder stands for its model.json, and its hash covers the weight files in their order", async () => {
  const model = join(folder, "web");
  await mkdir(model);
  const json = JSON.stringify({
    modelTopology: { class_name: "Sequential", config: {} },
    weightsManifest: [{ paths: ["b.bin", "a.bin"], weights: [] }],
  });
  await writeFile(join(model, "model.json"), json);
  await writeFile(join(model, "a.bin"), "A");
  await writeFile(join(model, "b.bin"), "BB");
  const opened = await openPath(model);
  expect(opened.path).toBe(join(model, "model.json"));
  expect(opened.detected.kind).toBe("tfjs-layers");
  expect(await opened.sha256()).toBe(createHash("sha256").update(`${json}BBA`).digest("hex"));
  await expect(opened.openBeside("c.bin")).rejects.toMatchObject({ code: "file.unreadable" });
});

test("a folder with one Keras file stands for it; none or several are an error that names them", async () => {
  const models = join(folder, "models");
  await mkdir(models);
  await expect(openPath(models)).rejects.toMatchObject({
    code: "file.unreadable",
    message: /holds no model/,
  });
  const fixture = await readFile(new URL("../../test/fixtures/hdf5/keras.h5", import.meta.url));
  await writeFile(join(models, "one.h5"), fixture);
  const opened = await openPath(models);
  expect(opened.detected.kind).toBe("keras-h5");
  await opened.close();
  await writeFile(join(models, "two.keras"), fixture);
  await expect(openPath(models)).rejects.toMatchObject({
    message: /several models: one.h5, two.keras/,
    problem: { hint: "name one of them" },
  });
});

test("what is not there is file.unreadable with the path", async () => {
  const path = join(folder, "absent.h5");
  await expect(openPath(path)).rejects.toMatchObject({
    code: "file.unreadable",
    where: path,
    message: /no such file/,
  });
  await expect(openPath("/dev/null")).rejects.toMatchObject({ code: "file.unreadable" });
});

test("a damaged HDF5 file is a typed error and leaves no thread", async () => {
  const path = join(folder, "cut.h5");
  const fixture = await readFile(new URL("../../test/fixtures/hdf5/keras.h5", import.meta.url));
  await writeFile(path, fixture.subarray(0, 5000));
  await expect(openPath(path)).rejects.toMatchObject({ code: "file.truncated", where: path });
});
