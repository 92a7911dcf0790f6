#!/usr/bin/env node
/** @file The command `vernier`. Answers `--version` by itself; everything else is imported when it is needed. */

import { VERSION } from "../base/version.ts";

const words = process.argv.slice(2);
// Whoever reads the output may stop reading (`| head`).
process.stdout.on("error", () => process.exit());
if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { runProgram } = await import("./program.ts");
  process.exitCode = await runProgram(words);
}
