/**
 * @file `npm run faults`: plants single faults in copies of the fixture pairs (weights, config, structure, input; from
 * one ulp of one weight to gross) and checks each. Prints detected / right layer / right cause, and false alarms on
 * clean twins (re-sharded, reordered, defaults left out, renamed). `--sample N` plants N of each only.
 *
 * Longer than 300 lines because the faults, the twins and the count of both are read together.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { syntheticInputs } from "../dist/compare/synthetic.js";
import { readModelPath } from "../dist/dialects/read.node.js";
import { tfjsCpu, tfjsWasm } from "../dist/engines/tfjs.node.js";
import { check } from "../dist/explain/check.js";

const root = join(import.meta.dirname, "..");
const fixtures = join(root, "test/fixtures");
const PAIRS = [
  "mlp",
  "cnn-residual",
  "depthwise",
  "lstm-masking",
  "embedding-lstm",
  "gru-reset-before",
  "bidirectional",
  "nested",
  "two-inputs",
  "two-outputs",
  "sequence-mix",
];
/** Pairs that TF.js gets wrong or reads otherwise in themselves: a planted fault must be found beside that. */
const argument = process.argv.indexOf("--sample");
const LIMIT = argument < 0 ? Number.POSITIVE_INFINITY : Number(process.argv[argument + 1]);

/** mulberry32: small, seeded, good enough to pick places. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function load(folder) {
  const json = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const paths = json.weightsManifest.flatMap((group) => group.paths);
  const bytes = Buffer.concat(paths.map((path) => readFileSync(join(folder, path))));
  const entries = [];
  let at = 0;
  for (const weight of json.weightsManifest.flatMap((group) => group.weights)) {
    const count = weight.shape.reduce((product, extent) => product * extent, 1);
    entries.push({ ...weight, count, at });
    at += count * 4;
  }
  return { json, bytes, entries };
}

function store(folder, { json, bytes }, shards = ["weights.bin"]) {
  mkdirSync(folder, { recursive: true });
  const size = Math.ceil(bytes.length / shards.length);
  const weights = json.weightsManifest.flatMap((group) => group.weights);
  shards.forEach((name, i) => writeFileSync(join(folder, name), bytes.subarray(i * size, (i + 1) * size)));
  writeFileSync(
    join(folder, "model.json"),
    JSON.stringify({ ...json, weightsManifest: [{ paths: shards, weights }] }),
  );
}

const layersOf = (json) => {
  const found = [];
  const walk = (config, prefix) => {
    for (const layer of Array.isArray(config) ? config : (config.layers ?? [])) {
      const name = `${prefix}${layer.config.name ?? layer.name}`;
      if (layer.config.layers !== undefined) walk(layer.config, `${name}/`);
      else found.push({ layer, name });
    }
  };
  walk((json.modelTopology.model_config ?? json.modelTopology).config, "");
  return found;
};

/** Changes of one number or one tensor: [name, expected details, change]. */
const WEIGHT_FAULTS = [
  [
    "one ulp of one weight",
    ["edited"],
    (values, pick) => {
      const i = Math.floor(pick() * values.length);
      const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
      bits[i] += 1;
    },
  ],
  [
    "one weight grossly",
    ["edited", "other-training-run"],
    (values, pick) => {
      values[Math.floor(pick() * values.length)] += 1;
    },
  ],
  [
    "negated",
    ["negated"],
    (values) =>
      values.forEach((value, i) => {
        values[i] = -value;
      }),
  ],
  [
    "doubled",
    ["scaled", "edited"],
    (values) =>
      values.forEach((value, i) => {
        values[i] = value * 2;
      }),
  ],
  ["dropped", ["dropped"], (values) => values.fill(0)],
  [
    "another training run",
    ["other-training-run", "edited"],
    (values, pick) =>
      values.forEach((_, i) => {
        values[i] = pick() - 0.5;
      }),
  ],
  ["reversed", ["permuted", "transposed", "edited"], (values) => values.reverse()],
];

/** One key of a layer that has it: [key, other value]. */
const CONFIG_FAULTS = [
  ["activation", (value) => (value === "relu" ? "tanh" : "relu")],
  ["epsilon", (value) => value * 10],
  ["recurrent_activation", (value) => (value === "sigmoid" ? "tanh" : "sigmoid")],
  ["go_backwards", (value) => !value],
  ["alpha", (value) => (typeof value === "number" ? value + 0.1 : undefined)],
  ["mask_value", (value) => value + 1],
  ["mask_zero", (value) => !value],
  ["merge_mode", (value) => (value === "sum" ? "ave" : undefined)],
  ["rate", () => undefined],
];

/** Keys that Keras 3, and so the report, spells otherwise. */
const KERAS3_KEYS = { alpha: "negative_slope" };

/** Another class in a layer's place: [class, other class]. */
const CLASS_FAULTS = [
  ["Add", "Multiply"],
  ["MaxPooling2D", "AveragePooling2D"],
  ["GlobalAveragePooling2D", "GlobalMaxPooling2D"],
];

/** Feeds that differ: [name, details, change]. */
const INPUT_FAULTS = [
  ["0…255 for 0…1", ["scale"], (x) => x.map((value) => Math.fround(value * 255))],
  ["rescaled twice", ["double-rescaling"], (x) => x.map((value) => Math.fround(value / 255))],
  ["shifted", ["scale-shift"], (x) => x.map((value) => Math.fround(value * 2 - 1))],
];

function* faultsOf(name, clean, pick) {
  const changed = () => ({ json: structuredClone(clean.json), bytes: Buffer.from(clean.bytes) });
  for (const [label, details, change] of WEIGHT_FAULTS) {
    for (let n = 0; n < 4; n++) {
      const entry = clean.entries[Math.floor(pick() * clean.entries.length)];
      const copy = changed();
      const values = new Float32Array(
        copy.bytes.buffer.slice(
          copy.bytes.byteOffset + entry.at,
          copy.bytes.byteOffset + entry.at + entry.count * 4,
        ),
      );
      const before = values.slice();
      change(values, pick);
      if (values.every((value, i) => Object.is(value, before[i]) || value === before[i])) continue;
      Buffer.from(values.buffer).copy(copy.bytes, entry.at);
      yield {
        label: `${name}: ${label} in ${entry.name}`,
        kind: "weights",
        layer: entry.name,
        details,
        copy,
      };
    }
  }
  for (const [className, other] of CLASS_FAULTS) {
    for (const [index, { layer, name: path }] of layersOf(clean.json).entries()) {
      if (layer.class_name !== className) continue;
      const copy = changed();
      layersOf(copy.json)[index].layer.class_name = other;
      yield {
        label: `${name}: ${path} as ${other}`,
        kind: "structure",
        layer: path,
        details: ["class"],
        copy,
      };
    }
  }
  for (const [key, other] of CONFIG_FAULTS) {
    for (const [index, { layer, name: path }] of layersOf(clean.json).entries()) {
      if (layer.config[key] === undefined || layer.class_name === "InputLayer") continue;
      const value = other(layer.config[key]);
      if (value === undefined) continue;
      const copy = changed();
      layersOf(copy.json)[index].layer.config[key] = value;
      yield { label: `${name}: ${key} of ${path}`, kind: "config", layer: path, key, copy };
    }
  }
}

/** Opens a model, hands it to `work`, closes it. (Node 20 has no `await using` of its own.) */
async function withModel(path, work) {
  const model = await readModelPath(path);
  try {
    return await work(model);
  } finally {
    await model[Symbol.asyncDispose]();
  }
}

const judge = (a, folder, engine, input) =>
  withModel(folder, (b) =>
    check({
      a,
      b,
      engineA: "reference",
      engineB: engine,
      engineOptions: { timeoutMs: 60_000 },
      input,
      accept: [],
      reproduce: "",
    }),
  );

const named = (cause, layer) =>
  [cause.layer, cause.layerB].some(
    (path) =>
      path !== null &&
      (layer === path ||
        layer.split("/").includes(path.split("/").at(-1)) ||
        path.split("/").at(-1) === layer.split("/").at(-1)),
  );

/** Every fault and twin of one pair, counted into `tally`. */
async function plantIn(pair, name, a, { tally, missed, synthetic, scratch }) {
  const pick = random(pair + 1);
  const folder = join(fixtures, "tfjs", name);
  const clean = load(folder);
  const engine = pair % 2 === 0 ? tfjsWasm : tfjsCpu;
  const own = await judge(a, folder, engine, synthetic);
  const ownCauses = new Set(own.causes.map(({ kind, layer, field }) => `${kind} ${layer} ${field}`));
  let n = 0;
  for (const fault of faultsOf(name, clean, pick)) {
    if (n++ >= LIMIT) break;
    const at = join(scratch, `${name}-${n}`);
    store(at, fault.copy);
    tally.planted++;
    try {
      const report = await judge(a, at, engine, synthetic);
      const causes = report.causes.filter(
        ({ kind, layer, field }) => !ownCauses.has(`${kind} ${layer} ${field}`),
      );
      const right = causes.filter((cause) => cause.kind === fault.kind);
      if (report.verdict === "differ" && causes.length > 0) tally.detected++;
      if (right.some((cause) => named(cause, fault.layer))) tally.layer++;
      if (
        right.some((cause) =>
          fault.kind === "config"
            ? cause.field === (KERAS3_KEYS[fault.key] ?? fault.key) || cause.field === fault.key
            : fault.details.includes(cause.detail),
        )
      )
        tally.cause++;
      else
        missed.push(
          `${fault.label}: ${report.verdict}, ${causes.map(({ kind, layer, field, detail }) => `${kind} ${layer}.${field} ${detail}`).join("; ") || report.notCompared[0]?.reason}`,
        );
    } catch (error) {
      // A fault that makes the file contradict itself is refused, which is detected too.
      tally.refused++;
      tally.detected++;
      tally.layer++;
      tally.cause++;
      if (error.code === undefined) throw error;
    }
    rmSync(at, { recursive: true });
  }
  const fed = syntheticInputs(a.model, 2, 0);
  for (const [label, details, change] of INPUT_FAULTS) {
    if (fed.some(({ dtype }) => dtype !== "float32")) continue;
    const tensors = (map) =>
      fed.map((tensor) => ({ name: null, tensor: { ...tensor, data: map(tensor.data) } }));
    const report = await withModel(folder, (b) =>
      check({
        a,
        b,
        engineA: "reference",
        engineB: engine,
        engineOptions: {},
        accept: [],
        reproduce: "",
        input: { source: "files", a: tensors((x) => x), b: tensors(change) },
      }),
    );
    tally.planted++;
    const cause = report.causes.find(({ kind }) => kind === "input");
    if (report.verdict === "differ") tally.detected++;
    if (cause !== undefined) tally.layer++;
    if (cause !== undefined && details.includes(cause.detail)) tally.cause++;
    else missed.push(`${name}: input ${label}: ${cause?.detail ?? "no input cause"}`);
  }
  for (const twin of twinsOf(clean)) {
    const at = join(scratch, `${name}-twin`);
    store(at, twin, twin.shards);
    const report = await judge(a, at, engine, synthetic);
    tally.clean++;
    const causes = report.causes.filter(
      ({ kind, field }) =>
        ![...ownCauses].some((known) => known.startsWith(kind) && known.endsWith(String(field))),
    );
    if (causes.length > 0) {
      tally.alarms++;
      missed.push(
        `${name}: false alarm on ${twin.label}: ${causes.map(({ kind, layer, field, detail }) => `${kind} ${layer}.${field} ${detail}`).join("; ")}`,
      );
    }
    rmSync(at, { recursive: true });
  }
}

async function main() {
  const scratch = mkdtempSync(join(tmpdir(), "vernier-faults-"));
  const tally = { planted: 0, detected: 0, layer: 0, cause: 0, refused: 0, clean: 0, alarms: 0 };
  const missed = [];
  const synthetic = { source: "synthetic", samples: 2, seed: 0 };
  try {
    for (const [pair, name] of PAIRS.entries()) {
      await withModel(join(fixtures, "keras2", `${name}.h5`), (a) =>
        plantIn(pair, name, a, { tally, missed, synthetic, scratch }),
      );
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const part = (n) => `${n} of ${tally.planted} (${((100 * n) / tally.planted).toFixed(1)} %)`;
  console.log(
    `detected ${part(tally.detected)}, right layer ${part(tally.layer)}, right cause ${part(tally.cause)}; ${tally.refused} refused by name`,
  );
  console.log(`false alarms ${tally.alarms} on ${tally.clean} clean twins`);
  for (const line of missed) console.log(`  ${line}`);
  return tally.detected === tally.planted && tally.alarms === 0 && tally.cause >= 0.99 * tally.planted
    ? 0
    : 1;
}

/** The same model said otherwise. */
function* twinsOf(clean) {
  const copy = () => ({ json: structuredClone(clean.json), bytes: Buffer.from(clean.bytes) });
  for (let shards = 1; shards <= 8; shards++)
    yield {
      ...copy(),
      label: `${shards} shards`,
      shards: Array.from({ length: shards }, (_, i) => `part ${i}.of${shards}`),
    };
  const reversed = copy();
  const list = clean.entries.toReversed();
  reversed.bytes = Buffer.concat(list.map(({ at, count }) => clean.bytes.subarray(at, at + count * 4)));
  reversed.json.weightsManifest = [
    { paths: [], weights: list.map(({ count: _count, at: _at, ...entry }) => entry) },
  ];
  yield { ...reversed, label: "reordered weights" };
  const renamed = copy();
  const names = layersOf(renamed.json).map(({ name }) => name.split("/").at(-1));
  // Where a name stands for a layer: its own key, and in connections.
  const text = JSON.stringify(renamed.json.modelTopology).replace(
    /("name":|\[)"([^"]+)"(?=[,}])/g,
    (all, before, name) => (names.includes(name) ? `${before}"other_${name}"` : all),
  );
  renamed.json.modelTopology = JSON.parse(text);
  for (const weight of renamed.json.weightsManifest.flatMap((group) => group.weights)) {
    const [first, ...rest] = weight.name.split("/");
    weight.name = [names.includes(first) ? `other_${first}` : first, ...rest].join("/");
  }
  yield { ...renamed, label: "renamed layers" };
  const sparse = copy();
  for (const { layer } of layersOf(sparse.json)) {
    for (const key of Object.keys(layer.config))
      if (
        key.endsWith("_initializer") ||
        key.endsWith("_regularizer") ||
        key.endsWith("_constraint") ||
        key === "trainable"
      )
        delete layer.config[key];
  }
  yield { ...sparse, label: "defaults left out" };
  for (const shuffle of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]) {
    const order = copy();
    const pick = random(shuffle);
    const mixed = clean.entries
      .map((entry) => ({ entry, key: pick() }))
      .sort((x, y) => x.key - y.key)
      .map(({ entry }) => entry);
    order.bytes = Buffer.concat(mixed.map(({ at, count }) => clean.bytes.subarray(at, at + count * 4)));
    order.json.weightsManifest = [
      { paths: [], weights: mixed.map(({ count: _count, at: _at, ...entry }) => entry) },
    ];
    yield {
      ...order,
      label: `shuffled weights ${shuffle}`,
      shards: Array.from({ length: 1 + (shuffle % 3) }, (_, i) => `s${i}.bin`),
    };
    if (LIMIT !== Number.POSITIVE_INFINITY && shuffle >= 2) break;
  }
}

process.exitCode = await main();
