#!/usr/bin/env node
/**
 * @file `npm run deep`: what CI does, with more samples: made-up models through every format and back, a model of every
 * layer sample in real Keras, kills during a conversion, damaged files of every format, and the bounds on the engines; the
 * last two rewrite docs/measured.md. VERNIER_BOUNDS_FIREFOX=1 holds Firefox to its bounds too (an hour on a software driver).
 *
 *     VERNIER_BOUNDS_BATCH=64 VERNIER_BOUNDS_SEED=1 VERNIER_KILLS=200 VERNIER_KILLS_SEED=1 VERNIER_FUZZ=20000 VERNIER_ROUND_TRIPS=2000 VERNIER_SEED=1 npm run deep
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "vernier-deep-"));
const out = join(folder, "bounds.json");
const fuzzOut = join(folder, "fuzz.json");
const batch = process.env["VERNIER_BOUNDS_BATCH"] ?? "64";
const seed = process.env["VERNIER_BOUNDS_SEED"] ?? "1";

/** @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function run(program, args, env = {}) {
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  return status ?? 1;
}

/** @param {string[]} args */
const git = (...args) => spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout?.trim() ?? "";

const target = join(root, "docs/measured.md");

/** @param {{ count: number, seed: number, counts: Record<string, number>, wrong: string[] }} fuzz */
const damagedFiles = ({ count, seed, counts, wrong }) => `## Damaged files

Files of every format that is read (.h5, .keras and .weights.h5 of Keras 2 and 3, sharded weights, architectures, layers and
graph models of TensorFlow.js with their weight files, .npz, .npy), damaged by a seed in their bytes, their JSON, their zip
headers or their sizes, then read in full, inspected and converted to every target in memory. What must be 0 is hung, crashed,
or thrown without a code and a hint. \`VERNIER_FUZZ=${count} VERNIER_SEED=${seed} npm run deep\`:

| What became of it | Files |
|---|---|
${Object.entries(counts)
  .sort((a, b) => b[1] - a[1])
  .map(([code, files]) => `| ${code === "read" ? "read" : `\`${code}\``} | ${files} |`)
  .join("\n")}
| hung, crashed or untyped | ${wrong.length} |`;

try {
  const made = ["test/unit/convert-round-trips.test.ts", "test/unit/convert-ledger.test.ts"];
  const roundTrips = run("npx", ["vitest", "run", "--project", "unit", ...made], {
    VERNIER_ROUND_TRIPS: process.env["VERNIER_ROUND_TRIPS"] ?? "2000",
    VERNIER_LEDGERS: process.env["VERNIER_LEDGERS"] ?? "500",
  });
  const keras = run("npx", ["vitest", "run", "--project", "engines", "test/engines/convert-keras.test.ts"], {
    VERNIER_CONVERT_KERAS: process.env["VERNIER_CONVERT_KERAS"] ?? "all",
  });
  const killed = ["test/engines/kill.test.ts", "test/engines/command-kill.test.ts"];
  const kills = run("npx", ["vitest", "run", "--project", "engines", ...killed], {
    VERNIER_KILLS: process.env["VERNIER_KILLS"] ?? "200",
  });
  const fuzz = run("npx", ["vitest", "run", "--project", "engines", "test/engines/fuzz-files.test.ts"], {
    VERNIER_FUZZ: process.env["VERNIER_FUZZ"] ?? "20000",
    VERNIER_FUZZ_OUT: fuzzOut,
  });
  const status = run("npx", ["vitest", "run", "--project", "engines", "test/engines/bounds.test.ts"], {
    VERNIER_BOUNDS_BATCH: batch,
    VERNIER_BOUNDS_SEED: seed,
    VERNIER_BOUNDS_OUT: out,
  });
  const inPages = run(
    "npx",
    ["vitest", "run", "--project", "engines", "test/engines/bounds-browser.test.ts"],
    {
      VERNIER_BOUNDS_BATCH: batch,
      VERNIER_BOUNDS_SEED: seed,
    },
  );
  /** @type {{ rows: string[], lines: string[] }} */
  const { rows, lines } = JSON.parse(readFileSync(out, "utf8"));
  const dirty =
    git("status", "--porcelain", "--", "src", "test/bounds") === "" ? "" : " and uncommitted changes";
  const page = `# Measured

How much of their bounds the engines use, layer by layer: |engine − reference| / radius over every element of every layer
sample and of larger shapes, on random, cancelling, offset, wide, subnormal and nearly overflowing inputs and on the seams
of activations. Each layer is judged on the engine's own inputs, recurrent layers step by step.

- *beyond*: elements farther off than their bound in kernels that no known fault covers. It must be 0.
- *may overflow*: elements of which nothing is claimed, because a partial sum's bound passes the largest float32.
- A dash: nothing is rounded, and every element was exact.

Command: \`VERNIER_BOUNDS_BATCH=${batch} VERNIER_BOUNDS_SEED=${seed} npm run deep\`; commit \`${git("rev-parse", "--short", "HEAD")}\`${dirty};
${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}${status === 0 ? "" : "; **the suite failed**"}.

${rows.join("\n")}

## What engines refuse, and what is not settled

Counted, not judged:

\`\`\`text
${lines.map((line) => line.slice(0, 150)).join("\n")}
\`\`\`

${damagedFiles(JSON.parse(readFileSync(fuzzOut, "utf8")))}
`;
  // What other commands measured stands in sections of its own, behind these, and stays.
  const before = readFileSync(target, "utf8");
  const others = before.indexOf("\n## Speed and memory");
  const kept = others < 0 ? "" : before.slice(others);
  writeFileSync(target, page + kept);
  process.exitCode = status || inPages || kills || fuzz || roundTrips || keras;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
