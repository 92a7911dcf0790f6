/** @file The reference beside an engine: it computes while that starts, and stops when nobody waits for it. */

import { expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import { certify } from "../compare/certify.ts";
import { matchModels } from "../compare/match.ts";
import { type WeightCache, weightCache } from "../model/weights.ts";
import { float64Ops } from "../ops/float64.ts";
import { feed } from "./feed.ts";
import { observe } from "./observe.ts";
import { type RunningSide, referenceSide } from "./side.ts";

const builder = new ModelBuilder(1);
let x = builder.input("x", [null, 3]);
for (const path of ["first", "second", "third"])
  x = builder.layer(path, { class_name: "Dense", config: { units: 3 } }, x);
const model = builder.output(x).build();

/** A cache that tells which layers were asked for. */
function told(onLayer: (layer: number) => void): WeightCache {
  const cache = weightCache();
  return {
    weightsOf(of, layer) {
      onLayer(layer);
      return cache.weightsOf(of, layer);
    },
  };
}

const fedSample = await feed(
  { source: "synthetic", samples: 1, seed: 0 },
  model,
  model,
  await matchModels(model, model),
);

test("a reference that is closed while it runs goes no further", async () => {
  const asked: number[] = [];
  const side = referenceSide(
    model,
    float64Ops(),
    told((layer) => asked.push(layer)),
  );
  const running = side.predict(fedSample.a);
  await side[Symbol.asyncDispose]();
  await expect(running).rejects.toThrow("closed");
  expect(asked).toEqual([0]);
});

test("the reference computes while the other side is on its way up", async () => {
  const b = referenceSide(model, float64Ops(), weightCache());
  let start: (side: RunningSide) => void;
  const started = new Promise<RunningSide>((resolve) => {
    start = resolve;
  });
  // The other side is there only once the reference is at its last layer.
  const weights = told((layer) => {
    if (layer === model.layers.length - 1) start(b);
  });
  const request = { fed: fedSample, matching: await matchModels(model, model), weights, timings: {} };
  const a = referenceSide(model, float64Ops(), weights);
  const { outputs } = await observe({ ...request, a, b: { model, started } }, certify);
  expect(outputs.compared).toBe(true);
});

test("where the other side does not come up, its failure is what is thrown", async () => {
  const broken = referenceSide(model, float64Ops(), {
    weightsOf: () => Promise.reject(new Error("the reference failed too")),
  });
  const request = {
    fed: fedSample,
    matching: await matchModels(model, model),
    weights: weightCache(),
    timings: {},
  };
  const started = Promise.reject(new Error("it does not start"));
  await expect(observe({ ...request, a: broken, b: { model, started } }, certify)).rejects.toThrow(
    "it does not start",
  );
});
