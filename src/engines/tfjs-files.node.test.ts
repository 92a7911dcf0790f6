/** @file A model's files are given to TF.js as a page's server would send them. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { openPath } from "../formats/path.node.ts";
import { readTfjsLayers } from "../formats/tfjs-layers.ts";
import { readArtifacts } from "./tfjs-files.node.ts";

test("a model whose files lie compressed is read, and TF.js is given the unpacked bytes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vernier-gzip-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const json = {
    format: "layers-model",
    modelTopology: { class_name: "Sequential", config: { layers: [] } },
    weightsManifest: [{ paths: ["w.bin"], weights: [{ name: "a", shape: [3], dtype: "float32" }] }],
  };
  const weights = Float32Array.of(1, 2, 3);
  writeFileSync(join(folder, "model.json"), gzipSync(JSON.stringify(json)));
  writeFileSync(join(folder, "w.bin"), gzipSync(new Uint8Array(weights.buffer)));
  const opened = await openPath(folder);
  const file = await readTfjsLayers(opened.source, opened.openBeside);
  expect((await file.weights[0]?.read())?.data).toEqual(weights);
  await opened.close();
  const { weightData } = readArtifacts(join(folder, "model.json"));
  expect(new Float32Array(weightData as ArrayBuffer)).toEqual(weights);
});
