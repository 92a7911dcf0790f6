/**
 * @file TF.js's Python converter in a virtual environment of its own, made once: what `vernier convert` is measured against.
 *
 * `pip install tensorflowjs` alone gives a converter that fails at import: TensorFlow's generated code wants a newer
 * protobuf than TensorFlow itself asks for (3 GB, a minute or two; July to November 2026).
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const STEPS = [["tensorflowjs==4.22.0"], ["protobuf>=6.31.1,<7"]];
/** It takes 2.9 GB; pip unpacks while the archives are still there. */
const NEEDED_BYTES = 6e9;

/** Path of the command `tensorflowjs_converter`, or `{ skipped }`. */
export function pythonConverter() {
  const cache =
    process.env.VERNIER_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vernier");
  const hash = createHash("sha256").update(JSON.stringify(STEPS)).digest("hex").slice(0, 12);
  const venv = join(cache, `tensorflowjs-${hash}`);
  const marker = join(venv, ".finished");
  const command = join(venv, "bin", "tensorflowjs_converter");
  if (existsSync(marker)) return { command };
  mkdirSync(cache, { recursive: true });
  const { bavail, bsize } = statfsSync(cache);
  if (bavail * bsize < NEEDED_BYTES)
    return { skipped: `less than ${NEEDED_BYTES / 1e9} GB are free in ${cache}` };
  console.log(`making ${venv} (once, 2.9 GB)…`);
  rmSync(venv, { recursive: true, force: true });
  const python = ["python3.11", "python3"].find(
    (name) => spawnSync(name, ["-c", "import venv"]).status === 0,
  );
  if (python === undefined) return { skipped: "no Python 3 with the venv module" };
  const pip = [join(venv, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  for (const words of [[python, "-m", "venv", venv], ...STEPS.map((step) => [...pip, ...step])]) {
    const { status, stderr } = spawnSync(words[0], words.slice(1), { encoding: "utf8" });
    if (status !== 0)
      return { skipped: `${words.join(" ")} ended with ${status}: ${stderr.trim().split("\n").at(-1)}` };
  }
  const { status, stderr } = spawnSync(command, ["--help"], { encoding: "utf8" });
  if (status !== 0) return { skipped: `it does not start: ${stderr.trim().split("\n").at(-1)}` };
  writeFileSync(marker, "");
  return { command };
}
