/** @file One process of the pool: converts each file of a case, runs what was written in plain TF.js, converts it back. */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../dist/cli/program.js";
import { runInTfjs } from "./run-tfjs.mjs";
import { judge, readArray } from "./tolerance.mjs";

/** What TF.js's models are written back as, and who must be able to open it. */
const BACK = [
  { to: "keras", name: "back.keras", packages: ["keras"] },
  { to: "h5", name: "back.h5", packages: ["keras", "tf_keras"] },
];

process.on("message", async ({ row, scratch, back, kinds }) => {
  // Files of one case that become the same TF.js model go back once.
  const seen = new Set();
  for (const [i, file] of row.files.entries()) {
    if (kinds !== null && !kinds.includes(file.file)) continue;
    const folder = join(scratch, row.id, String(i));
    mkdirSync(folder, { recursive: true });
    process.send(await answer(row, file, folder, back, seen));
  }
  process.send({ done: true });
});

async function answer(row, { file, path, expected }, folder, back, seen) {
  const result = { id: row.id, source: row.source, file, back: [], written: [], expected };
  const web = join(folder, "web");
  const converted = await convert(path, web, "tfjs");
  if (converted.failure !== null) return { ...result, ...converted.failure };
  const { rewritten, companion } = converted.report.layers;
  const about = {
    rewritten,
    ...(companion.length === 0 ? {} : { companion }),
    problems: converted.report.problems.map(({ code, severity, message }) => ({ code, severity, message })),
  };
  let outputs;
  try {
    outputs = await runInTfjs(web, row.inputs.map(readArray), row.calls);
  } catch (error) {
    const reason = String(error?.message ?? error).slice(0, 500);
    return { ...result, ...about, status: "wrong", reason: `TF.js: ${reason}` };
  }
  let judged = judge(
    outputs,
    expected.map((output) => readArray(output.path)),
    expected.map(({ dtype }) => dtype),
    row.tolerance,
  );
  if (judged.status === "wrong" && judged.isNumeric && back && (await isRounding(row, path, web)))
    judged = { status: "right", beyond: judged.reason };
  const done = { ...result, ...about, ...judged };
  const hash = hashOf(web);
  if (!back || judged.status !== "right" || seen.has(hash)) return done;
  seen.add(hash);
  for (const { to, name, packages } of BACK) {
    const target = join(folder, name);
    const { failure, report } = await convert(web, target, to);
    if (failure !== null) {
      done.back.push({ ...failure, to, package: null });
      continue;
    }
    const said = new Set(report.problems.map(({ code }) => code));
    const readers = packages.filter(
      (pack) => !said.has(pack === "keras" ? "convert.keras2-only" : "convert.keras3-only"),
    );
    done.written.push(...readers.map((pack) => ({ to, path: target, package: pack })));
  }
  return done;
}

/**
 * What is left of thousands that cancel is small, and its rounding is not: `check` derives how much there may be, in
 * each layer of TF.js and of real Keras, which runs the file again.
 */
async function isRounding({ inputs, calls }, path, web) {
  if (calls !== 1) return false;
  const fed = inputs.flatMap((input) => ["--input", input]);
  const { exit } = await command(["check", path, web, ...fed, "--keras", "--json"]);
  return exit === 0;
}

async function convert(from, dest, to) {
  const { exit, text, thrown } = await command(["convert", from, dest, "--to", to, "--no-verify", "--json"]);
  if (thrown !== undefined)
    return {
      report: null,
      failure: { status: "crashed", reason: `${to}: ${String(thrown?.stack ?? thrown)}` },
    };
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    return { report: null, failure: { status: "crashed", reason: `${to}: exit ${exit} and no JSON` } };
  }
  if (exit === 0) return { report, failure: null };
  const { code = "?", message = JSON.stringify(report).slice(0, 300), where = "" } = report;
  const status = exit === 2 ? "refused" : "crashed";
  return { report: null, failure: { status, code, reason: message, where, exit, direction: to } };
}

/** The command itself, in this process: what it prints and throws is caught. */
async function command(words) {
  const { write } = process.stdout;
  const { write: writeError } = process.stderr;
  let text = "";
  process.stdout.write = (data) => ((text += data), true);
  process.stderr.write = () => true;
  try {
    return { exit: await runProgram(words), text };
  } catch (thrown) {
    return { exit: null, text, thrown };
  } finally {
    process.stdout.write = write;
    process.stderr.write = writeError;
  }
}

function hashOf(folder) {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).toSorted())
    hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}
