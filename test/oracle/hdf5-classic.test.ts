/**
 * @file The reader of our own against two others: h5py on 300 seeded files of everything that the classic layout holds,
 * and the library on every 40th of them (`VERNIER_LIBRARY_EVERY=1` for all), and on what real Keras wrote.
 * `VERNIER_SEED` for other files.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VernierError } from "../../src/base/errors.ts";
import { openHdf5InWorker } from "../../src/formats/hdf5.node.ts";
import type { Hdf5File, Hyperslab } from "../../src/formats/hdf5.ts";
import { openClassicHdf5 } from "../../src/formats/hdf5-classic.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { stridesOf, type Tensor } from "../../src/tensor/tensor.ts";
import { PYTHON } from "./h5py.ts";
import { type Recorded, recordOf } from "./record-hdf5.ts";

const COUNT = Number(process.env["VERNIER_HDF5_FILES"] ?? 340);
const FIRST = Number(process.env["VERNIER_SEED"] ?? 1);
const LIBRARY_EVERY = Number(process.env["VERNIER_LIBRARY_EVERY"] ?? 40);

interface Generated {
  readonly file: string;
  /** The reader of our own reads it without the library. */
  readonly inside: boolean;
  readonly record: Recorded;
}

async function classicOf(path: string): Promise<Hdf5File> {
  return openClassicHdf5(bytesSource(new Uint8Array(await readFile(path)), path));
}

async function libraryOf(path: string): Promise<Hdf5File> {
  return openHdf5InWorker(bytesSource(new Uint8Array(await readFile(path)), path));
}

/** Place → both values, where they are not the same. */
function differences(what: string, ours: Recorded, theirs: Recorded): string[] {
  const places = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...places]
    .map((place) => ({ place, our: JSON.stringify(ours[place]), their: JSON.stringify(theirs[place]) }))
    .filter(({ our, their }) => our !== their)
    .map(({ place, our, their }) => `${what}: ${place}: ${our}, theirs: ${their}`);
}

/** h5py's own refusals are none of ours to match: complex numbers, compounds, references. */
function valuesOf(record: Recorded): Recorded {
  const isRefusal = (value: unknown): boolean =>
    typeof value === "object" && value !== null && "error" in value;
  return Object.fromEntries(Object.entries(record).filter(([, value]) => !isRefusal(value)));
}

describe.skipIf(PYTHON === "")("generated files", () => {
  let folder = "";
  let files: readonly Generated[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vernier-classic-"));
    const script = fileURLToPath(new URL("../../python/make_hdf5_files.py", import.meta.url));
    const python = spawn(PYTHON, [script, folder, String(COUNT), String(FIRST)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = (await text(python.stdout)).trimEnd().split("\n");
    files = lines.map((line) => JSON.parse(line) as Generated);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  test("the reader of our own reads what h5py reads, and refuses nothing that h5py reads", {
    timeout: 120_000,
  }, async () => {
    expect(files).toHaveLength(COUNT);
    const wrong: string[] = [];
    const outside = new Set<string>();
    let compared = 0;
    for (const { file, inside, record } of files) {
      const refusals: VernierError[] = [];
      const ours = await recordOf(
        () => classicOf(file),
        (_, error) => refusals.push(error),
      );
      if (!inside) {
        // All that was read is right, and all that was not is said to be another layout.
        const read = ours ?? {};
        const theirs = valuesOf(record);
        const common = Object.fromEntries(Object.entries(theirs).filter(([place]) => place in read));
        wrong.push(...differences(file, read, common));
        for (const error of refusals)
          if (error.code !== "file.unsupported") wrong.push(`${file}: ${error.message}`);
        outside.add(file);
        continue;
      }
      wrong.push(...differences(file, ours ?? {}, valuesOf(record)));
      for (const { code, message, where } of refusals) {
        if (code !== "file.unsupported" || message.includes("an HDF5 file with"))
          wrong.push(`${where}: ${message}`);
      }
      compared += Object.keys(ours ?? {}).length;
    }
    console.log(
      `${files.length - outside.size} files in the classic layout, ${compared} values; ${outside.size} others`,
    );
    expect(wrong.slice(0, 20)).toEqual([]);
    if (COUNT >= 340) expect(files.length - outside.size).toBeGreaterThanOrEqual(300);
  });

  test("parts and pieces are those of the whole", { timeout: 60_000 }, async () => {
    let parts = 0;
    for (const { file, inside, record } of files.filter((_, i) => i % 3 === 0)) {
      if (!inside) continue;
      const opened = await classicOf(file);
      for (const [place, value] of Object.entries(record)) {
        const { sha256, shape } = value as { sha256?: string; shape?: readonly number[] };
        if (sha256 === undefined || shape === undefined || place.includes("@")) continue;
        const whole = await opened.read(place);
        const slab = shape.map((extent, axis): [number, number] => {
          const start = Math.floor((extent * ((7 * axis + place.length) % 5)) / 6);
          return [start, Math.ceil((extent - start) / 2)];
        });
        expect({ place, data: [...(await opened.read(place, slab)).data] }).toEqual({
          place,
          data: partOf(whole, slab),
        });
        const pieces: (number | bigint | string)[] = [];
        for await (const { data } of opened.pieces(place, 100)) pieces.push(...data);
        expect({ place, file, pieces }).toEqual({ place, file, pieces: [...whole.data] });
        parts++;
      }
    }
    expect(parts).toBeGreaterThan(COUNT / 2);
  });

  test(`the library reads the same, of every ${LIBRARY_EVERY}th file`, {
    timeout: COUNT * 5_000,
  }, async () => {
    const wrong: string[] = [];
    const queue = files.filter(({ inside }, i) => inside && i % LIBRARY_EVERY === 0);
    const expected = queue.length;
    let done = 0;
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const { file } = next;
        const ours = await recordOf(() => classicOf(file));
        wrong.push(...differences(file, ours ?? {}, (await recordOf(() => libraryOf(file))) ?? {}));
        done++;
      }
    };
    await Promise.all([work(), work()]);
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(done).toBe(expected);
    expect(expected).toBeGreaterThan(0);
  });
});

/** By definition: element by element. */
function partOf({ shape, data }: Tensor, slab: Hyperslab): (number | bigint | string)[] {
  const strides = stridesOf(shape);
  return [...data].filter((_, flat) =>
    slab.every(([start, count], axis) => {
      const index = Math.floor(flat / (strides[axis] ?? 1)) % (shape[axis] ?? 1);
      return index >= start && index < start + count;
    }),
  );
}

const SHARED = fileURLToPath(new URL("../../../shared", import.meta.url));

/** All `.h5` below a folder. */
async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith(".h5"))
    .sort()
    .map((name) => join(folder, name));
}

describe("files that real Keras wrote", () => {
  const corpus = join(SHARED, "corpus");
  if (!existsSync(corpus)) console.log(`skipped: the corpus of real models is not at ${corpus}`);
  test.skipIf(!existsSync(corpus))(
    "published models: the same as by the library",
    { timeout: 120_000 },
    async () => {
      await expectSame(await filesIn(corpus));
    },
  );

  const old = join(SHARED, "oldkeras");
  if (!existsSync(old)) console.log(`skipped: the files of old Keras are not at ${old}`);
  test.skipIf(!existsSync(old))("old Keras: the same as by the library", { timeout: 120_000 }, async () => {
    for (const name of ["keras122-tf", "keras122-theano", "keras231-tf", "keras231-theano", "tfkeras"]) {
      const folder = await mkdtemp(join(tmpdir(), "vernier-oldkeras-"));
      const tar = spawn("tar", ["xf", join(old, name, "fixtures_0.tar.xz"), "-C", folder]);
      await new Promise((resolve) => tar.on("close", resolve));
      // Each has some 100 models, whose layout is the same: every 40th, from the first.
      const files = await filesIn(folder);
      expect(files.length).toBeGreaterThan(0);
      await expectSame(files.filter((_, i) => i % 40 === 0));
      await rm(folder, { recursive: true });
    }
  });
});

async function expectSame(paths: readonly string[]): Promise<void> {
  expect(paths.length).toBeGreaterThan(0);
  let compared = 0;
  for (const path of paths) {
    const ours = await recordOf(() => classicOf(path));
    const theirs = await recordOf(() => libraryOf(path));
    expect(differences(path, ours ?? {}, theirs ?? {})).toEqual([]);
    compared += Object.keys(ours ?? {}).length;
  }
  expect(compared).toBeGreaterThan(paths.length);
}
