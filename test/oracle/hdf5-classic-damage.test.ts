/**
 * @file Damaged files of the classic layout, read by the reader of our own alone: what it reads is what h5py reads from
 * those bytes, place by place, or is refused with a typed error, and soon. `VERNIER_MUTATIONS` (of each file) and
 * `VERNIER_SEED` as in `test/unit/fuzz-formats.test.ts`.
 */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ErrorCode } from "../../src/base/errors.ts";
import { openClassicHdf5 } from "../../src/formats/hdf5-classic.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { mutate } from "../mutations.ts";
import { PYTHON, readByH5py } from "./h5py.ts";
import { type Recorded, recordOf } from "./record-hdf5.ts";

const COUNT = Number(process.env["VERNIER_MUTATIONS"] ?? 40);
const FIRST = Number(process.env["VERNIER_SEED"] ?? 1);
/** Seeds whose damage once was read otherwise than by h5py, by fixture. */
const FAILED_ONCE: { readonly [fixture: string]: readonly number[] } = {
  "classic.h5": [54, 471, 537, 564, 597, 676, 150, 9382, 9631, 20215, 40075, 40164, 60192, 60478],
  "keras.h5": [339, 537, 573, 5244, 5644, 9264, 20067, 20581, 40296],
  "dtypes.h5": [121, 324, 348, 354, 366, 5235, 5244, 9075, 9214, 9738, 9753, 40347],
};
const EXPECTED: readonly ErrorCode[] = ["file.malformed", "file.truncated", "file.limit", "file.unsupported"];
/** A sound read takes some 20 ms. */
const HANG_MS = 5_000;

interface Case {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly record: Recorded;
}

test.skipIf(PYTHON === "")(
  `what is read of ${COUNT} damaged copies each of ${Object.keys(FAILED_ONCE).join(", ")} is what h5py reads`,
  { timeout: 30_000 + COUNT * 2_000 },
  async () => {
    const cases: Case[] = [];
    const codes: Record<string, number> = {};
    for (const [fixture, failedOnce] of Object.entries(FAILED_ONCE)) {
      const original = new Uint8Array(
        await readFile(new URL(`../fixtures/hdf5/${fixture}`, import.meta.url)),
      );
      const seeds = [...failedOnce, ...Array.from({ length: COUNT }, (_, i) => FIRST + i)];
      for (const seed of seeds) {
        const { mutated, what } = mutate(original, seed);
        const start = performance.now();
        const record = await recordOf(
          () => openClassicHdf5(bytesSource(mutated, "damaged.h5")),
          (_, { code }) => {
            expect(EXPECTED).toContain(code);
            codes[code] = (codes[code] ?? 0) + 1;
          },
        );
        expect(performance.now() - start, `${fixture}, ${what}`).toBeLessThan(HANG_MS);
        if (record !== null) cases.push({ what: `${fixture}, ${what}`, bytes: mutated, record });
      }
    }
    const { differences, compared } = await compareWithH5py(cases);
    console.log(
      `damaged: ${cases.length} opened, ${compared} values compared; refused: ${JSON.stringify(codes)}`,
    );
    expect(differences.slice(0, 40)).toEqual([]);
    expect(compared).toBeGreaterThan(cases.length);
    expect(codes["file.malformed"]).toBeGreaterThan(0);
  },
);

async function compareWithH5py(cases: readonly Case[]): Promise<{ differences: string[]; compared: number }> {
  const folder = await mkdtemp(join(tmpdir(), "vernier-damage-"));
  const paths: string[] = [];
  for (const { bytes } of cases) {
    const path = join(folder, `${paths.length}.h5`);
    await writeFile(path, bytes);
    paths.push(path);
  }
  const theirs = await readByH5py(paths);
  await rm(folder, { recursive: true });
  expect(theirs).toHaveLength(cases.length);
  const differences: string[] = [];
  let compared = 0;
  cases.forEach(({ what, record }, i) => {
    let first = true;
    for (const [place, value] of Object.entries(record)) {
      const expected = theirs[i]?.[place];
      // Where h5py itself died, what it had said before still counts.
      if (expected === undefined && theirs[i]?.["crashed"] !== undefined) continue;
      compared++;
      const [ours, other] = [
        JSON.stringify(value),
        JSON.stringify(
          expected ??
            theirs[i]?.["error"] ??
            theirs[i]?.[`${place.split("@")[0]}@`] ??
            theirs[i]?.[`${place.split("@")[0]}`],
        ),
      ];
      // The first tells what is wrong with the file.
      if (ours === other || !first) continue;
      first = false;
      differences.push(`${what}: ${place}: ${ours}, h5py: ${other}`);
    }
  });
  return { differences, compared };
}
