/** @file One model of keras.applications in one format, drawn by the commit or SEED: converted, proved, and back in Keras. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

/** The largest take a minute on two idle cores. */
const TIMEOUT_MS = 400_000;
const NAME =
  "a drawn keras.applications model converts, agrees on cpu and wasm, and predicts its own bits back in Keras";

test(NAME, { timeout: TIMEOUT_MS }, ({ skip }) => {
  if ((process.env["VERNIER_PYTHON"] ?? "") === "") skip("no Python with Keras (scripts/setup-keras)");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/applications.mjs"], {
    cwd: join(import.meta.dirname, "../.."),
    encoding: "utf8",
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toMatch(/cpu and wasm agree|refused, as listed/);
});
