/**
 * @file `npm run corpus`: `vernier check` on every real published pair beside the project, on both TF.js backends,
 * and once more with real Keras as side A. Prints a table; exits 1 when a check crashed or took the wrong exit code.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const corpus = join(root, "..", "shared", "corpus");
const EXIT = { agree: 0, differ: 1, "not-compared": 2 };

/** @param {string} dir @param {readonly string[]} names */
function check(dir, names, ...extra) {
  const [keras, tfjs] = names.map((name) => join(corpus, dir, name));
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "dist/cli/main.js"), "check", keras, tfjs, "--json", "--no-progress", ...extra],
    { encoding: "utf8", maxBuffer: 1 << 28, timeout: 300_000 },
  );
  const seconds = (performance.now() - started) / 1000;
  try {
    return { status, seconds, json: JSON.parse(stdout) };
  } catch {
    return { status, seconds, json: null, stderr };
  }
}

/** One table row. */
function row(label, engine, { status, seconds, json, stderr }) {
  const shown = (text, width) => String(text).slice(0, width).padEnd(width);
  if (json === null || json.schema === "vernier.error/1") {
    const why = json?.message ?? (stderr ?? "").trim().split("\n").at(-1) ?? "no output";
    return `${shown(label, 26)} ${shown(engine, 16)} exit ${status}  ${why.slice(0, 150)}`;
  }
  const first = json.causes[0];
  const where =
    first === undefined
      ? (json.notCompared[0]?.reason ?? "")
      : `${first.layer ?? first.layerB ?? "-"} ${first.kind}${first.detail === null ? "" : ` ${first.detail}`}`;
  const residual = json.budget === null ? "-" : json.budget.residual.toExponential(1);
  return `${shown(label, 26)} ${shown(engine, 16)} ${shown(json.verdict, 12)} ${shown(seconds.toFixed(1), 5)} ${shown(residual, 9)} ${where.slice(0, 120)}`;
}

function main() {
  if (!existsSync(corpus)) {
    console.log("skipped: ../shared/corpus is not beside this checkout");
    return 0;
  }
  const pairs = JSON.parse(readFileSync(join(corpus, "manifest.json"), "utf8"));
  const withKeras = !process.argv.includes("--no-keras");
  let wrong = 0;
  const kinds = [
    ["tfjs:cpu", ["--b", "tfjs:cpu"]],
    ["tfjs:wasm", ["--b", "tfjs:wasm"]],
    ...(withKeras ? [["keras tfjs:wasm", ["--keras", "--b", "tfjs:wasm"]]] : []),
  ];
  for (const { dir, files } of pairs) {
    const names = ["keras", "model.json"].map((role) => files.find((file) => file.role === role).name);
    for (const [engine, options] of kinds) {
      const result = check(dir, names, ...options);
      console.log(row(dir.split("+")[1] ?? dir, engine, result));
      const { json, status } = result;
      if (
        json === null ||
        status === 70 ||
        (json.verdict !== undefined && EXIT[json.verdict] !== status && status !== 3)
      )
        wrong++;
    }
  }
  console.log(
    wrong === 0 ? "every check ended as its verdict says" : `${wrong} checks crashed or exited wrongly`,
  );
  return wrong === 0 ? 0 : 1;
}

process.exitCode = main();
