/**
 * @file `npm run inputs-bench`: does `vernier inputs` name the step that was made? Made-up cases, cases that Pillow,
 * OpenCV and TensorFlow made (where `scripts/setup-images` can have them), a canvas's (where Chromium is found), and
 * pairs of which nothing is to be found. `--seed N` makes others; `--sample N` takes N cases spread over all; `--made` leaves out Python's;
 * `--cases FILE` takes what `python/make_input_cases.py` made before, `--only PATTERN` cases whose name fits; `--verbose` names what was missed.
 *
 * Exits 1 below 98 % right at the first place, at a false finding, or at a median above 1 s.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { explainInputs } from "../dist/explain/inputs/inputs-report.js";
import { readNpz } from "../dist/formats/npz.js";
import { bytesSource } from "../dist/formats/source.js";
import { randomFrom } from "../dist/numerics/random.js";
import { canvasCases } from "./inputs-canvas.mjs";
import { madeCases, nothing } from "./inputs-cases.mjs";

const root = join(import.meta.dirname, "..");
const option = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const seed = option("--seed", 1);
const verbose = process.argv.includes("--verbose");
const sample = option("--sample", Number.POSITIVE_INFINITY);
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
const LEAST_RIGHT = 0.98;
const MEDIAN_MS = 1_000;

/** Cases of real libraries, or null where there is no Python that has them. */
async function libraryCases() {
  const given = process.argv.indexOf("--cases");
  if (given >= 0) return casesFrom(process.argv[given + 1]);
  const setup = spawnSync(join(root, "scripts/setup-images"), { cwd: root, encoding: "utf8" });
  if (setup.status !== 0) return null;
  const [folder, python] = setup.stdout.trim().split("\n");
  const scratch = mkdtempSync(join(tmpdir(), "vernier-inputs-"));
  try {
    const file = join(scratch, "cases.npz");
    const env = { ...process.env, PYTHONPATH: folder, TF_CPP_MIN_LOG_LEVEL: "3" };
    const made = spawnSync(python, [join(root, "python/make_input_cases.py"), file], {
      env,
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(made.stderr);
    return await casesFrom(file);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function casesFrom(file) {
  const archive = await readNpz(bytesSource(new Uint8Array(readFileSync(file)), file));
  const [listed] = (await archive.read("cases")).data;
  const cases = [];
  for (const [i, { name, steps }] of JSON.parse(listed).entries()) {
    const key = String(i).padStart(3, "0");
    cases.push({ name, steps, a: await archive.read(`${key}.a`), b: await archive.read(`${key}.b`) });
  }
  return cases;
}

const close = (x, y, within) => Math.abs(x - y) <= within * Math.max(1e-3, Math.abs(y));

function sameParam(found, wanted, within) {
  if (Array.isArray(wanted))
    return (Array.isArray(found) ? found : wanted.map(() => found)).every((x, i) =>
      sameParam(x, wanted[i], within),
    );
  return typeof wanted === "number" ? close(found, wanted, within) : found === wanted;
}

/** The same kinds of steps, whatever their order, with the same parameters; or what comes to the same on every element. */
function isRight({ report }, wanted, a, within) {
  const ids = (steps) =>
    steps
      .map(({ id }) => id)
      .sort()
      .join();
  if (!report.found || report.direction !== "b-to-a" || ids(report.steps) !== ids(wanted)) return false;
  const largest = a.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const isExact = report.left.maxAbs <= 1e-6 * largest;
  return (
    isExact ||
    wanted.every(({ id, params }) => {
      const found = report.steps.find((step) => step.id === id).params;
      return Object.entries(params).every(([name, value]) => sameParam(found[name], value, within));
    })
  );
}

const spread = (list, count) =>
  list.length <= count
    ? list
    : Array.from({ length: count }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / count)]);
const say = ({ report }) =>
  report.found
    ? `${report.direction} ${report.steps.map(({ id, params }) => `${id} ${JSON.stringify(params)}`).join(" + ")}`
    : report.equal
      ? "equal"
      : "nothing";

// `--made`: without those of Python, which take some 10 s to make.
const library = process.argv.includes("--made") ? [] : await libraryCases();
const canvas = await canvasCases(root);
for (const [name, cases] of [
  ["Pillow, OpenCV, TensorFlow", library],
  ["canvas in Chromium", canvas],
])
  if (cases === null) console.log(`skipped: ${name} (not on this machine)`);
const all = [...madeCases(seed), ...(library ?? []), ...(canvas ?? [])].filter(({ name }) =>
  new RegExp(only).test(name),
);
const cases = spread(all, sample);
const times = [];
const kinds = new Map();
let right = 0;
if (only !== "") console.log(`only ${cases.length} cases`);
for (const { name, a, b, steps, scaleWithin = 0.002 } of cases) {
  const started = process.cpuUsage().user;
  const found = explainInputs(a, b);
  times.push((process.cpuUsage().user - started) / 1000);
  const accepted = Array.isArray(steps[0]) ? steps : [steps];
  const good = accepted.some((wanted) => isRight(found, wanted, a, scaleWithin));
  if (good) right++;
  const kind = name.replace(/[\d.].*$/, "").trim();
  const [n, of] = kinds.get(kind) ?? [0, 0];
  kinds.set(kind, [n + Number(good), of + 1]);
  if (!good && verbose)
    console.log(
      `missed ${name}: wanted ${accepted[0].map(({ id }) => id).join(" + ")}, found ${say(found)}, left ${found.report.left?.maxAbs}`,
    );
}
let falseFindings = 0;
const pairs = [...nothing(randomFrom(seed + 1), only !== "" ? 0 : Math.min(200, Math.ceil(sample / 2)))];
for (const { name, a, b, equal } of pairs) {
  const started = process.cpuUsage().user;
  const found = explainInputs(a, b);
  times.push((process.cpuUsage().user - started) / 1000);
  const isFalse = found.report.found || found.report.equal !== equal;
  if (isFalse) falseFindings++;
  if (isFalse && verbose) console.log(`false finding on ${name}: ${say(found)}`);
}
times.sort((x, y) => x - y);
const at = (share) => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0);
if (verbose) for (const [kind, [n, of]] of kinds) if (n < of) console.log(`${kind}: ${n} of ${of}`);
console.log(
  `right at first place: ${right} of ${cases.length} (${((100 * right) / Math.max(1, cases.length)).toFixed(1)} %)`,
);
console.log(`false findings: ${falseFindings} of ${pairs.length} pairs with nothing to find`);
console.log(`processor time per case: median ${at(0.5)} ms, 95 % below ${at(0.95)} ms, most ${at(1)} ms`);
process.exitCode = right < LEAST_RIGHT * cases.length || falseFindings > 0 || at(0.5) > MEDIAN_MS ? 1 : 0;
