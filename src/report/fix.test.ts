/** @file The screen of `fix`, and the way out that the screens of `check` offer, on reports of planted faults. */

import { expect, test } from "vitest";
import { change, type Fault, kerasFixture, layerIn, openPlanted, planted } from "../../test/planted.ts";
import type { Cause, Report } from "../compare/findings.ts";
import { fix } from "../repair/fix.ts";
import { type FixScreen, fixReport, renderFix } from "./fix.ts";
import { widthOf } from "./layout.ts";
import { waysOut, wayToLoad } from "./ways-out.ts";

async function screenOf(pair: string, fault: Fault, accept: readonly string[] = []): Promise<FixScreen> {
  await using a = await kerasFixture(pair);
  await using b = await openPlanted(planted(pair, fault));
  const found = await fix({
    a,
    b,
    engineA: "reference",
    engineB: "reference",
    engineOptions: {},
    input: { source: "synthetic", samples: 1, seed: 0 },
    accept,
    reproduce: "",
  });
  const made = found.conversion !== null;
  return {
    fix: found,
    after: made ? { ...found.report, verdict: "agree" } : null,
    yours: found.yours,
    problems: [],
    written: made ? ["fixed/group1-shard1of1.bin", "fixed/model.json"] : [],
    elapsedMs: 1234,
  };
}

function shown(screen: FixScreen): string {
  const text = renderFix(screen);
  for (const line of text.split("\n")) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  return text.replace(/\s+/g, " ");
}

const two: Fault = (model) => {
  change(model, "stem/kernel", (x) => -x);
  layerIn(model, "a_bn1").config["epsilon"] = 0.1;
};

test("what was repaired stands before the proof and what was written", async () => {
  const text = shown(await screenOf("cnn-residual", two));
  expect(text).toMatch(
    /repaired weights: kernel of stem restored from cnn-residual\.h5 .* config: a_bn1 epsilon 0\.1 → 0\.00001 proof AGREE after repair, 1 sample, .* wrote fixed\/model\.json \+ 1 file, .* 1\.2 s/,
  );
});

test.each<[string, string, Fault, readonly string[], RegExp]>([
  ["models that agree", "mlp", () => {}, [], /AGREE They predict the same already/],
  ["what is accepted", "cnn-residual", two, ["weights", "config"], /NO REPAIR All that differs is accepted/],
  [
    "another structure",
    "cnn-residual",
    (model) => Object.assign(layerIn(model, "a_add"), { class_name: "Multiply" }),
    [],
    /NOT FIXED .* different models\. yours .* vernier convert cnn-residual\.h5 DEST .* --accept structure/,
  ],
  [
    "a value without a word",
    "shared",
    () => {},
    [],
    /NOT FIXED .* yours .*least_square_sum.* --accept config:cosine leaves it/,
  ],
])("%s: nothing is written, and the screen says why", async (_, pair, fault, accept, says) => {
  const screen = await screenOf(pair, fault, accept);
  expect(shown(screen)).toMatch(says);
  expect(shown(screen)).not.toContain("wrote");
});

test("a proof that failed is said with its reason, and the data has it among the problems", async () => {
  const screen = await screenOf("cnn-residual", two);
  const problem = {
    code: "fix.differs",
    where: "stem",
    message: "it differs still",
    hint: "look",
    severity: "error",
  } as const;
  const failed = { ...screen, written: [], problems: [problem] };
  expect(shown(failed)).toMatch(
    /NOT FIXED The proof of the repair failed; .* failed stem: it differs still look/,
  );
  expect(fixReport(failed)).toMatchObject({ schema: "vernier.report/1", written: [] });
  expect(fixReport(failed).problems).toContainEqual(problem);
});

test("check offers fix with what it does, convert for other layers, and advice where neither helps", async () => {
  const { report } = (await screenOf("cnn-residual", two)).fix;
  expect(waysOut(report)).toEqual([
    "vernier fix cnn-residual.h5 model.json fixed/",
    "restores 1 weight from cnn-residual.h5 and sets epsilon of a_bn1 as in cnn-residual.h5",
  ]);
  const changed = (changes: Partial<Cause>): Report => ({
    ...report,
    causes: report.causes.map((cause) => ({ ...cause, ...changes })),
  });
  expect(waysOut(changed({ kind: "structure", repair: null }))[0]).toBe(
    "vernier convert cnn-residual.h5 new/",
  );
  expect(waysOut(changed({ repair: null, hint: "look there" }))).toEqual(["look there"]);
  // Weights in few bits come back in full.
  expect(
    waysOut(changed({ kind: "weights", repair: "weights-from-a", detail: "quantized-uint8" })).at(-1),
  ).toContain("2 weights from cnn-residual.h5 (in full: 4 times the bytes)");
});

test("of a file that TensorFlow.js refuses for its words only, the command stands there that says it anew", async () => {
  const { report } = (await screenOf("mlp", () => {})).fix;
  const names = "tfjs:wasm refuses the model: Provided weight data has no target variable: x/kernel";
  expect(wayToLoad(report, names)).toMatch(/^vernier convert mlp\.h5 web\/\n/);
  const twin: Report = { ...report, sides: { ...report.sides, a: report.sides.b } };
  expect(wayToLoad(twin, names)).toMatch(/^vernier fix model\.json model\.json fixed\/\n/);
  expect(wayToLoad(report, "tfjs:wasm refuses the model: GRUCell does not support reset_after")).toBeNull();
});
