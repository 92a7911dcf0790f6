/**
 * @file `vernier fix` on TF.js itself: faults planted in one side of a pair, one per repair, are repaired and agree on both
 * backends; the published pairs end as is known of each.
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { readModelPath } from "../../src/dialects/read.node.ts";
import { tfjsCpu, tfjsWasm } from "../../src/engines/tfjs.node.ts";
import { fixModel } from "../../src/repair/fix-model.ts";
import type { FixReport } from "../../src/report/fix.ts";
import { change, type Fault, layerIn, planted } from "../planted.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const CORPUS = join(import.meta.dirname, "../../../shared/corpus");
const scratch = mkdtempSync(join(tmpdir(), "vernier-fix-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;
const fresh = (name: string): string => join(scratch, `${name}-${count++}`);

function written(name: string, fault: Fault): string {
  const folder = fresh(name);
  mkdirSync(folder);
  for (const [file, bytes] of planted(name, fault)) writeFileSync(join(folder, file), bytes);
  return folder;
}

/** The command in this process, so that its report is at hand: exit code and `--json`. */
async function vernierFix(...words: string[]): Promise<{ status: number; report: FixReport }> {
  const chunks: string[] = [];
  const { write } = process.stdout;
  const { write: complain } = process.stderr;
  process.stdout.write = ((text: string) => chunks.push(text) > 0) as typeof write;
  process.stderr.write = (() => true) as typeof complain;
  try {
    const status = await runProgram(["fix", ...words, "--json", "--no-progress"]);
    return { status, report: JSON.parse(chunks.join("")) };
  } finally {
    process.stdout.write = write;
    process.stderr.write = complain;
  }
}

interface Planted {
  readonly repair: string;
  readonly pair: string;
  readonly fault: Fault;
  /** In A too, which is then a `model.json` evaluated by the reference. */
  readonly both?: true;
}

const PLANTED: readonly Planted[] = [
  {
    repair: "weights-from-a",
    pair: "nested",
    fault: (model) => change(model, "dense_two/kernel", (x) => -x),
  },
  {
    repair: "weights-from-a",
    pair: "gru-reset-before",
    fault: ({ weights }) => weights.forEach((x) => x.fill(0.5)),
  },
  {
    repair: "config-from-a",
    pair: "cnn-residual",
    fault: (model) => Object.assign(layerIn(model, "a_bn1").config, { epsilon: 0.1 }),
  },
  {
    repair: "config-from-a",
    pair: "lstm-masking",
    fault: ({ json }) => {
      const layers = JSON.stringify(json.modelTopology).replace(/"mask_value": ?[-\d.]+/, '"mask_value": 7');
      json.modelTopology = JSON.parse(layers);
    },
  },
  {
    repair: "rewrite-around-kernel",
    pair: "cnn-residual",
    fault: (model) => Object.assign(layerIn(model, "down").config, { padding: "same", strides: [6, 6] }),
    both: true,
  },
  {
    repair: "restated",
    pair: "mlp",
    fault: (model) => {
      const { config } = layerIn(model, "features");
      config["batch_shape"] = config["batch_input_shape"];
      delete config["batch_input_shape"];
    },
  },
  {
    repair: "restated",
    pair: "mlp",
    fault: ({ json }) => {
      for (const weight of json.weightsManifest.flatMap((group) => group.weights))
        weight.name = `functional/${weight.name}`;
    },
  },
  { repair: "restated", pair: "separable", fault: () => {} },
  { repair: "restated", pair: "sequence-mix", fault: () => {} },
];

test.each(PLANTED)(
  "$repair, planted in $pair: repaired, written, and it agrees",
  async ({ repair, pair, fault, both }) => {
    const b = written(pair, fault);
    const a = both === true ? b : join(FIXTURES, `keras2/${pair}.h5`);
    const dest = fresh("fixed");
    const { status, report } = await vernierFix(a, b, dest, "--samples", "3");
    expect(report.verdict).not.toBe("agree");
    expect([...new Set(report.repairs.map(({ id }) => id))]).toEqual([repair]);
    expect(report).toMatchObject({ yours: [], after: { verdict: "agree", causes: [] } });
    expect(status).toBe(0);
    expect(report.written.map((path) => existsSync(path))).not.toContain(false);
    // What was written stands on its own: read again, on the other backend, it needs no repair.
    await using trusted = await readModelPath(a);
    await using fixed = await readModelPath(dest);
    const again = await fixModel({ a: trusted, b: fixed, engine: () => tfjsCpu });
    expect(again).toMatchObject({ report: { verdict: "agree" }, repairs: [] });
  },
);

test("a Keras file is repaired in its own format, and DEST has to say so", async () => {
  const a = join(FIXTURES, "keras2/mlp.h5");
  const faulty = written("mlp", (model) => change(model, "narrow/kernel", (x) => x + 1));
  const b = `${fresh("faulty")}.h5`;
  expect(await runProgram(["convert", faulty, b, "--quiet", "--no-progress"])).toBe(0);
  const dest = `${fresh("fixed")}.h5`;
  const { status, report } = await vernierFix(a, b, dest);
  expect({ status, written: report.written }).toEqual({ status: 0, written: [dest] });
  expect(report.after).toMatchObject({ verdict: "agree", sides: { b: { format: "keras-h5", path: dest } } });
  const folder = fresh("folder");
  const refused = await vernierFix(a, b, folder);
  expect(refused).toMatchObject({ status: 2, report: { code: "usage.invalid" } });
  expect(existsSync(folder)).toBe(false);
});

test("nothing is written over what DEST holds, nor where there is nothing to repair", async () => {
  const a = join(FIXTURES, "keras2/mlp.h5");
  const b = join(FIXTURES, "tfjs/mlp");
  const dest = fresh("held");
  mkdirSync(dest);
  writeFileSync(join(dest, "notes.txt"), "mine");
  expect(await vernierFix(a, b, dest)).toMatchObject({ status: 2, report: { code: "dest.exists" } });
  expect(await vernierFix(a, b, dest, "--overwrite")).toMatchObject({
    status: 0,
    report: { verdict: "agree", repairs: [], after: null, written: [] },
  });
  expect(readdirSync(dest)).toEqual(["notes.txt"]);
});

interface Known {
  readonly pair: string;
  readonly status: number;
  /** Ids of the repairs made, or words of what is the user's or of the error. */
  readonly says: string;
}

const KNOWN: readonly Known[] = [
  { pair: "mnist-auto-encoder_1", status: 0, says: "agree" },
  { pair: "text-classification-tensorflowjs-emotion-detection_2", status: 0, says: "agree" },
  { pair: "tfjs-_converter_1", status: 0, says: "agree" },
  { pair: "gesture_web_2", status: 0, says: "agree" },
  { pair: "easy-VQA-demo_2", status: 0, says: "18 weights-from-a" },
  { pair: "quaesitor_1", status: 0, says: "77 weights-from-a" },
  { pair: "tf_dnn_edge_8", status: 0, says: "1 restated" },
  { pair: "Sign_Language_Translator_2", status: 0, says: "1 restated" },
  { pair: "tensorspace_1", status: 1, says: "vernier convert" },
  { pair: "Gas-price-prediction_6", status: 0, says: "2 restated" },
  { pair: "pyTraining_2", status: 2, says: "HyperScale" },
  { pair: "pyTraining_3", status: 2, says: "graph model" },
  { pair: "CNN_Project_MNIST_TFJS_1", status: 2, says: "graph model" },
  { pair: "doodle-autocomplete_1", status: 2, says: "RandomFlip" },
  { pair: "Churn-Rate_2", status: 2, says: "without their architecture" },
];

describe("published pairs", () => {
  test.for(KNOWN)("$pair: $says (exit $status)", async ({ pair, status, says }, { skip }) => {
    if (!existsSync(CORPUS)) skip("../shared/corpus is not beside this checkout");
    const folder = join(CORPUS, readdirSync(CORPUS).find((name) => name.endsWith(`+${pair}`)) ?? pair);
    const keras = readdirSync(folder).find((name) => /\.(h5|hdf5|keras)$/.test(name)) ?? "";
    const dest = fresh("corpus");
    const result = await vernierFix(join(folder, keras), join(folder, "model.json"), dest, "--samples", "1");
    expect(result.status).toBe(status);
    const { report } = result;
    expect(existsSync(join(dest, "model.json"))).toBe(report.written?.length > 0);
    if (report.written?.length > 0) {
      const ids = [...new Set(report.repairs.map(({ id }) => id))];
      expect(`${report.repairs.length} ${ids.join()}`).toBe(says);
      expect(report.after?.verdict).toBe("agree");
    } else expect(JSON.stringify([report.verdict, report.yours, report])).toContain(says);
  });
});

test("with --b tfjs:cpu the other backend runs both checks", async () => {
  const b = written("mlp", (model) => change(model, "hidden/bias", (x) => x + 1));
  const { report } = await vernierFix(join(FIXTURES, "keras2/mlp.h5"), b, fresh("cpu"), "--b", "tfjs:cpu");
  expect([report.sides.b.engine, report.after?.sides.b.engine]).toEqual([tfjsCpu.id, tfjsCpu.id]);
  expect(tfjsWasm.id).not.toBe(tfjsCpu.id);
  expect(JSON.parse(readFileSync(report.written.at(-1) ?? "", "utf8")).format).toBe("layers-model");
});
