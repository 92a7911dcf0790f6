/** @file The screens of SCREENS.md from reports made by hand: what they say, 80 columns, sums that add up. */

import { describe, expect, test } from "vitest";
import type { Cause, Certificate, LayerRow, Report } from "../compare/findings.ts";
import { widthOf } from "./layout.ts";
import { renderScreen } from "./terminal.ts";

const REFERENCE: Certificate = {
  status: "not-run",
  error: null,
  bound: null,
  index: null,
  explains: "is the reference",
};
const CERTIFIED: Certificate = { status: "certified", error: 1e-8, bound: 1e-7, index: [0], explains: null };

const row = (name: string, className: string, b: Certificate = CERTIFIED): LayerRow => ({
  name,
  nameB: name,
  partsB: [],
  className,
  maxAbs: 0.01,
  a: REFERENCE,
  b,
});

const cause = (layer: string, changes: Partial<Cause> = {}): Cause => ({
  kind: "weights",
  side: "between",
  layer,
  layerB: layer,
  field: "kernel",
  detail: "quantized-uint8",
  valueA: null,
  valueB: null,
  contribution: 0.0244,
  alone: -0.0244,
  certainty: "proved",
  message: `kernel of ${layer} was stored in 8 bits (uint8)`,
  hint: "convert model.h5 again without --quantize",
  learnMore: null,
  repair: null,
  accepted: false,
  ...changes,
});

const side = {
  dialect: "keras3",
  writer: "Keras 3.15.1",
  backend: "tensorflow",
  hardware: null,
  sha256: "00",
};

const DIFFER: Report = {
  schema: "vernier.report/1",
  vernier: "0.1.0",
  verdict: "differ",
  headline: "The models do not predict the same.",
  sides: {
    a: {
      ...side,
      path: "model.h5",
      format: "keras-h5",
      engine: "reference",
      engineVersion: "0.1.0",
      arithmetic: "float64",
    },
    b: {
      ...side,
      path: "web/model.json",
      format: "tfjs-layers",
      engine: "tfjs:wasm",
      engineVersion: "4.22.0 (from ./node_modules)",
      arithmetic: "float32",
    },
  },
  input: { source: "synthetic", samples: 8, seed: 0, tensors: [] },
  outputs: [
    {
      name: "dense_1",
      nameB: "dense_1",
      shape: [8, 4],
      dtype: "float32",
      maxAbs: 0.0312,
      maxUlp: 9,
      estimate: null,
      top1Flips: 1,
      nonFinite: 0,
    },
  ],
  predictions: [],
  seen: [],
  accuracy: [],
  budget: {
    at: { output: "dense_1", sample: 5, index: [3] },
    a: 0.412,
    b: 0.44320001,
    observed: 0.03120001,
    environmentB: 1.1e-8,
    serialization: 0.0312,
    input: 0,
    environmentA: 0,
    fusionA: 0,
    residual: 0,
    scale: 2,
    order: [],
    byLayer: [
      { layer: "conv2d_2", environmentB: 0.4e-8, serialization: 0.02446, environmentA: 0 },
      { layer: "dense", environmentB: 0.7e-8, serialization: 0.00674, environmentA: 0 },
    ],
  },
  layers: [
    row("input_1", "InputLayer"),
    row("conv2d_2", "Conv2D"),
    row("dense", "Dense"),
    row("dense_1", "Dense"),
  ],
  causes: [cause("conv2d_2"), cause("dense", { contribution: 0.0068, field: "bias" })],
  notCompared: [],
  problems: [],
  reproduce: "vernier check model.h5 web/model.json --seed 0",
  timingsMs: { "load B": 120 },
};

const AGREE: Report = {
  ...DIFFER,
  verdict: "agree",
  causes: [],
  outputs: [{ ...DIFFER.outputs[0], maxAbs: 2.1e-7, top1Flips: 0 } as Report["outputs"][number]],
};

const REFUSED: Report = {
  ...DIFFER,
  verdict: "not-compared",
  causes: [],
  budget: null,
  outputs: [],
  notCompared: [{ what: "predictions", reason: "tfjs:wasm refuses the model: no batch_shape" }],
  problems: [
    {
      code: "engine.refused",
      where: "web/model.json",
      message: "tfjs:wasm refuses the model: no batch_shape",
      hint: "rename batch_shape to batch_input_shape in the file",
      severity: "error",
    },
  ],
};

const KERNEL: Report = {
  ...DIFFER,
  budget: null,
  notCompared: [{ what: "budget", reason: "a value is not finite" }],
  layers: [
    row("input_1", "InputLayer"),
    row("depthwise", "DepthwiseConv2D", { ...CERTIFIED, status: "refuted" }),
  ],
  causes: [
    cause("depthwise", {
      kind: "kernel",
      side: "b",
      layer: null,
      detail: null,
      field: null,
      contribution: null,
      message: "tfjs:wasm computes depthwise (DepthwiseConv2D) wrongly",
      hint: "use the cpu backend",
    }),
  ],
};

describe("the screens", () => {
  test("they differ: where, why, effect, who, fix and a sum that adds up as printed", () => {
    expect(renderScreen(DIFFER, { elapsedMs: 800 })).toMatchInlineSnapshot(`
      "
        DIFFER    The models do not predict the same.

        where     conv2d_2 (Conv2D), layer 2 of 4; the layers before it agree
        why       its kernel and 1 other weight were stored in 8 bits (uint8)
        effect    largest change 0.0312: "dense_1"[3] 0.412 → 0.443, sample 5
                  the predicted class changes on 1 of 8 samples
        who       the file web/model.json; TensorFlow.js 4.22.0 (wasm) computed it
                  correctly on these inputs
        fix       convert model.h5 again without --quantize
        meant?    --accept weights lets the check pass

        How the change adds up, at "dense_1"[3], sample 5
          file contents   +0.0312    conv2d_2 +0.0245, dense +0.0067
          input           0          both were fed the same
          TensorFlow.js   +1.10e-8   rounding
          Keras           not run    evaluated in 64 bits instead (--keras runs it)
          together        +0.0312    nothing left unexplained

        Inputs: 8 made-up samples (--input FILE feeds your own).
        again     vernier check model.h5 web/model.json --seed 0                 0.8 s

      "
    `);
  });
  test("they agree: for which inputs and backend, and what to try next", () => {
    expect(renderScreen(AGREE)).toMatchInlineSnapshot(`
      "
        AGREE     Same model. TensorFlow.js 4.22.0 (wasm) computed it correctly on 8
                  inputs.

        largest change 2.10e-7, rounding; every one of 4 layers checked
        the predicted class never changes (8 of 8 samples)
        Keras was not run: its file was evaluated in 64 bits (--keras runs it)

        next      Still different in your app? Then what you feed it differs:
                  --input x.npy --input-b page.json   compares what they really feed
                  --b tfjs:cpu                        tries another backend

        Inputs: 8 made-up samples (--input FILE feeds your own).
        again     vernier check model.h5 web/model.json --seed 0

      "
    `);
  });
  test("TensorFlow.js computes it wrongly: the backend is named, the file is not blamed", () => {
    const screen = renderScreen(KERNEL);
    expect(screen).toContain("TensorFlow.js 4.22.0 (wasm) computes one layer wrongly.");
    expect(screen).toContain("not the file web/model.json");
  });
  test("TensorFlow.js cannot load it: who refuses what, and what to do", () => {
    expect(renderScreen(REFUSED)).toMatchInlineSnapshot(`
      "
        NOT COMPARED   TensorFlow.js 4.22.0 (wasm) refuses web/model.json.

        why       no batch_shape
        at        web/model.json
        fix       rename batch_shape to batch_input_shape in the file

        again     vernier check model.h5 web/model.json --seed 0

      "
    `);
  });
  test("an accepted difference says that the check passes", () => {
    const accepted = { ...DIFFER, causes: DIFFER.causes.map((one) => ({ ...one, accepted: true })) };
    expect(renderScreen(accepted)).toContain("accepted  weights (--accept): the check passes");
    expect(renderScreen(accepted)).not.toContain("meant?");
  });
  test.each([
    ["differ", DIFFER],
    ["agree", AGREE],
    ["kernel", KERNEL],
    ["refused", REFUSED],
  ])("no line of the %s screen is wider than 80 columns, with --verbose neither", (_, report) => {
    const lines = renderScreen(report, { verbose: true, elapsedMs: 1234 }).split("\n");
    expect(lines.filter((line) => widthOf(line) > 80)).toEqual([]);
  });
});
