#!/usr/bin/env node
/**
 * @file Records what real Keras computes for every layer sample: the oracle of `test/oracle/layers.test.ts`.
 *
 *     npm run record                      builds, then every family
 *     npm run record -- --family conv     only one, as a file of src/layers is named
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

function run(command, args, options = {}) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "inherit", "inherit"],
    ...options,
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

const python =
  process.env.VERNIER_PYTHON ??
  run("scripts/setup-keras", [], { stdio: ["ignore", "pipe", "inherit"] })
    .trim()
    .split("\n")
    .at(-1);
const folder = mkdtempSync(join(tmpdir(), "vernier-record-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const samples = join(folder, "samples.json");
run(process.execPath, ["scripts/dump-samples.mjs", samples]);
run(python, ["python/record_layers.py", samples, "test/oracle/recorded", ...process.argv.slice(2)]);
