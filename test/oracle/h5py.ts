/** @file h5py, asked what it reads from files: `read_hdf5.py` in one process. */

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Recorded } from "./record-hdf5.ts";

export const PYTHON = process.env["VERNIER_PYTHON"] ?? "";
if (PYTHON === "") console.log("skipped: no Python with h5py (scripts/setup-keras makes one)");

/** One record a file, in their order. */
export async function readByH5py(paths: readonly string[]): Promise<Recorded[]> {
  const script = fileURLToPath(new URL("read_hdf5.py", import.meta.url));
  const python = spawn(PYTHON, [script], { stdio: ["pipe", "pipe", "inherit"] });
  python.stdin.end(paths.map((path) => `${path}\n`).join(""));
  const lines = (await text(python.stdout)).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Recorded);
}
