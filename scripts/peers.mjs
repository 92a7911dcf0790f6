#!/usr/bin/env node
/**
 * @file `npm run peers`: the models that other projects test with, through `vernier convert`, in the programs themselves.
 *
 *     npm run peers                          every case: generates them first (11 minutes, once), then some 30 minutes
 *     npm run peers -- --only '^k3_conv'     the cases whose id matches
 *     npm run peers -- --sample 20 --seed 1  a fixed sample of the reference manifest, made when it is missing (CI)
 *     npm run peers -- --no-back             only Keras → TF.js, without a Python
 *
 * Every file of a case is converted to TF.js, loaded there with plain `loadLayersModel` (wasm) and run on the case's
 * inputs; then TF.js → `.keras` and `.h5`, opened in real Keras. Outputs are held to what real Keras computed when the
 * case was made (tolerance.mjs). Prints right, wrong, refused and crashed by source and file, the reasons grouped, and
 * writes every result to $VERNIER_CACHE/peers-results.json. Exits 1 when anything is wrong or crashed, 3 without Python.
 */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findCases } from "./peers/cases.mjs";
import { openKeras } from "./peers/keras.mjs";
import { inChildren } from "./peers/pool.mjs";
import { summarize } from "./peers/summary.mjs";
import { judgeFiles } from "./peers/tolerance.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    files: { type: "string", default: "" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: String(Math.min(2, availableParallelism())) },
    "no-back": { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const cache =
  process.env.VERNIER_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vernier");

/** TensorFlow has no kernel on CPUs for channels first, nor for every dilation of a transposed convolution. */
const NO_KERNEL =
  /only supports? (the )?NHWC|UnimplementedError|CPU implementations? do(es)? not (yet )?support/;

/** Opens what was written back in real Keras, and judges its outputs; adds `back` to each result. */
async function openBack(row, results, keras) {
  for (const result of results) {
    for (const written of result.written ?? []) {
      const answer = await keras.ask({
        path: written.path,
        package: written.package,
        inputs: row.inputs,
        calls: row.calls,
        out: `${written.path}.${written.package}.out`,
      });
      const judged =
        answer.error === undefined
          ? judgeFiles(answer.outputs, result.expected, row.tolerance)
          : {
              status: answer.crashed ? "crashed" : NO_KERNEL.test(answer.error) ? "refused" : "wrong",
              reason: `${written.package}: ${answer.error}`,
            };
      const limit =
        written.package === "keras" && judged.status === "wrong" && row.notReopened.includes(written.to);
      const verdict = limit
        ? { status: "refused", reason: `Keras itself does not open this model again from ${written.to}` }
        : judged;
      result.back.push({ ...verdict, to: written.to, package: written.package });
    }
  }
}

async function main() {
  const cases = findCases({ cache, only: options.only, sample: options.sample, seed: options.seed });
  if (typeof cases === "string") {
    console.log(`skipped: ${cases}`);
    return 0;
  }
  const python = options["no-back"] ? null : (process.env.VERNIER_PYTHON ?? "");
  if (python === "") {
    console.error(
      "VERNIER_PYTHON does not name a Python with Keras (scripts/setup-keras prints one); --no-back needs none",
    );
    return 3;
  }
  const started = performance.now();
  const scratch = mkdtempSync(join(tmpdir(), "vernier-peers-"));
  const results = [];
  const details = join(
    cache,
    options.sample === undefined ? "peers-results.json" : "peers-sample-results.json",
  );
  const keras = python === null ? null : openKeras(python);
  try {
    const kinds = options.files === "" ? null : options.files.split(",");
    await inChildren(
      cases,
      { jobs: Number(options.jobs), scratch, back: keras !== null, kinds },
      async (row, found) => {
        if (keras !== null) await openBack(row, found, keras);
        results.push(...found.map((result) => ({ ...result, written: undefined, expected: undefined })));
        if (!options.keep) rmSync(join(scratch, row.id), { recursive: true, force: true });
        if (results.length % 500 < found.length) {
          writeFileSync(details, JSON.stringify(results, null, 1));
          console.error(`${results.length} files, ${((performance.now() - started) / 1000).toFixed(0)} s`);
        }
      },
    );
  } finally {
    await keras?.close();
    if (options.keep) console.error(`kept: ${scratch}`);
    else rmSync(scratch, { recursive: true, force: true });
  }
  results.sort((x, y) => (x.id + x.file < y.id + y.file ? -1 : 1));
  const { text, failed } = summarize(results);
  console.log(text);
  writeFileSync(details, JSON.stringify(results, null, 1));
  console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s; every result: ${details}`);
  return failed ? 1 : 0;
}

if (!existsSync(join(import.meta.dirname, "../dist/cli/program.js"))) {
  console.error("dist/ is missing: npm run build");
  process.exitCode = 2;
} else process.exitCode = await main();
