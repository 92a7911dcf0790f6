/** @file Two threads judge as one does, and one judges all where the other cannot. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import { certify } from "../compare/certify.ts";
import { syntheticInputs } from "../compare/synthetic.ts";
import { collectTrace } from "../compare/trace.ts";
import { readModelPath } from "../dialects/read.node.ts";
import { tfjsWasm } from "../engines/tfjs.node.ts";
import { weightCache } from "../model/weights.ts";
import { shareOf } from "./certify-share.ts";
import { certifyInTwoThreads } from "./certify-thread.node.ts";

const MODEL = join(import.meta.dirname, "../../test/fixtures/tfjs/cnn-residual");
/** So that the little model counts as a large one. */
const MANY = 1e6;

test.each([
  ["as one thread does, in half of its work", MODEL, true],
  ["where the file cannot be read again, as one thread does", "/nowhere/model.json", false],
] as const)("%s", async (_label, path, isShared) => {
  await using opened = await readModelPath(MODEL);
  const { model } = opened;
  const share = shareOf(model, MANY);
  expect(share.size).toBeGreaterThan(1);
  expect(share.size).toBeLessThan(model.calls.length - 1);
  await using session = await tfjsWasm.open({ path: opened.path, format: opened.format }, {});
  const inputs = syntheticInputs(model, 2, 0);
  const trace = await collectTrace(model, session, inputs);
  const cache = weightCache();
  let judgedHere = 0;
  const weightsOf = (layer: number) => {
    judgedHere++;
    return cache.weightsOf(model, layer);
  };
  const { arithmetic } = session.info;
  const alone = await certify(model, trace, inputs, arithmetic, weightsOf);
  const all = judgedHere;
  judgedHere = 0;
  await using two = await certifyInTwoThreads(model, path, { samples: MANY });
  expect(await two.certify(model, trace, inputs, arithmetic, weightsOf)).toEqual(alone);
  expect(judgedHere).toBe(isShared ? all - share.size : all);
  // Once more: the thread stays.
  expect(await two.certify(model, trace, inputs, arithmetic, weightsOf)).toEqual(alone);
  expect(alone.every(({ status }) => status === "certified")).toBe(true);
});

test("a small model, and one with masks, is judged by one thread", async () => {
  await using opened = await readModelPath(MODEL);
  expect(shareOf(opened.model, 1).size).toBe(0);
  const masked = new ModelBuilder();
  const x = masked.layer(
    "mask",
    { class_name: "Masking", config: { mask_value: 0 } },
    masked.input("x", [null, 3, 4]),
  );
  masked.output(masked.layer("out", { class_name: "Dense", config: { units: 2 } }, x));
  expect(shareOf(masked.build(), MANY).size).toBe(0);
});
