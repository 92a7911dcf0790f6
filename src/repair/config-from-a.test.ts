/** @file Config taken from A: a key set otherwise, a word that TF.js reads otherwise, one that it has no word for. */

import { expect, test } from "vitest";
import {
  type Faulty,
  kerasFixture,
  kerasV3Planted,
  type LayerJson,
  layerIn,
  openPlanted,
  planted,
} from "../../test/planted.ts";
import { fixModel } from "./fix-model.ts";

const config = (name: string, keys: object) => (model: Faulty) =>
  Object.assign(layerIn(model, name).config, keys);

test.each([
  ["mlp", "narrow", { activation: "relu" }, "activation", "activation relu → tanh"],
  ["cnn-residual", "a_bn1", { epsilon: 0.001 }, "epsilon", "epsilon 0.001 → 0.00001"],
  ["depthwise", "relu6", { max_value: null }, "max_value", "max_value null → 6"],
  ["cnn-residual", "down", { strides: [1, 1] }, "strides", "strides [1,1] → [2,2]"],
])("%s: %s with %j is as in A again", async (fixture, name, keys, field, message) => {
  await using a = await kerasFixture(fixture);
  await using b = await openPlanted(planted(fixture, config(name, keys)));
  const fixed = await fixModel({ a, b, engine: "reference" });
  expect(fixed.report.causes[0]).toMatchObject({ kind: "config", repair: "config-from-a", field });
  expect(fixed.repairs).toEqual([{ id: "config-from-a", layer: name, field, message }]);
  expect(fixed).toMatchObject({ yours: [], problems: [], after: { verdict: "agree" } });
  expect(fixed.files).not.toEqual([]);
});

test("a layer of another width is A's with its weights", async () => {
  await using a = await kerasFixture("mlp");
  const narrower = planted("mlp", (model) => {
    layerIn(model, "hidden").config["units"] = 5;
    cut(model, "hidden/kernel", ([inputs = 0]) => [inputs, 5]);
    cut(model, "hidden/bias", () => [5]);
    cut(model, "narrow/kernel", ([, outputs = 0]) => [5, outputs]);
  });
  await using b = await openPlanted(narrower);
  const fixed = await fixModel({ a, b, engine: "reference" });
  expect(fixed.repairs.map(({ layer, message }) => `${layer}: ${message}`)).toEqual([
    "hidden: units 5 → 8",
    "narrow: weights in A's shapes",
  ]);
  expect(fixed).toMatchObject({ yours: [], problems: [], after: { verdict: "agree" } });
});

test("a function that TF.js knows another by its name is written as layers that it has", async () => {
  const hard = (layers: LayerJson[]) => {
    for (const { config } of layers) if (config["name"] === "narrow") config["activation"] = "hard_sigmoid";
  };
  await using a = await kerasV3Planted(({ config: { layers } }) => hard(layers));
  await using b = await openPlanted(
    planted("mlp", (model) => {
      layerIn(model, "narrow").config["activation"] = "hard_sigmoid";
      model.json.modelTopology.keras_version = "3.3.3";
    }),
  );
  const fixed = await fixModel({ a, b, engine: "reference" });
  expect(fixed.report.causes).toMatchObject([
    { kind: "config", detail: "reader-differs", repair: "config-from-a", layer: "narrow" },
  ]);
  expect(fixed).toMatchObject({ yours: [], problems: [], after: { verdict: "agree" } });
  expect(fixed.after?.layers.find(({ name }) => name === "narrow")?.partsB.length).toBeGreaterThan(1);
});

test("a value that B's format has no word for is the user's, and nothing is repaired beside it", async () => {
  await using a = await kerasFixture("shared");
  await using b = await openPlanted(planted("shared"));
  const fixed = await fixModel({ a, b, engine: "reference" });
  expect(fixed).toMatchObject({
    repairs: [],
    files: [],
    yours: [{ kind: "config", field: "least_square_sum" }],
  });
});

/** Another shape of a weight, with as many of its numbers as that takes. */
function cut({ json, weights }: Faulty, name: string, to: (shape: readonly number[]) => number[]): void {
  for (const spec of json.weightsManifest.flatMap((group) => group.weights)) {
    if (spec.name !== name) continue;
    spec.shape = to(spec.shape);
    const count = spec.shape.reduce((x, y) => x * y, 1);
    weights.set(name, (weights.get(name) ?? new Float32Array()).slice(0, count));
  }
}
