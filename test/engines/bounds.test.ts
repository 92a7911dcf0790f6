/**
 * @file Bounds on the engines themselves: every layer and sample, random numbers and numbers that hurt. No element lies
 * beyond its bound where the kernel is right, and every kernel that is wrong is refuted and known by name.
 *
 * `VERNIER_BOUNDS_BATCH` samples per input (npm run deep takes more), `VERNIER_BOUNDS_SEED`, and
 * `VERNIER_BOUNDS_OUT=file.json` for the numbers.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { kerasEngine } from "../../src/engines/keras.node.ts";
import { tfjsCpu, tfjsWasm } from "../../src/engines/tfjs.node.ts";
import { type Branch, branches } from "../bounds/cases.ts";
import { isOpen, measure, nothingMeasured, type Verdict } from "../bounds/measure.ts";
import { runnableOn } from "../bounds/runnable.ts";
import { HEAD, rowsOf, totalOf } from "../bounds/table.ts";
import { refusalOf } from "../bounds/tfjs-file.ts";

const batch = Number(process.env["VERNIER_BOUNDS_BATCH"] ?? 8);
const seed = Number(process.env["VERNIER_BOUNDS_SEED"] ?? 1);
/** What the issue of this test asks for, per engine. */
const LEAST_ELEMENTS = 1e6;
const TIMEOUT_MS = Math.max(240_000, 8000 * batch);

const python = process.env["VERNIER_PYTHON"] ?? "";
const folder = mkdtempSync(join(tmpdir(), "vernier-bounds-"));
const measured = nothingMeasured();
const refused: Record<string, Record<string, string>> = {};
const all = branches();

for (const engine of [tfjsCpu, tfjsWasm]) {
  test(`${engine.id}: no element beyond its bound but where a known fault is named`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const loadable: Branch[] = [];
    const refusals: Record<string, string> = {};
    for (const branch of all) {
      const refusal = await refusalOf(branch);
      if (refusal === null) loadable.push(branch);
      else refusals[branch.name] = refusal;
    }
    refused[engine.id] = refusals;
    for (const apart of withoutLeakingMasks(loadable)) {
      for (const { path, group } of await runnableOn(engine, apart, refusals, { folder, seed }))
        await measure(measured, engine, path, group, {
          batch,
          seed,
          engineOptions: { timeoutMs: TIMEOUT_MS },
        });
    }
    judgeAll(engine);
  });
}

/**
 * TF.js's executor keeps one set of arguments for a whole run: a mask that once was there reaches every later layer
 * (tfjs-layers engine/executor.ts). Each masked branch is a model of its own, so that this fault spoils no other.
 */
function withoutLeakingMasks(group: readonly Branch[]): Branch[][] {
  const isMasked = ({ masked }: Branch): boolean => masked.some((mask) => mask === true);
  return [
    group.filter((branch) => !isMasked(branch)),
    ...group.filter(isMasked).map((branch) => [branch]),
  ].filter((apart) => apart.length > 0);
}

const keras = kerasEngine("tensorflow");
test.skipIf(python === "")(
  "keras:tensorflow: no element beyond its bound",
  { timeout: TIMEOUT_MS },
  async () => {
    const [source, target] = [join(folder, "branches.json"), join(folder, "branches.h5")];
    writeFileSync(source, JSON.stringify(all));
    const made = spawnSync(python, ["python/make_branches.py", source, target], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`make_branches.py failed: ${made.stderr.slice(-2000)}`);
    const refusals = JSON.parse(made.stdout.trim().split("\n").at(-1) ?? "") as Record<string, string>;
    refused[keras.id] = refusals;
    const runnable = all.filter(({ name }) => !(name in refusals));
    await measure(measured, keras, target, runnable, {
      batch,
      seed,
      engineOptions: { timeoutMs: TIMEOUT_MS },
    });
    judgeAll(keras);
  },
);

const ofEngine = (id: string): Verdict[] => measured.verdicts.filter(({ engine }) => engine === id);
const describeVerdict = ({
  branch,
  feed,
  certificate: { status, error, bound, detail, explains },
}: Verdict): string => `${branch} on ${feed}: ${status} ${error} / ${bound} ${detail ?? explains ?? ""}`;

function judgeAll({ id }: Engine): void {
  const verdicts = ofEngine(id);
  const wrong = verdicts.filter(
    ({ certificate: { status } }) => status === "refuted" || status === "coarser",
  );
  const unexplained = wrong.filter(
    ({ known, branch, feed, certificate }) =>
      known.length === 0 && !isOpen(id, branch, feed) && certificate.detail !== "mask",
  );
  expect(unexplained.map(describeVerdict), "refuted, and no fault is known").toEqual([]);
  expect(totalOf(measured, id, "beyond")).toBe(0);
  expect(totalOf(measured, id, "judged")).toBeGreaterThanOrEqual(LEAST_ELEMENTS);
  // Known faults must show, or they are none: on random numbers every one of them does.
  const faulty = verdicts.filter(
    ({ known, feed }) => known.some(({ onlyFor }) => onlyFor === undefined) && feed === "random",
  );
  expect(faulty.filter(({ certificate }) => certificate.status !== "refuted").map(describeVerdict)).toEqual(
    [],
  );
  const ids = [...new Set(faulty.flatMap(({ known }) => known.map((fault) => fault.id)))].sort();
  expect(ids).toEqual(KNOWN[id] ?? []);
  const masks = wrong.filter(({ feed, certificate }) => feed === "random" && certificate.detail === "mask");
  expect([...new Set(masks.map(({ className }) => className))].sort()).toEqual(LOST_MASKS[id] ?? []);
}

/** Which faults the samples show on which engine. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  "tfjs:cpu": ["batch-normalization-axis", "conv1d-channels-first-output"],
  "tfjs:wasm": [
    "batch-normalization-axis",
    "conv1d-channels-first-output",
    "prelu-inner-shared-axis",
    "wasm-same-padding-zeros",
  ],
};
const LOST_MASKS: Readonly<Record<string, readonly string[]>> = {
  "tfjs:cpu": ["GlobalAveragePooling1D"],
  "tfjs:wasm": ["GlobalAveragePooling1D"],
};

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  const engines = [...measured.tallies.keys()];
  const rows = [...HEAD, ...engines.flatMap((id) => rowsOf(measured, id))];
  const lines = engines.flatMap((id) => {
    const judged = totalOf(measured, id, "judged");
    const said = Object.entries(refused[id] ?? {}).map(([name, words]) => `    ${name}: ${words}`);
    return [`${id}: ${judged} elements judged; refuses ${said.length} of ${all.length} cases:`, ...said];
  });
  const open = measured.verdicts.filter(
    ({ engine, branch, feed, certificate }) =>
      certificate.status === "refuted" && isOpen(engine, branch, feed),
  );
  const names = [...new Set(open.map(({ engine, branch }) => `    ${engine} ${branch}`))];
  lines.push(`refuted and not settled (${open.length} verdicts):`, ...names);
  console.log([...rows, ...lines].join("\n"));
  const out = process.env["VERNIER_BOUNDS_OUT"];
  if (out !== undefined) writeFileSync(out, JSON.stringify({ batch, seed, rows, lines }));
});
