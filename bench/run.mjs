/**
 * @file Speed and memory of the command itself: `npm run bench [start-up] [large] [kernels] [convert]`, the first three by default.
 *
 * `start-up`: `vernier --version` against `node -e 0`, medians, alternating; exits 1 beyond the limit. `large`: `inspect`
 * and `check --samples 1` of MobileNetV2 and ResNet50 against their TF.js twins: seconds per stage as the report has them,
 * CPU seconds, and the peak of resident memory (that of a Python process not included). The pairs are looked for in
 * $VERNIER_LARGE or ~/.cache/vernier/large and made by `python python/make_fixtures.py --large FOLDER`; with VERNIER_PYTHON
 * set, MobileNetV2 is also checked with Keras itself. `kernels`: `bench/kernels.mjs`; `convert`: `bench/convert.mjs`.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measured } from "./measured.mjs";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const START_UP_RUNS = 15;
const START_UP_LIMIT_MS = 80;
const LARGE = [
  { name: "mobilenetv2", limit: 10 },
  { name: "resnet50", limit: 60 },
];

const median = (values) => values.toSorted((x, y) => x - y)[values.length >> 1];

function millisecondsOf(args) {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
  return performance.now() - start;
}

function startUp() {
  const bare = [];
  const version = [];
  for (let i = 0; i < START_UP_RUNS; i++) {
    bare.push(millisecondsOf(["-e", "0"]));
    version.push(millisecondsOf([MAIN, "--version"]));
  }
  const difference = median(version) - median(bare);
  console.log(
    `start-up  node -e 0 ${median(bare).toFixed(1)} ms, vernier --version ${median(version).toFixed(1)} ms, ` +
      `difference ${difference.toFixed(1)} ms (at most ${START_UP_LIMIT_MS})`,
  );
  if (difference > START_UP_LIMIT_MS) process.exitCode = 1;
}

const shown = ({ seconds, cpu, megabytes }) =>
  `${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s of CPU, peak ${megabytes.toFixed(0)} MB`;

async function measureCheck(name, pair, more, limit) {
  const folder = mkdtempSync(join(tmpdir(), "vernier-bench-"));
  try {
    const file = join(folder, "report.json");
    const result = await measured([MAIN, "check", ...pair, "--samples", "1", ...more, "--report", file]);
    if (!existsSync(file)) throw new Error(`check of ${name} ended with ${result.code} and wrote no report`);
    const { verdict, timingsMs, layers, causes } = JSON.parse(readFileSync(file, "utf8"));
    const words = [`check${more.map((word) => ` ${word}`).join("")}`, `verdict ${verdict}`];
    console.log(`${name}  ${words.join("  ")}  ${shown(result)}${limit === null ? "" : ` (aim ${limit} s)`}`);
    for (const [stage, ms] of Object.entries(timingsMs))
      console.log(`    ${stage.padEnd(16)} ${(ms / 1000).toFixed(2)} s`);
    console.log(`    ${layers.length} layers; causes: ${causes.map(({ kind }) => kind).join() || "none"}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function large() {
  const root = process.env.VERNIER_LARGE ?? join(homedir(), ".cache", "vernier", "large");
  for (const { name, limit } of LARGE) {
    const pair = [join(root, name, "model.h5"), join(root, name, "web")];
    if (!pair.every((path) => existsSync(path))) {
      console.log(`${name}  skipped: no pair in ${root} (python python/make_fixtures.py --large ${root})`);
      continue;
    }
    for (const path of pair)
      console.log(
        `${name}  inspect ${path.split("/").at(-1)}  ${shown(await measured([MAIN, "inspect", path]))}`,
      );
    await measureCheck(name, pair, [], limit);
    if (name !== "mobilenetv2") continue;
    if (process.env.VERNIER_PYTHON) await measureCheck(name, pair, ["--keras"], null);
    else console.log(`${name}  check --keras  skipped: VERNIER_PYTHON is not set`);
  }
}

const BENCHES = {
  "start-up": startUp,
  large,
  kernels: () => import("./kernels.mjs"),
  convert: () => import("./convert.mjs"),
};
/** `convert` installs 3 GB and takes minutes: only when it is named. */
const DEFAULT = ["start-up", "large", "kernels"];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`);
  process.exitCode = 2;
} else {
  console.log(`Node ${process.version}, load of the machine before: ${loadavg()[0].toFixed(1)}`);
  for (const name of names.length === 0 ? DEFAULT : names) await BENCHES[name]();
}
