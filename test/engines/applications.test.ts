/**
 * @file Every family of keras.applications in one format, drawn by the commit or SEED: converted with the proof, and back in
 * real Keras. `npm run applications -- --all` takes all formats, on cpu too, and more ways back.
 */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

/** A minute on two idle cores. */
const TIMEOUT_MS = 600_000;

test("models of keras.applications convert, agree on wasm, and predict their own bits back in Keras", {
  timeout: TIMEOUT_MS,
}, ({ skip }) => {
  if ((process.env["VERNIER_PYTHON"] ?? "") === "") skip("no Python with Keras (scripts/setup-keras)");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/applications.mjs"], {
    cwd: join(import.meta.dirname, "../.."),
    encoding: "utf8",
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout.match(/proved on wasm; back in Keras/g), stdout).toHaveLength(11);
  expect(stdout.match(/refused, as listed/g), stdout).toHaveLength(2);
});
