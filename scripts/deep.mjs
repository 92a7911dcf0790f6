#!/usr/bin/env node
/**
 * @file `npm run deep`: what CI does, with more samples: kills during a conversion, and the bounds on the engines, which
 * rewrite docs/measured.md.
 *
 *     VERNIER_BOUNDS_BATCH=64 VERNIER_BOUNDS_SEED=1 VERNIER_KILLS=200 VERNIER_KILLS_SEED=1 npm run deep
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "vernier-deep-"));
const out = join(folder, "bounds.json");
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

try {
  const kills = run("npx", ["vitest", "run", "--project", "engines", "test/engines/kill.test.ts"], {
    VERNIER_KILLS: process.env["VERNIER_KILLS"] ?? "200",
  });
  const status = run("npx", ["vitest", "run", "--project", "engines", "test/engines/bounds.test.ts"], {
    VERNIER_BOUNDS_BATCH: batch,
    VERNIER_BOUNDS_SEED: seed,
    VERNIER_BOUNDS_OUT: out,
  });
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
`;
  // What other commands measured stands in sections of its own, behind these, and stays.
  const before = readFileSync(target, "utf8");
  const others = before.indexOf("\n## Speed and memory");
  const kept = others < 0 ? "" : before.slice(others);
  writeFileSync(target, page + kept);
  process.exitCode = status || kills;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
