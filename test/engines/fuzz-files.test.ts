/**
 * @file Damaged files of every format, read in full and converted to every target: values, or a typed error with a hint.
 * Nothing hangs, nothing traps, nothing untyped is thrown. 1,000 files; `VERNIER_FUZZ=20000 VERNIER_SEED=7` for more.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { FILE_SETS, FIXTURES, type FileSet } from "./fuzz/file-sets.ts";
import { damaged } from "./fuzz/mutate-files.ts";
import { type Outcome, type ReadJob, ReadWorker } from "./fuzz/workers.ts";

const COUNT = Number(process.env["VERNIER_FUZZ"] ?? 1_000);
const FIRST = Number(process.env["VERNIER_SEED"] ?? 1);
/** A sound read and its conversions take 0.1 s; the library is given this long in the other tests of damaged files. */
const HANG_MS = 8_000;
const AT_ONCE = 2;
/** Of these, how many more are read by Python too. */
const SAMPLE = Math.max(100, Math.floor(COUNT / 10));

/** What failed once, for ever. */
const FAILED_ONCE: readonly (readonly [label: string, seed: number])[] = [
  // Read where NumPy refuses the header.
  ["npy/unicode.npy", 42],
  ["npy/unicode.npy", 64],
  ["npy/le_f4.npy", 65],
  ["npy/le_f4.npy", 87],
  ["npy/fortran.npy", 1185],
  // Refused without a place.
  ["keras-files/keras3/wrapped.keras", 30299],
  ["tfjs-graph/hash-table", 3258],
  ["tfjs-graph/hash-table", 12250],
];

interface Case {
  readonly set: FileSet;
  /** `null`: as it is. */
  readonly seed: number | null;
}

interface Result extends Case {
  readonly what: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly outcome: Outcome;
}

const setNamed = (label: string): FileSet => {
  const set = FILE_SETS.find((one) => one.label === label);
  if (set === undefined) throw new Error(`there is no file set ${label}`);
  return set;
};

const failedOnce = (): Case[] => FAILED_ONCE.map(([label, seed]) => ({ set: setNamed(label), seed }));

const damagedCases = (sets: readonly FileSet[], count: number, first: number): Case[] =>
  Array.from({ length: count }, (_, i) => ({ set: sets[i % sets.length] as FileSet, seed: first + i }));

async function readAll(cases: readonly Case[], onResult: (result: Result) => void): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "vernier-fuzz-"));
  const queue = cases.values();
  const work = async (name: string): Promise<void> => {
    const worker = new ReadWorker();
    const folder = join(root, name);
    for (const { set, seed } of queue) {
      const { files, what } = seed === null ? { files: set.files, what: "as it is" } : damaged(set, seed);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
      const { architecture } = set;
      const job: ReadJob = {
        path: join(folder, set.main),
        kind: set.kind,
        ...(architecture === undefined
          ? {}
          : { architecture: join(dirname(architecture) === "." ? folder : FIXTURES, architecture) }),
      };
      let outcome = await worker.read(job, HANG_MS);
      // A busy machine is slow, not hung.
      if (outcome.code === "hang") outcome = await worker.read(job, 8 * HANG_MS);
      onResult({ set, seed, what, files, outcome });
    }
    await worker.close();
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => work(String(i))));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test(`${COUNT} damaged files of ${FILE_SETS.length} kinds`, { timeout: 60_000 + COUNT * 1_000 }, async () => {
  const counts: Record<string, number> = {};
  const wrong: string[] = [];
  const cases: readonly Case[] = [
    ...FILE_SETS.map((set) => ({ set, seed: null })),
    ...failedOnce(),
    ...damagedCases(FILE_SETS, COUNT, FIRST),
  ];
  await readAll(cases, ({ set, seed, what, outcome }) => {
    counts[outcome.code] = (counts[outcome.code] ?? 0) + 1;
    const fault = faultOf(outcome, seed);
    if (fault === null) return;
    wrong.push(`["${set.label}", ${seed}], // ${what}: ${fault}`);
    process.stdout.write(`${wrong.at(-1)}\n`);
  });
  process.stdout.write(`damaged files of every format: ${JSON.stringify(counts)}\n`);
  const { VERNIER_FUZZ_OUT: out } = process.env;
  if (out !== undefined) writeFileSync(out, JSON.stringify({ count: COUNT, seed: FIRST, counts, wrong }));
  expect(wrong).toEqual([]);
  // Both must occur, or the test looks at nothing.
  expect(counts["read"]).toBeGreaterThan(COUNT / 20);
  expect(counts["file.malformed"]).toBeGreaterThan(COUNT / 20);
});

const PYTHON = process.env["VERNIER_PYTHON"] ?? "";

test.skipIf(PYTHON === "")(
  `what is read of ${SAMPLE} damaged .keras, .h5, .npz and .npy files is what zipfile, h5py and NumPy read`,
  { timeout: 120_000 },
  async () => {
    const sets = FILE_SETS.filter(
      ({ files, main }) => files.size === 1 && /\.(keras|h5|npz|npy)$/.test(main),
    );
    const folder = mkdtempSync(join(tmpdir(), "vernier-fuzz-python-"));
    try {
      const read: { readonly what: string; readonly path: string; readonly hashes: readonly string[] }[] = [];
      const again = failedOnce().filter(({ set }) => sets.includes(set));
      await readAll(
        [...again, ...damagedCases(sets, SAMPLE, FIRST)],
        ({ set, seed, what, files, outcome }) => {
          if (outcome.code !== "read") return;
          const path = join(folder, String(read.length));
          writeFileSync(path, files.get(set.main) ?? "");
          const hashes = Object.values(outcome.values ?? {}).flatMap(
            (hash) => hash.match(/^float32 (.*)$/)?.[1] ?? [],
          );
          read.push({ what: `${set.label}, seed ${seed}, ${what}`, path, hashes });
        },
      );
      const { stdout } = spawnSync(PYTHON, [join(import.meta.dirname, "fuzz/read_files.py")], {
        input: read.map(({ path }) => `${path}\n`).join(""),
        encoding: "utf8",
        maxBuffer: 2 ** 28,
      });
      const theirs = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { found?: string[]; error?: string; crashed?: true });
      expect(theirs).toHaveLength(read.length);
      let compared = 0;
      const differing = read.flatMap(({ what, hashes }, i) => {
        const { found, error, crashed } = theirs[i] ?? {};
        if (crashed === true) return [];
        if (found === undefined) return [`${what}: read, and refused there: ${error}`];
        compared += hashes.length;
        const others = hashes.filter((hash) => !found.includes(hash));
        return others.length === 0 ? [] : [`${what}: ${others.length} of ${hashes.length} arrays are others`];
      });
      process.stdout.write(`${read.length} files were read by both, ${compared} arrays compared\n`);
      expect(differing).toEqual([]);
      expect(compared).toBeGreaterThan(SAMPLE);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

function faultOf(
  { code, said = "", hint = "", where = "", values = {} }: Outcome,
  seed: number | null,
): string | null {
  const short = said.split("\n").slice(0, 4).join(" | ");
  if (["untyped", "hang", "died"].includes(code)) return `${code} ${short}`;
  if (code !== "read" && seed === null) return `refused ${short}`;
  if (code !== "read") return hint === "" || where === "" ? `no hint or place: ${short}` : null;
  return seed === null && Object.keys(values).length === 0 ? "nothing was read" : null;
}
