/**
 * @file Models whose JSON was changed at random places: read, or refused with a typed error that names a place. Nothing
 * hangs, nothing else is thrown. `VERNIER_MUTATIONS` and `VERNIER_SEED` choose how many and which.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/numerics/random.ts";
import { readOrRefused } from "../fuzz-reading.ts";
import { mutateJson } from "../json-mutations.ts";

const MODELS = ["cnn-residual", "nested", "bidirectional", "two-inputs", "lstm-masking", "sequence-mix"];
const MUTATIONS = Number(process.env["VERNIER_MUTATIONS"] ?? 200);
const SEED = Number(process.env["VERNIER_SEED"] ?? 1);

test(`${MUTATIONS} models with one changed place are read or refused by a typed error`, async () => {
  const random = randomFrom(SEED);
  const folder = mkdtempSync(join(tmpdir(), "vernier-fuzz-models-"));
  const untyped: string[] = [];
  let refused = 0;
  try {
    for (let i = 0; i < MUTATIONS; i++) {
      const name = MODELS[i % MODELS.length] as string;
      if (i < MODELS.length)
        cpSync(join("test/fixtures/tfjs", name), join(folder, name), { recursive: true });
      const json: unknown = JSON.parse(readFileSync(join("test/fixtures/tfjs", name, "model.json"), "utf8"));
      const what = mutateJson(json, random);
      writeFileSync(join(folder, name, "model.json"), JSON.stringify(json));
      const { refused: isRefused, untyped: error } = await readOrRefused(join(folder, name));
      if (isRefused) refused++;
      if (error !== null) untyped.push(`#${i} ${name}, ${what}: ${error}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  expect(untyped).toEqual([]);
  // Changes that matter are noticed: the test would say nothing if all were read.
  expect(refused).toBeGreaterThan(MUTATIONS / 10);
}, 120_000);
