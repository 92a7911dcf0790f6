#!/usr/bin/env node
/**
 * @file `npm run applications`: small-image models of keras.applications through `vernier convert`, in the programs themselves.
 *
 *     npm run applications                                   one family and format, drawn by the commit
 *     npm run applications -- --family VGG16 --format h5     that one
 *     npm run applications -- --seed 7 | --all               drawn by a seed | all 39
 *
 * The file is converted to TF.js; `check` of both must agree on cpu and, with real Keras where it opens the file, on wasm,
 * every layer certified. It is converted to `.keras` and `.h5`, and so is the TF.js model: what is written must open in real
 * Keras and predict the very bits that the original predicts there, or, where a layer was rewritten or that Keras does not
 * open the original, the original's numbers (peers/tolerance.mjs). Models: python/make_applications.py, into the cache.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openKeras } from "./peers/keras.mjs";
import { judgeFiles } from "./peers/tolerance.mjs";

const ROOT = join(import.meta.dirname, "..");
const cache =
  process.env.VERNIER_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vernier");
const python = process.env.VERNIER_PYTHON ?? "";

/** What `convert` refuses by name, until those layers are in the list; an entry that is no longer refused fails too. */
const REFUSED = new Set([
  ...["keras", "h5", "tf_keras"].map((format) => `ConvNeXtTiny ${format}`), // LayerScale, operator nodes
  ...["keras", "h5", "tf_keras"].map((format) => `MobileNetV3Small ${format}`), // operator nodes, TFOpLambda
]);
/** Real Keras does not open its own file: nodes that are operators, a layer class that it does not know. */
const NOT_OPENED = new Set(["MobileNetV3Small h5", "ConvNeXtTiny h5", "ConvNeXtTiny tf_keras"]);

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

const vernier = (...words) => run(process.execPath, ["dist/cli/main.js", ...words, "--json"]);

/** The report of a conversion; what it refuses or fails at is thrown. */
function convert(from, dest, to) {
  const { status, stdout, stderr } = vernier("convert", from, dest, "--to", to, "--no-verify");
  if (status !== 0) throw new Refusal(status, JSON.parse(stdout || "{}").message ?? stderr);
  return JSON.parse(stdout);
}

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function make(script, family, format) {
  const folder = join(cache, "applications");
  const { status, stderr } = run(python, [script, folder, "--family", family, "--format", format]);
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr.trim().split("\n").at(-1)}`);
  return join(folder, family.toLowerCase(), format);
}

/** Texts that say what is not as it must be. */
function checked(source, web, input, options) {
  const { status, stdout, stderr } = vernier("check", source, web, "--input", input, ...options);
  if (stdout === "") return [`check ended with ${status}: ${stderr}`];
  const { schema, message, verdict, headline, layers, sides } = JSON.parse(stdout);
  if (schema === "vernier.error/1") return [`check: ${message}`];
  const { engine } = sides.b;
  const open = layers.flatMap(({ name, a, b }) => [
    ...(a.status === "certified" || a.explains === "is the reference" ? [] : [`${name} (Keras) ${a.status}`]),
    ...(b.status === "certified" ? [] : [`${name} ${b.status} ${b.explains ?? ""}`]),
  ]);
  const found = open.length === 0 ? [] : [`${engine}: ${open.slice(0, 5).join(", ")}`];
  return verdict === "agree" ? found : [`${engine}: ${verdict}: ${headline}`, ...found];
}

async function examine(family, format, keras, scratch) {
  const folder = make("python/make_applications.py", family, format);
  const source = join(folder, format === "keras" ? "model.keras" : "model.h5");
  const inputs = [join(folder, "in.npy")];
  const original = { path: join(folder, "out.npy"), dtype: "float32" };
  const web = join(scratch, "web");
  const first = convert(source, web, "tfjs");
  const rewritten = first.layers.rewritten.length;
  const name = `${family} ${format}`;
  const withKeras = NOT_OPENED.has(name) ? [] : ["--keras"];
  const failures = [
    ...checked(source, web, inputs[0], ["--b", "tfjs:cpu"]),
    ...checked(source, web, inputs[0], ["--b", "tfjs:wasm", ...withKeras]),
  ];
  const outputs = async (path, pack) => {
    const answer = await keras.ask({
      path,
      package: pack,
      inputs,
      calls: 1,
      out: join(scratch, `${pack}-${Math.random()}`),
    });
    return answer.error === undefined ? answer.outputs : answer.error;
  };
  const said = [];
  for (const { from, to, file, packages } of [
    { from: source, to: "keras", file: "straight.keras", packages: ["keras"] },
    { from: source, to: "h5", file: "straight.h5", packages: ["keras", "tf_keras"] },
    { from: web, to: "keras", file: "back.keras", packages: ["keras"] },
    { from: web, to: "h5", file: "back.h5", packages: ["keras", "tf_keras"] },
  ]) {
    const written = join(scratch, file);
    const report = convert(from, written, to);
    const changed = report.layers.rewritten.length + (from === web ? rewritten : 0);
    for (const pack of packages) {
      const got = await outputs(written, pack);
      const label = `${file} in ${pack}`;
      if (typeof got === "string") {
        failures.push(`${label}: ${got}`);
        continue;
      }
      const there = await outputs(source, pack);
      const same = typeof there !== "string" && readFileSync(there[0]).equals(readFileSync(got[0]));
      if (same) {
        said.push(`${label} bit-equal`);
        continue;
      }
      if (typeof there !== "string" && changed === 0) {
        failures.push(`${label}: not the original's bits`);
        continue;
      }
      const judged = judgeFiles(got, [original], null);
      if (judged.status !== "right") failures.push(`${label}: ${judged.reason}`);
      else said.push(`${label} within ${judged.maxAbs.toExponential(0)}${changed > 0 ? ", rewritten" : ""}`);
    }
  }
  return {
    failures,
    said: [`${first.layers.builtIn} layers, ${rewritten} rewritten, cpu and wasm agree`, ...said],
  };
}

/** All combinations, or the one that the seed draws. */
function drawn(families, formats, seed) {
  const all = families.flatMap((family) => formats.map((format) => ({ family, format })));
  if (seed === null) return all;
  return [all[createHash("sha256").update(seed).digest().readUInt32LE() % all.length]];
}

async function main() {
  const { values } = parseArgs({
    options: {
      family: { type: "string" },
      format: { type: "string" },
      seed: { type: "string" },
      all: { type: "boolean", default: false },
    },
  });
  if (python === "") {
    console.error("VERNIER_PYTHON does not name a Python with Keras (scripts/setup-keras prints one)");
    return 3;
  }
  const { families, formats } = JSON.parse(run(python, ["python/make_applications.py", "--list"]).stdout);
  const named = values.family !== undefined || values.format !== undefined || values.all;
  const seed = values.seed ?? process.env.SEED ?? run("git", ["rev-parse", "HEAD"]).stdout.trim();
  const chosen = drawn(
    values.family === undefined ? families.map(String) : [values.family],
    values.format === undefined ? Object.keys(formats) : [values.format],
    named ? null : seed,
  );
  const keras = openKeras(python);
  let failed = 0;
  for (const { family, format } of chosen) {
    const scratch = mkdtempSync(join(tmpdir(), "vernier-applications-"));
    const name = `${family} ${format}`;
    const started = performance.now();
    try {
      const { failures, said } = await examine(family, format, keras, scratch);
      if (REFUSED.has(name)) failures.push("is listed as refused, and is not");
      failed += failures.length === 0 ? 0 : 1;
      for (const line of failures) console.log(`${name}: WRONG ${line}`);
      console.log(`${name}: ${said.join("; ")} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
    } catch (error) {
      const known = error instanceof Refusal && error.status === 2 && REFUSED.has(name);
      if (!known) failed++;
      console.log(`${name}: ${known ? "refused, as listed" : "FAILED"}: ${error.message}`);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  await keras.close();
  if (failed > 0) console.log("again: npm run applications -- --family NAME --format keras|h5|tf_keras");
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
