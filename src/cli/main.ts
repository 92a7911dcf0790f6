#!/usr/bin/env node
/** @file The command `vernier`. Answers `--version` by itself; everything else is imported when it is needed. */

import { fileURLToPath } from "node:url";
import { VERSION } from "../base/version.ts";
import { compiled } from "./compiled.ts";

const words = process.argv.slice(2);
// Whoever reads the output may stop reading (`| head`).
process.stdout.on("error", () => process.exit());
if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const built = compiled(fileURLToPath(new URL("./chunks/program.cjs", import.meta.url)), words[0] ?? "");
  const { runProgram } = (built ?? (await import("./program.ts"))) as typeof import("./program.ts");
  process.exitCode = await runProgram(words);
  // All is closed and said. Else Node takes its memory apart first: 10 ms after a model of 150 layers.
  for (const stream of [process.stdout, process.stderr])
    await new Promise((written) => stream.write("", written));
  process.exit();
}
