/**
 * @file `npm run bench convert`: conversions against TF.js's Python converter and against plain reading and writing.
 *
 * Ratios of the best of several alternating runs, processes cold, files warm. 1. The same `.h5` through
 * `tensorflowjs_converter --input_format keras` and `vernier convert --no-verify`; MobileNetV2 also with the proof. 2. A
 * 500 MB `.h5` to TF.js and back, `--no-verify`, against a script that reads, hashes and writes the same bytes; peak of
 * resident memory. 3. Its largest dataset read through our HDF5 reader, against a plain read of as many bytes.
 * Exits 1 when a limit is missed. Large pairs as in run.mjs; the Python that makes the 500 MB is VERNIER_PYTHON.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openHdf5 } from "../dist/formats/hdf5.node.js";
import { fileSource } from "../dist/formats/path.node.js";
import { measured, timed } from "./measured.mjs";
import { pythonConverter } from "./python-converter.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MAIN = join(ROOT, "dist/cli/main.js");
const LARGE = process.env.VERNIER_LARGE ?? join(homedir(), ".cache", "vernier", "large");
const RUNS = 5;
const PYTHON_RUNS = 3;
/** In a row, of what takes a tenth of a second: the first one after the other program finds cold caches. */
const SHORT_RUNS = 4;

const AGAINST_PYTHON = [
  { name: "small (mlp)", file: join(ROOT, "test/fixtures/keras2/mlp.h5"), atLeast: 50 },
  { name: "MobileNetV2", file: join(LARGE, "mobilenetv2", "model.h5"), atLeast: 20, proved: 1.5 },
  { name: "ResNet50", file: join(LARGE, "resnet50", "model.h5"), atLeast: 10 },
];
const BIG = { file: join(LARGE, "dense-500.h5"), megabytes: 500, atMost: 2, peakMegabytes: 250 };
const READ_AT_LEAST = 0.7;

const median = (values) => values.toSorted((x, y) => x - y)[values.length >> 1];
/** What else runs on the machine only ever adds. */
const best = (runs) => runs.toSorted((x, y) => x.seconds - y.seconds)[0];

function limit(holds, text) {
  console.log(`${holds ? "ok    " : "MISSED"}  ${text}`);
  if (!holds) process.exitCode = 1;
}

/** A folder for `work`, gone afterwards. */
async function within(work) {
  const folder = mkdtempSync(join(tmpdir(), "vernier-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `run`: `measured`, or `timed`, without what measuring memory costs: for processes that are over in a moment. */
async function ours(from, name, more, run = measured) {
  return within(async (folder) => {
    const result = await run([MAIN, "convert", from, join(folder, name), "--no-progress", ...more]);
    if (result.code !== 0) throw new Error(`vernier convert ${from} ended with ${result.code}`);
    return result;
  });
}

async function pythons(command, from) {
  return within(async (folder) => {
    const start = performance.now();
    const { status, stderr } = spawnSync(command, ["--input_format", "keras", from, join(folder, "web")], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`tensorflowjs_converter ended with ${status}: ${stderr.slice(-300)}`);
    return { seconds: (performance.now() - start) / 1000 };
  });
}

async function againstPython() {
  const { command, skipped } = pythonConverter();
  if (command === undefined) return console.log(`against tensorflowjs_converter: skipped: ${skipped}`);
  for (const { name, file, atLeast, proved } of AGAINST_PYTHON) {
    if (!existsSync(file)) {
      console.log(`${name}: skipped: no ${file} (python python/make_fixtures.py --large ${LARGE})`);
      continue;
    }
    readFileSync(file);
    const python = [];
    const plain = [];
    const checked = [];
    for (let run = 0; run < RUNS; run++) {
      if (run < PYTHON_RUNS) python.push(await pythons(command, file));
      for (let again = 0; again < SHORT_RUNS; again++)
        plain.push(await ours(file, "web", ["--no-verify"], timed));
      if (proved !== undefined) checked.push(await ours(file, "web", [], timed));
    }
    const peaks = new Map([[plain, await ours(file, "web", ["--no-verify"])]]);
    if (proved !== undefined) peaks.set(checked, await ours(file, "web", []));
    const theirs = best(python).seconds;
    const say = (runs, what, wanted) => {
      const { seconds } = best(runs);
      const { megabytes } = peaks.get(runs);
      limit(
        theirs / seconds >= wanted,
        `${name}: tensorflowjs_converter ${theirs.toFixed(2)} s, ${what} ${seconds.toFixed(3)} s ` +
          `(peak ${megabytes.toFixed(0)} MB): ${(theirs / seconds).toFixed(1)}× (at least ${wanted}×)`,
      );
    };
    say(plain, "--no-verify", atLeast);
    if (proved !== undefined) say(checked, "with the proof", proved);
  }
}

/** Null when it is there, else why not. */
function make({ file, megabytes }) {
  if (existsSync(file)) return null;
  const python = process.env.VERNIER_PYTHON ?? "";
  if (python === "") return `no ${file}, and VERNIER_PYTHON names no Python that could make it`;
  const { status, stderr } = spawnSync(
    python,
    [join(ROOT, "python/make_dense.py"), file, String(megabytes)],
    {
      encoding: "utf8",
    },
  );
  return status === 0 ? null : `make_dense.py ended with ${status}: ${stderr.slice(-300)}`;
}

/** Reads, hashes and writes, in pieces of 4 MiB; on the disk, as a conversion is, before it ends. */
const COPY = `import { createHash } from "node:crypto";
import { openSync, readSync, writeSync, fsyncSync, closeSync } from "node:fs";
const [from, to] = process.argv.slice(1);
const piece = Buffer.allocUnsafe(4 << 20);
const hash = createHash("sha256");
const source = openSync(from, "r"), target = openSync(to, "w");
for (let n; (n = readSync(source, piece)) > 0; ) { hash.update(piece.subarray(0, n)); writeSync(target, piece, 0, n); }
closeSync(source); fsyncSync(target); closeSync(target); hash.digest("hex");`;

async function big() {
  const why = make(BIG);
  if (why !== null) return console.log(`500 MB: skipped: ${why}`);
  await within(async (folder) => {
    const web = join(folder, "web");
    const first = await measured([MAIN, "convert", BIG.file, web, "--no-verify", "--no-progress"]);
    if (first.code !== 0) throw new Error(`vernier convert ${BIG.file} ended with ${first.code}`);
    const bytes = readdirSync(web).reduce((sum, name) => sum + statSync(join(web, name)).size, 0);
    const copies = [];
    const ways = { "h5 to tfjs": [BIG.file, "web"], "tfjs to h5": [web, "model.h5"] };
    const runs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
    for (let run = 0; run < PYTHON_RUNS; run++) {
      copies.push(
        await within((to) => measured(["--input-type=module", "-e", COPY, BIG.file, join(to, "copy")])),
      );
      for (const [name, [from, to]] of Object.entries(ways))
        runs[name].push(await ours(from, to, ["--no-verify"]));
    }
    const plain = best(copies).seconds;
    for (const [name, all] of Object.entries(runs)) {
      const { seconds } = best(all);
      const peak = Math.max(...all.map(({ megabytes }) => megabytes));
      limit(
        seconds <= BIG.atMost * plain,
        `${name}, ${(bytes / 1e6).toFixed(0)} MB: ${seconds.toFixed(2)} s; read + sha256 + write ${plain.toFixed(2)} s: ` +
          `${(seconds / plain).toFixed(2)}× (at most ${BIG.atMost}×)`,
      );
      limit(peak <= BIG.peakMegabytes, `${name}: peak ${peak.toFixed(0)} MB (at most ${BIG.peakMegabytes})`);
    }
  });
}

/** The largest dataset below a group. */
async function largest(hdf5, path = "") {
  let found = { path: "", size: -1 };
  for (const name of await hdf5.group(path === "" ? "/" : path)) {
    const at = `${path}/${name}`;
    const isGroup = (await hdf5.kindOf(at)) === "group";
    const inside = isGroup
      ? await largest(hdf5, at)
      : { path: at, size: (await hdf5.dataset(at)).shape.reduce((product, extent) => product * extent, 1) };
    if (inside.size > found.size) found = inside;
  }
  return found;
}

async function reading() {
  const why = make(BIG);
  if (why !== null) return console.log(`HDF5 reading: skipped: ${why}`);
  const plain = [];
  const through = [];
  let bytes = 0;
  for (let run = 0; run < RUNS; run++) {
    const hdf5 = await openHdf5(await fileSource(BIG.file));
    const { path } = await largest(hdf5);
    let start = performance.now();
    bytes = (await hdf5.read(path)).data.byteLength;
    through.push(bytes / (performance.now() - start));
    await hdf5.close();
    const handle = await open(BIG.file);
    start = performance.now();
    await handle.read(new Uint8Array(bytes), 0, bytes, 4096);
    plain.push(bytes / (performance.now() - start));
    await handle.close();
  }
  const ratio = median(through) / median(plain);
  const speed = (rates) => `${(median(rates) / 1e6).toFixed(2)} GB/s`;
  limit(
    ratio >= READ_AT_LEAST,
    `HDF5, ${(bytes / 1e6).toFixed(0)} MB contiguous: ${speed(through)}; plain read ${speed(plain)}: ` +
      `${(100 * ratio).toFixed(0)} % (at least ${100 * READ_AT_LEAST} %)`,
  );
}

// The peak of a process counts what its parent held as it forked: what reads much comes last.
await againstPython();
await big();
await reading();
