#!/usr/bin/env node
/**
 * @file `npm run applications`: small-image models of keras.applications through `vernier convert`, in the programs themselves.
 *
 *     npm run applications                                   every family in one format, drawn by the commit
 *     npm run applications -- --seed 7                       drawn by a seed
 *     npm run applications -- --family VGG16 --format h5     that one, in full
 *     npm run applications -- --all [--brief]                all 39, in full or in brief
 *
 * In brief the file is converted to TF.js with the proof on wasm, and back to its own format, which must open in real Keras and
 * predict the very bits of the original, or its numbers where a layer was rewritten.
 *
 * In full `check` of both must agree on cpu and, with real Keras where it opens the file, on wasm, every layer certified. The
 * file is converted to `.keras` and `.h5`, and so is the TF.js model: what is written must open in real Keras and predict the
 * very bits that the original predicts there, or, where a layer was rewritten or that Keras does not open the original, the
 * original's numbers (peers/tolerance.mjs). Models: python/make_applications.py, into the cache.
 */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
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
function convert(from, dest, to, words = ["--no-verify"]) {
  const { status, stdout, stderr } = vernier("convert", from, dest, "--to", to, ...words);
  const said = JSON.parse(stdout || "{}");
  if (status !== 0) throw new Refusal(status, said.message ?? said.problems?.[0]?.message ?? stderr);
  return said;
}

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Folders of models, each as soon as it is made: the next is made meanwhile. */
async function* made(models) {
  const folder = join(cache, "applications");
  const words = models.flatMap(({ family, format }) => ["--model", `${family}:${format}`]);
  const child = spawn(python, ["python/make_applications.py", folder, ...words], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => {
    said = `${said}${text}`.slice(-4000);
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const rest = [...models];
  for await (const line of createInterface({ input: child.stdout })) {
    const { family, format } = rest[0] ?? {};
    if (!line.startsWith(`${family} ${format} `)) continue;
    rest.shift();
    yield { family, format, folder: join(folder, family.toLowerCase(), format) };
  }
  const status = await ended;
  if (rest.length > 0)
    throw new Error(`make_applications.py ended with ${status}: ${said.trim().split("\n").at(-1)}`);
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

const fileOf = ({ format, folder }) => join(folder, format === "keras" ? "model.keras" : "model.h5");

/** Paths of what a file predicts in real Keras; what kept it from predicting is thrown. */
async function predicted(keras, { path, pack, model, scratch }) {
  const { outputs, error } = await keras.ask({
    path,
    package: pack,
    inputs: [join(model.folder, "in.npy")],
    calls: 1,
    out: join(scratch, `${pack}-${Math.random()}`),
  });
  if (error !== undefined) throw new Error(error);
  return outputs;
}

/**
 * `got`: the bits of `there`, which the original predicts; its numbers in the folder will do where a layer was rewritten, or
 * where that Keras does not open the original and `there` is null.
 */
function compared(got, there, { changed, model }) {
  if (there !== null && readFileSync(there[0]).equals(readFileSync(got[0]))) return { said: "bit-equal" };
  if (there !== null && changed === 0) return { failure: "not the original's bits" };
  const judged = judgeFiles(got, [{ path: join(model.folder, "out.npy"), dtype: "float32" }], null);
  if (judged.status !== "right") return { failure: judged.reason };
  return { said: `within ${judged.maxAbs.toExponential(0)}${changed > 0 ? ", rewritten" : ""}` };
}

async function examineBriefly(model, keras, scratch) {
  const { format, folder } = model;
  const [web, back] = [join(scratch, "web"), join(scratch, format === "keras" ? "back.keras" : "back.h5")];
  const first = convert(fileOf(model), web, "tfjs", []);
  const second = convert(web, back, format === "keras" ? "keras" : "h5");
  const pack = format === "tf_keras" ? "tf_keras" : "keras";
  const got = await predicted(keras, { path: back, pack, model, scratch });
  const rewritten = first.layers.rewritten.length;
  const changed = rewritten + second.layers.rewritten.length;
  const { said, failure } = compared(got, [join(folder, "out.npy")], { changed, model });
  return {
    failures: failure === undefined ? [] : [`back in Keras: ${failure}`],
    said: [
      `${first.layers.builtIn} layers, ${rewritten} rewritten, proved on wasm`,
      ...(said === undefined ? [] : [`back in Keras ${said}`]),
    ],
  };
}

async function examine(model, keras, scratch) {
  const { family, format, folder } = model;
  const source = fileOf(model);
  const input = join(folder, "in.npy");
  const web = join(scratch, "web");
  const first = convert(source, web, "tfjs");
  const rewritten = first.layers.rewritten.length;
  const name = `${family} ${format}`;
  const withKeras = NOT_OPENED.has(name) ? [] : ["--keras"];
  const failures = [
    ...checked(source, web, input, ["--b", "tfjs:cpu"]),
    ...checked(source, web, input, ["--b", "tfjs:wasm", ...withKeras]),
  ];
  const originals = {};
  for (const pack of ["keras", "tf_keras"])
    originals[pack] = await predicted(keras, { path: source, pack, model, scratch }).catch(() => null);
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
      const result = await predicted(keras, { path: written, pack, model, scratch }).then(
        (got) => compared(got, originals[pack], { changed, model }),
        (error) => ({ failure: error.message }),
      );
      if (result.failure !== undefined) failures.push(`${file} in ${pack}: ${result.failure}`);
      else said.push(`${file} in ${pack} ${result.said}`);
    }
  }
  return {
    failures,
    said: [`${first.layers.builtIn} layers, ${rewritten} rewritten, cpu and wasm agree`, ...said],
  };
}

/** Each family in the format that the seed draws for it. */
function drawn(families, formats, seed) {
  return families.map((family) => {
    const number = createHash("sha256").update(`${seed} ${family}`).digest().readUInt32LE();
    return { family, format: formats[number % formats.length] };
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      family: { type: "string" },
      format: { type: "string" },
      seed: { type: "string" },
      all: { type: "boolean", default: false },
      brief: { type: "boolean", default: false },
    },
  });
  if (python === "") {
    console.error("VERNIER_PYTHON does not name a Python with Keras (scripts/setup-keras prints one)");
    return 3;
  }
  const { families, formats } = JSON.parse(run(python, ["python/make_applications.py", "--list"]).stdout);
  const isNamed = values.family !== undefined || values.format !== undefined || values.all;
  const seed = values.seed ?? process.env.SEED ?? run("git", ["rev-parse", "HEAD"]).stdout.trim();
  const chosen = isNamed
    ? families
        .filter((family) => (values.family ?? family) === family)
        .flatMap((family) => Object.keys(formats).map((format) => ({ family, format })))
        .filter(({ format }) => (values.format ?? format) === format)
    : drawn(families, Object.keys(formats), seed);
  const keras = openKeras(python);
  let failed = 0;
  for await (const model of made(chosen)) {
    const scratch = mkdtempSync(join(tmpdir(), "vernier-applications-"));
    const name = `${model.family} ${model.format}`;
    const started = performance.now();
    try {
      const { failures, said } = await (isNamed && !values.brief ? examine : examineBriefly)(
        model,
        keras,
        scratch,
      );
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
