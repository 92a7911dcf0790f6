/** @file A fixed sample of the models that other projects test with, converted and run in the programs themselves. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const SHARED = join(ROOT, "../shared/peers");
const SAMPLE = ["--sample", "40", "--seed", "1"];

test("of a sample of other projects' models, none is converted wrongly and none crashes", ({ skip }) => {
  if (!existsSync(SHARED)) skip("../shared/peers is not beside this checkout");
  if ((process.env["VERNIER_PYTHON"] ?? "") === "") skip("no Python with Keras (scripts/setup-keras)");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/peers.mjs", ...SAMPLE], {
    cwd: ROOT,
    encoding: "utf8",
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
  // Not by refusing everything: most of the sample's files become a TF.js model that is right.
  const [right = 0, , refused = 0] = (/^all +(.*)$/m.exec(stdout)?.[1] ?? "").split(/ +/).map(Number);
  expect(right, stdout).toBeGreaterThan(refused);
});
