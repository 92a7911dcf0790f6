/** @file The TF.js engines on real published models: what loads, what is refused, and in which words. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { hashTensor } from "../../src/engines/hash.ts";
import { tfjsCpu, tfjsWasm } from "../../src/engines/tfjs.node.ts";
import { firstSentence, refusalFor } from "../../src/engines/tfjs-refusals.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const corpus = fileURLToPath(new URL("../../../shared/corpus", import.meta.url));
const present = existsSync(corpus);
if (!present) console.log(`skipped: the corpus of real models is not at ${corpus}`);

interface Pair {
  readonly dir: string;
  readonly tfjs: { readonly format: string };
  readonly tfjs_4_22_loads: boolean;
  readonly tfjs_4_22_error: string | null;
}
const pairs: Pair[] = present ? JSON.parse(readFileSync(join(corpus, "manifest.json"), "utf8")) : [];
const hash = ({ shape, data }: Tensor): string => hashTensor(shape, data);

describe.skipIf(!present).each([tfjsCpu, tfjsWasm])("$id", (engine) => {
  test.each(pairs)("$dir", async ({ dir, tfjs, tfjs_4_22_loads, tfjs_4_22_error }) => {
    const path = join(corpus, dir, "model.json");
    const isGraph = tfjs.format === "graph-model";
    const opening = engine.open({ path, format: isGraph ? "tfjs-graph" : "tfjs-layers" });
    if (!tfjs_4_22_loads) {
      const message = tfjs_4_22_error ?? "";
      const known = refusalFor(message);
      expect(known, message).toBeDefined();
      await expect(opening).rejects.toMatchObject({
        code: "engine.refused",
        details: { reason: firstSentence(message), why: known?.why },
      });
    } else {
      await using session = await opening;
      // Whole numbers below 7: pixels, and ids of any vocabulary.
      const inputs = session.info.inputs.map(({ shape }): Tensor => {
        const dims = shape.map((extent) => extent ?? 2);
        const size = dims.reduce((product, extent) => product * extent, 1);
        return {
          shape: dims,
          dtype: "float32",
          data: Float32Array.from({ length: size }, (_, i) => (i * 5) % 7),
        };
      });
      const plain = await session.predict(inputs);
      const watched = await session.trace(inputs, () => {});
      expect(watched.map(hash)).toEqual(plain.map(hash));
      expect(plain.map(({ shape }) => shape.length)).toEqual(
        session.info.outputs.map(({ shape }) => shape.length),
      );
    }
  });
});
