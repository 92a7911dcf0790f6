/** @file Several backends on one screen: which are affected, whether by themselves or by the files. */

import { expect, test } from "vitest";
import type { Cause, Report } from "../compare/findings.ts";
import { renderScreens } from "./backends.ts";
import { widthOf } from "./layout.ts";

const cause = (kind: Cause["kind"], side: Cause["side"], message: string): Cause => ({
  kind,
  side,
  layer: "pool",
  layerB: "pool",
  field: null,
  detail: null,
  valueA: null,
  valueB: null,
  contribution: 0.25,
  alone: null,
  certainty: "proved",
  message,
  hint: "try another backend",
  learnMore: null,
  repair: null,
  accepted: false,
});
const WRONG = cause("kernel", "b", "tfjs:wasm computes pool (Conv2D) wrongly");
const WEIGHTS = cause("weights", "between", "kernel of pool was stored in 8 bits");

function on(engine: string, verdict: Report["verdict"], causes: readonly Cause[], maxAbs: number): Report {
  const side = {
    dialect: "keras3",
    writer: null,
    backend: null,
    hardware: null,
    sha256: "00",
    path: "m",
    format: "keras-h5",
    engineVersion: "4.22.0",
    arithmetic: "float32",
  };
  const output = { name: "y", nameB: "y", shape: [1, 2], dtype: "float32", maxUlp: 1, estimate: null };
  return {
    schema: "vernier.report/1",
    vernier: "0.1.0",
    verdict,
    headline: verdict === "not-compared" ? "tfjs:webgpu refuses the model." : "They differ.",
    sides: { a: { ...side, engine: "reference" }, b: { ...side, engine } },
    input: { source: "synthetic", samples: 1, seed: 0, tensors: [] },
    outputs: [{ ...output, maxAbs: verdict === "not-compared" ? null : maxAbs, top1Flips: 0, nonFinite: 0 }],
    predictions: [],
    seen: [],
    accuracy: [],
    budget: null,
    layers: [],
    causes: [...causes],
    notCompared: [],
    problems: [],
    reproduce: "vernier check m m",
    timingsMs: {},
  };
}

const webgl = on("tfjs:webgl", "agree", [], 1e-8);
const wasm = on("tfjs:wasm", "differ", [WRONG], 0.25);

test("the backends that are affected are named first, and the first of them is shown in full", () => {
  const screen = renderScreens([webgl, wasm]);
  expect(screen).toMatch(/^\n {2}DIFFER {4}1 of 2 backends are affected: tfjs:wasm\./);
  expect(screen).toMatch(/tfjs:webgl {2}agrees {8}largest change 1\.00e-8, rounding/);
  expect(screen).toMatch(/tfjs:wasm {3}differs {7}largest change 0\.250: tfjs:wasm computes pool/);
  expect(screen).toContain("In full for tfjs:wasm (--verbose shows each):");
  expect(screen.match(/again/g)).toHaveLength(1);
  for (const line of screen.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(80);
});

test("what is in the files is not blamed on backends", () => {
  const both = ["tfjs:webgl", "tfjs:wasm"].map((id) => on(id, "differ", [WEIGHTS], 0.1));
  expect(renderScreens(both)).toContain("The models differ, whatever the backend: 2 of 2 show it.");
  const mixed = [
    on("tfjs:webgl", "differ", [WEIGHTS], 0.1),
    on("tfjs:wasm", "differ", [WEIGHTS, WRONG], 0.3),
  ];
  expect(renderScreens(mixed).replace(/\s+/g, " ")).toContain(
    "and tfjs:wasm computes wrongly or coarsely besides",
  );
});

test("where all agree the summary is all; one that could not be compared is said", () => {
  const agree = renderScreens([webgl, on("tfjs:cpu", "agree", [], 0)]);
  expect(agree).toContain("AGREE     Same model on all 2 backends.");
  expect(agree).toContain("no prediction changes");
  expect(agree.match(/AGREE/g)).toHaveLength(1);
  const left = renderScreens([webgl, on("tfjs:webgpu", "not-compared", [], 0)]);
  expect(left).toContain("1 of 2 backends agree. 1 could not be compared.");
});

test("one backend has its own screen", () => {
  expect(renderScreens([webgl])).not.toContain("backends");
});
