/** @file Which cases there are, and what each file of a case must give. They are made by the generator beside this checkout. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const SHARED = join(import.meta.dirname, "../../../shared/peers");

/** Which files of a case are converted, and whose outputs they have. */
const FILES = {
  keras: "outputs",
  h5: "outputs",
  legacy_h5: "legacy_outputs",
  legacy_keras: "legacy_outputs",
  legacy_21_h5: "outputs",
  tfjs: "legacy_outputs",
  "tfjs-layers-model": "outputs",
};

/**
 * Rows with absolute paths: `{ id, source, calls, tolerance, inputs, notReopened, files: [{ file, path, expected }] }`;
 * `notReopened`: the formats in which Keras 3 itself does not open this model again, or opens another.
 * A text instead says why there are none.
 */
export function findCases({ cache, only, sample, seed }) {
  if (!existsSync(SHARED)) return "../shared/peers is not beside this checkout";
  const folder = join(cache, sample === undefined ? "peers" : "peers-sample");
  const full = manifestIn(join(cache, "peers"));
  if (sample === undefined) {
    const manifest = full ?? generate(folder, null) ?? manifestIn(folder);
    return typeof manifest === "string" ? manifest : rowsFrom(manifest, join(cache, "peers"), only);
  }
  const ids = drawn(Number(sample), seed);
  const has = (manifest) =>
    manifest !== null && ids.every((id) => manifest.cases.some((row) => row.id === id));
  const pattern = `^(${ids.join("|")})$`;
  if (has(full)) return rowsFrom(full, join(cache, "peers"), pattern);
  if (!has(manifestIn(folder))) {
    const why = generate(folder, pattern);
    if (why !== null) return why;
  }
  return rowsFrom(manifestIn(folder), folder, pattern);
}

const manifestIn = (folder) =>
  existsSync(join(folder, "manifest.json"))
    ? JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))
    : null;

/** The first of the reference manifest's convertible cases in an order that the seed shuffles. */
function drawn(count, seed) {
  const { cases } = JSON.parse(
    gunzipSync(readFileSync(join(SHARED, "manifest_reference.json.gz"))).toString(),
  );
  const place = (id) => createHash("sha256").update(`${seed}/${id}`).digest("hex");
  return cases
    .filter(({ files, id }) => Object.keys(files).some((kind) => kind in FILES) && !id.startsWith("app_"))
    .map(({ id }) => id)
    .toSorted((x, y) => (place(x) < place(y) ? -1 : 1))
    .slice(0, count);
}

/** Null when it is done. */
function generate(folder, only) {
  const python = process.env.VERNIER_PYTHON ?? "";
  if (python === "")
    return "the cases are not made yet, and VERNIER_PYTHON names no Python that could make them";
  const more = only === null ? [] : ["--only", only];
  const script = join(SHARED, "gen_peers.py");
  console.error(`making the cases in ${folder}${only === null ? " (some 11 minutes)" : ""}…`);
  const { status, stderr } = spawnSync(python, [script, folder, "--legacy", "--resume", ...more], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    maxBuffer: 1 << 28,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return status === 0 ? null : `gen_peers.py ended with ${status}: ${stderr.trim().split("\n").at(-1)}`;
}

function rowsFrom({ cases }, folder, only) {
  const pattern = new RegExp(only);
  return cases
    .filter(({ id, inputs }) => pattern.test(id) && inputs !== undefined)
    .map((row) => {
      const at = (name) => join(folder, row.id, name);
      const files = Object.entries(FILES).flatMap(([kind, key]) => {
        // What Keras computes from the file, where that is not what the model computed that it was saved from.
        const expected = row.outputs_reloaded?.[kind] ?? row[key] ?? row.outputs;
        return row.files[kind] === undefined || expected === undefined
          ? []
          : [
              {
                file: kind,
                path: at(row.files[kind]),
                expected: expected.map(({ file, dtype }) => ({ path: at(file), dtype })),
              },
            ];
      });
      return {
        id: row.id,
        source: row.source.split("@")[0].split(" ")[0],
        calls: row.calls,
        tolerance: toleranceOf(row),
        inputs: row.inputs.map(({ file }) => at(file)),
        notReopened: ["h5", "keras"].filter((kind) => row.reload[kind]?.ok === false),
        files,
      };
    })
    .filter(({ files }) => files.length > 0);
}

/** Some rows state theirs; a policy of half precision shows in the id: its outputs may still be float32. */
function toleranceOf({ tolerance, id }) {
  if (tolerance !== undefined) return tolerance;
  return /bfloat16|quantize_dtype_argument_int[48]_2/.test(id)
    ? "bfloat16"
    : /float16|policy_per_layer/.test(id)
      ? "float16"
      : null;
}
