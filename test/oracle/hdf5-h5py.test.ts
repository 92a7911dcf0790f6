/**
 * @file h5py as the independent reader: what the library reads from a damaged file is what h5py reads from those bytes, part by
 * part, or is refused. (Contiguous weight bytes carry no checksum: a flipped weight is a weight.)
 * One Python process; `VERNIER_MUTATIONS` and `VERNIER_SEED` as in `test/unit/fuzz-formats.test.ts`.
 */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inAdvance } from "../../src/base/in-advance.ts";
import { openHdf5InWorker } from "../../src/formats/hdf5.node.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { mutate } from "../mutations.ts";
import { PYTHON, readByH5py } from "./h5py.ts";
import { type Recorded, recordOf } from "./record-hdf5.ts";

const COUNT = Number(process.env["VERNIER_MUTATIONS"] ?? 40);
const FIRST = Number(process.env["VERNIER_SEED"] ?? 1);
/** Seeds whose damage once was read where h5py refuses it (upper halves of 64-bit fields; a character set). */
const FAILED_ONCE: readonly number[] = [1036, 1063, 1111, 1128, 1233, 1272, 1281, 1338, 1398, 1215];
const FIXTURES = ["keras.h5", "dtypes.h5", "latest.h5"];

test.skipIf(PYTHON === "")(
  `what is read of ${COUNT} damaged copies each of ${FIXTURES.join(", ")} is what h5py reads`,
  { timeout: FIXTURES.length * (COUNT + 1) * 10_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "vernier-h5py-"));
    const paths: string[] = [];
    const ours: { what: string; record: Recorded }[] = [];
    for (const fixture of FIXTURES) {
      const original = new Uint8Array(
        await readFile(new URL(`../fixtures/hdf5/${fixture}`, import.meta.url)),
      );
      const cases = [...FAILED_ONCE, ...Array.from({ length: COUNT }, (_, i) => FIRST + i)].map((seed) =>
        mutate(original, seed),
      );
      // The library starts anew for each: two at once on two cores.
      const all = [{ mutated: original, what: "undamaged" }, ...cases];
      const read = ({ mutated }: (typeof all)[number]): Promise<Recorded | null> =>
        recordOf(() => openHdf5InWorker(bytesSource(mutated, "damaged.h5"), { timeoutMs: 8_000 }));
      for await (const [{ mutated, what }, record] of inAdvance(all, read, { sizeOf: () => 1, limit: 2 })) {
        if (record === null) continue;
        const path = join(folder, `${ours.length}.h5`);
        await writeFile(path, mutated);
        paths.push(path);
        ours.push({ what: `${fixture}, ${what}`, record });
      }
    }
    const theirs = await readByH5py(paths);
    expect(theirs).toHaveLength(ours.length);
    const differences: string[] = [];
    let compared = 0;
    const crashes: string[] = [];
    ours.forEach(({ what, record }, i) => {
      // Where the oracle itself died, what it had said before still counts.
      const crashed = theirs[i]?.["crashed"] !== undefined;
      if (crashed) crashes.push(what);
      for (const [place, value] of Object.entries(record)) {
        const expected = theirs[i]?.[place];
        if (crashed && expected === undefined) continue;
        compared++;
        if (JSON.stringify(value) !== JSON.stringify(expected)) {
          differences.push(
            `${what}: ${place}: ${JSON.stringify(value)}, h5py: ${JSON.stringify(expected ?? theirs[i]?.["error"])}`,
          );
        }
      }
    });
    console.log(
      `h5py: ${ours.length} files, ${compared} values compared; h5py crashed on ${crashes.length} of them`,
    );
    await rm(folder, { recursive: true });
    expect(differences.slice(0, 40)).toEqual([]);
    expect(crashes.filter((what) => what.includes("undamaged"))).toEqual([]);
    // An undamaged file has more than 80 of them between the three.
    expect(compared).toBeGreaterThan(80);
  },
);
