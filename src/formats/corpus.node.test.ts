/** @file Real published models: what the readers see in them, and equal weights where the manifest says equal. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { readKerasH5 } from "./keras-h5.ts";
import { openPath } from "./path.node.ts";
import { readTfjsLayers } from "./tfjs-layers.ts";

const corpus = fileURLToPath(new URL("../../../shared/corpus", import.meta.url));
const present = existsSync(corpus);
if (!present) process.stdout.write(`skipped: the corpus of real models is not at ${corpus}\n`);

interface Pair {
  readonly dir: string;
  readonly keras: { readonly version: string | null; readonly format: string; readonly params: number };
  readonly tfjs: { readonly format: string; readonly buffer_problems: readonly unknown[] };
  readonly weights: string;
  readonly files: readonly { readonly role: string; readonly name: string; readonly sha256: string }[];
}

const pairs: Pair[] = present ? JSON.parse(readFileSync(join(corpus, "manifest.json"), "utf8")) : [];
const fileOf = (pair: Pair, role: string): string =>
  join(corpus, pair.dir, pair.files.find((file) => file.role === role)?.name ?? "");
const KINDS: { [format: string]: string } = {
  "h5-full": "keras-h5",
  "h5-weights": "keras-h5-weights",
  ".keras-zip": "keras-v3",
  "layers-model": "tfjs-layers",
  "graph-model": "tfjs-graph",
};

/** Names differ between the two, contents do not. */
const hashOf = ({ shape, data }: Tensor): string =>
  createHash("sha256")
    .update(`${shape}`)
    .update(data as Float32Array)
    .digest("hex");

describe.skipIf(!present)("corpus", () => {
  test.each(pairs.map((pair) => [pair.dir, pair] as const))("%s", async (_, pair) => {
    const keras = await openPath(fileOf(pair, "keras"));
    const tfjs = await openPath(fileOf(pair, "model.json"));
    const kerasSha = pair.files.find(({ role }) => role === "keras")?.sha256;
    expect(await keras.sha256()).toBe(kerasSha);
    expect(KINDS[pair.keras.format] ?? pair.keras.format).toBe(keras.detected.kind);
    const kerasHashes: string[] = [];
    if (keras.detected.kind === "keras-h5" || keras.detected.kind === "keras-h5-weights") {
      const model = await readKerasH5(await keras.hdf5());
      const weights = model.weightGroups.flatMap((group) => group.weights);
      expect(weights.reduce((n, { shape }) => n + sizeOf(shape), 0)).toBe(pair.keras.params);
      for (const weight of weights) kerasHashes.push(hashOf(await weight.read()));
    }
    if (tfjs.detected.kind === "tfjs-layers" || tfjs.detected.kind === "tfjs-weights-only") {
      const model = await readTfjsLayers(tfjs.source, tfjs.openBeside);
      const tfjsHashes: string[] = [];
      if (pair.tfjs.buffer_problems.length === 0) expect(model.problems).toEqual([]);
      for (const weight of model.weights) tfjsHashes.push(hashOf(await weight.read()));
      const comparable = pair.weights === "identical bits" && keras.detected.kind !== "keras-v3";
      if (comparable) expect(tfjsHashes.sort()).toEqual(kerasHashes.sort());
    }
    await keras.close();
    await tfjs.close();
  });
});
