/**
 * @file Damaged files of every format, read in full and converted to every target: values, or a typed error with a hint.
 * Nothing hangs, nothing traps, nothing untyped is thrown. 1,000 files; `VERNIER_FUZZ=20000 VERNIER_SEED=7` for more.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { FILE_SETS, FIXTURES, type FileSet } from "./fuzz/file-sets.ts";
import { damaged } from "./fuzz/mutate-files.ts";
import { type Outcome, ReadWorker } from "./fuzz/workers.ts";

const COUNT = Number(process.env["VERNIER_FUZZ"] ?? 1_000);
const FIRST = Number(process.env["VERNIER_SEED"] ?? 1);
/** A sound read and its conversions take 0.1 s; the library is given this long in the other tests of damaged files. */
const HANG_MS = 8_000;
const AT_ONCE = 2;

/** What failed once, for ever. */
const FAILED_ONCE: readonly (readonly [label: string, seed: number])[] = [];

interface Case {
  readonly set: FileSet;
  /** `null`: as it is. */
  readonly seed: number | null;
}

const setNamed = (label: string): FileSet => {
  const set = FILE_SETS.find((one) => one.label === label);
  if (set === undefined) throw new Error(`there is no file set ${label}`);
  return set;
};

const cases: readonly Case[] = [
  ...FILE_SETS.map((set) => ({ set, seed: null })),
  ...FAILED_ONCE.map(([label, seed]) => ({ set: setNamed(label), seed })),
  ...Array.from({ length: COUNT }, (_, i) => ({
    set: FILE_SETS[i % FILE_SETS.length] as FileSet,
    seed: FIRST + i,
  })),
];

test(`${COUNT} damaged files of ${FILE_SETS.length} kinds`, { timeout: 60_000 + COUNT * 1_000 }, async () => {
  const root = mkdtempSync(join(tmpdir(), "vernier-fuzz-"));
  const counts: Record<string, number> = {};
  const wrong: string[] = [];
  const queue = cases.values();
  const work = async (name: string): Promise<void> => {
    const worker = new ReadWorker(HANG_MS);
    const folder = join(root, name);
    for (const { set, seed } of queue) {
      const { files, what } = seed === null ? { files: set.files, what: "as it is" } : damaged(set, seed);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
      const { architecture } = set;
      const outcome = await worker.read({
        path: join(folder, set.main),
        kind: set.kind,
        ...(architecture === undefined
          ? {}
          : { architecture: join(dirname(architecture) === "." ? folder : FIXTURES, architecture) }),
      });
      counts[outcome.code] = (counts[outcome.code] ?? 0) + 1;
      const fault = faultOf(outcome, seed);
      if (fault === null) continue;
      wrong.push(`["${set.label}", ${seed}], // ${what}: ${fault}`);
      process.stdout.write(`${wrong.at(-1)}\n`);
    }
    await worker.close();
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => work(String(i))));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  process.stdout.write(`damaged files of every format: ${JSON.stringify(counts)}\n`);
  expect(wrong).toEqual([]);
  // Both must occur, or the test looks at nothing.
  expect(counts["read"]).toBeGreaterThan(COUNT / 20);
  expect(counts["file.malformed"]).toBeGreaterThan(COUNT / 20);
});

function faultOf({ code, said = "", hint = "", values = {} }: Outcome, seed: number | null): string | null {
  const short = said.split("\n").slice(0, 4).join(" | ");
  if (["untyped", "hang", "died"].includes(code)) return `${code} ${short}`;
  if (code !== "read") return seed === null ? `refused ${short}` : hint === "" ? `no hint ${short}` : null;
  return seed === null && Object.keys(values).length === 0 ? "nothing was read" : null;
}
