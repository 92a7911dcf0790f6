/**
 * @file The test suites. A suite is a project: `npx vitest run --project unit`.
 *
 * Files share one thread's modules (no isolation): the sources hold no module-level state, which
 * `test/static/architecture.test.ts` checks, and it makes the suites some six times faster.
 */

import { spawnSync } from "node:child_process";
import { defineConfig } from "vitest/config";

/** The Python with real Keras: as given, else the one that `scripts/setup-keras` made; "" where there is none. */
function kerasPython(): string {
  const given = process.env["VERNIER_PYTHON"];
  if (given !== undefined) return given;
  const { status, stdout } = spawnSync("scripts/setup-keras", ["--if-ready"], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : "";
}

/** Suites that run the built package build it first, when it is older than the sources. */
const built = ["test/build-first.ts"];

export default defineConfig({
  test: {
    pool: "threads",
    isolate: false,
    env: { VERNIER_PYTHON: kerasPython() },
    projects: [
      { extends: true, test: { name: "static", include: ["test/static/**/*.test.ts"] } },
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts", "test/unit/**/*.test.ts"] } },
      { extends: true, test: { name: "oracle", include: ["test/oracle/**/*.test.ts"], testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: "engines",
          include: ["test/engines/**/*.test.ts"],
          globalSetup: built,
          // Engines are processes and workers of their own: two files at once would starve each other into timeouts.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: { name: "docs", include: ["test/docs/**/*.test.ts"], globalSetup: built, testTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: "package",
          include: ["test/package/**/*.test.ts"],
          globalSetup: built,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
