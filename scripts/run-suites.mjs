/**
 * @file Runs the named suites (all when none is named) one after another, prints seconds per suite, why tests
 * were skipped, and as its last line the sum: `N passed, N failed, N skipped`. Exits 1 when anything failed.
 *
 * A command counts as one test; a Vitest project counts its own.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @typedef {{ commands: string[][], projects: string[] }} Suite */
/** @typedef {{ name: string, reason: string }} Skip */
/** @typedef {{ passed: number, failed: number, skipped: Skip[] }} Outcome */

/** Node releases that the package promises besides the one that runs this; exact, as every other version here. */
const OTHER_NODES = ["22.23.3", "24.21.0"];

/** @type {Record<string, Suite>} */
const SUITES = {
  static: {
    commands: [
      ["tsc", "-p", "tsconfig.json"],
      ["tsc", "-p", "tsconfig.core.json"],
      ["biome", "check", "."],
      ["oxlint"],
    ],
    projects: ["static"],
  },
  unit: { commands: [], projects: ["unit"] },
  oracle: { commands: [], projects: ["oracle"] },
  engines: {
    commands: [
      ["node", "scripts/faults.mjs", "--sample", "3"],
      ["node", "scripts/inputs-bench.mjs", "--sample", "40", "--made"],
    ],
    projects: ["engines"],
  },
  docs: { commands: [], projects: ["docs"] },
  package: { commands: OTHER_NODES.map((version) => ["scripts/smoke", version]), projects: ["package"] },
};

const root = join(import.meta.dirname, "..");
const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}` };

/** @param {string[]} names */
function main(names) {
  const unknown = names.filter((name) => !(name in SUITES));
  if (unknown.length > 0) {
    console.error(`no suite named ${unknown.join(", ")}; there are ${Object.keys(SUITES).join(", ")}`);
    process.exit(2);
  }
  /** @type {Outcome} */
  const total = { passed: 0, failed: 0, skipped: [] };
  /** @type {string[]} */
  const table = [];
  for (const [name, suite] of Object.entries(SUITES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.log(`\n── ${name} ──`);
    const startedMs = performance.now();
    const outcome = runSuite(suite);
    const seconds = (performance.now() - startedMs) / 1000;
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped.push(...outcome.skipped);
    table.push(`${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s   ${sentence(outcome)}`);
  }
  for (const { name, reason } of total.skipped) console.log(`skipped: ${name} (${reason})`);
  console.log(`\n${table.join("\n")}\n${sentence(total)}`);
  process.exit(total.failed > 0 ? 1 : 0);
}

/**
 * @param {Suite} suite
 * @returns {Outcome}
 */
function runSuite({ commands, projects }) {
  /** @type {Outcome} */
  const sum = { passed: 0, failed: 0, skipped: [] };
  for (const command of commands) add(sum, runCommand(command));
  for (const project of projects) add(sum, runProject(project));
  return sum;
}

/** Exit code of a command that was not run; its last line says why. As Automake's test driver has it. */
const SKIPPED = 77;

/**
 * @param {string[]} command
 * @returns {Outcome}
 */
function runCommand([program = "", ...args]) {
  const name = [program, ...args].join(" ");
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, env, encoding: "utf8" });
  if (status === 0) {
    console.log(`ok      ${name}`);
    return { passed: 1, failed: 0, skipped: [] };
  }
  const said = `${stdout ?? ""}${stderr ?? ""}`.trim();
  if (status === SKIPPED)
    return { passed: 0, failed: 0, skipped: [{ name, reason: said.split("\n").at(-1) ?? "" }] };
  console.log(`${said}\nfailed  ${name}`);
  return { passed: 0, failed: 1, skipped: [] };
}

/**
 * @param {string} project
 * @returns {Outcome}
 */
function runProject(project) {
  const folder = mkdtempSync(join(tmpdir(), "vernier-suite-"));
  const file = join(folder, "outcome.json");
  const reporters = ["--reporter=dot", `--reporter=${join(root, "scripts/suite-reporter.mjs")}`];
  const { status } = spawnSync("vitest", ["run", "--project", project, ...reporters], {
    cwd: root,
    // With CI set, a missing snapshot fails instead of being written.
    env: { ...env, CI: "1", VERNIER_OUTCOME: file },
    stdio: "inherit",
    // A suite takes at most some five minutes; one that hangs is a failure, not a run without an end.
    timeout: 20 * 60_000,
    killSignal: "SIGKILL",
  });
  try {
    /** @type {Outcome} */
    const outcome = JSON.parse(readFileSync(file, "utf8"));
    // Vitest also fails for what is no test's fault: no test found, a setup that throws.
    if (status !== 0 && outcome.failed === 0) outcome.failed = 1;
    return outcome;
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {Outcome} sum
 * @param {Outcome} outcome
 */
function add(sum, outcome) {
  sum.passed += outcome.passed;
  sum.failed += outcome.failed;
  sum.skipped.push(...outcome.skipped);
}

/** @param {Outcome} outcome */
const sentence = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped.length} skipped`;

main(process.argv.slice(2));
