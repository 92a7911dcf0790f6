/**
 * @file `.keras` files that were changed at random places, in their config or in their bytes: read, or refused with a
 * typed error. Nothing hangs, nothing else is thrown. `VERNIER_MUTATIONS` and `VERNIER_SEED` choose how many and which.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { type Random, randomFrom } from "../../src/numerics/random.ts";
import { readOrRefused } from "../fuzz-reading.ts";
import { mutateJson } from "../json-mutations.ts";
import { mutate as damage } from "../mutations.ts";

const FIXTURES = "test/fixtures/keras-files";
const MODELS = [
  "keras3/wrapped",
  "keras2/twice",
  "keras3/trained",
  "tensorflow-2.13.1/wrapped",
  "keras3/twice",
];
const MUTATIONS = Number(process.env["VERNIER_MUTATIONS"] ?? 200);
const SEED = Number(process.env["VERNIER_SEED"] ?? 1);

/** Changed bytes, and what was done. */
type Mutation = (bytes: Uint8Array, random: Random) => { readonly bytes: Uint8Array; readonly what: string };

const inConfig: Mutation = (bytes, random) => {
  const members = unzipSync(bytes);
  const json: unknown = JSON.parse(new TextDecoder().decode(members["config.json"]));
  const what = mutateJson(json, random);
  const config = new TextEncoder().encode(JSON.stringify(json));
  return { bytes: zipSync({ ...members, "config.json": config }, { level: 0 }), what };
};

const inBytes: Mutation = (bytes, random) => {
  const { mutated, what } = damage(bytes, random.integer(0, 2 ** 31));
  return { bytes: mutated, what };
};

test.each([
  ["config", inConfig],
  ["bytes", inBytes],
] as const)(
  `${MUTATIONS} .keras files with a changed %s are read or refused by a typed error`,
  async (_where, mutate) => {
    const random = randomFrom(SEED);
    const folder = mkdtempSync(join(tmpdir(), "vernier-fuzz-keras-"));
    const untyped: string[] = [];
    let refused = 0;
    try {
      for (let i = 0; i < MUTATIONS; i++) {
        const name = MODELS[i % MODELS.length] as string;
        const { bytes, what } = mutate(new Uint8Array(readFileSync(join(FIXTURES, `${name}.keras`))), random);
        const path = join(folder, "model.keras");
        writeFileSync(path, bytes);
        const { refused: isRefused, untyped: error } = await readOrRefused(path);
        if (isRefused) refused++;
        if (error !== null) untyped.push(`#${i} ${name}, ${what}: ${error}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    expect(untyped).toEqual([]);
    // Changes that matter are noticed: the test would say nothing if all were read.
    expect(refused).toBeGreaterThan(MUTATIONS / 20);
  },
  240_000,
);
