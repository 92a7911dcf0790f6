/** @file Certificates on TF.js itself: shared layers, nested models, masks, initial states and cells, on both backends. */

import { expect, test } from "vitest";
import { certify } from "../../src/compare/certify.ts";
import { syntheticInputs } from "../../src/compare/synthetic.ts";
import { collectTrace } from "../../src/compare/trace.ts";
import { readModelPath } from "../../src/dialects/read.node.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { tfjsCpu, tfjsWasm } from "../../src/engines/tfjs.node.ts";
import { weightCache } from "../../src/model/weights.ts";
import { initialStates, nested, recurrent, shared, twoInTwoOut, written } from "./tfjs-models.ts";

async function statuses(engine: Engine, path: string): Promise<string[]> {
  await using opened = await readModelPath(path);
  const { model, format } = opened;
  await using session = await engine.open({ path, format });
  const inputs = syntheticInputs(model, 3, 1);
  const trace = await collectTrace(model, session, inputs);
  expect(trace.unmatched).toEqual([]);
  const weights = weightCache();
  const found = await certify(model, trace, inputs, session.info.arithmetic, (layer) =>
    weights.weightsOf(model, layer),
  );
  return found.map(
    ({ status, whole, detail, explains }, i) =>
      `${model.calls[i]?.id} ${[status, whole ? "whole" : null, detail, explains].filter((x) => x !== null).join(" ")}`,
  );
}

for (const engine of [tfjsCpu, tfjsWasm]) {
  for (const [name, build] of Object.entries({ nested, shared, recurrent, twoInTwoOut, initialStates })) {
    test(`${engine.id}, ${name}: every call is certified, cells step by step`, async () => {
      const found = await statuses(engine, await written(`certify-${name}`, build));
      expect(found.filter((line) => !line.endsWith(" certified"))).toEqual([]);
    });
  }
}
