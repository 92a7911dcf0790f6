/** @file A `model.json` in words that TF.js refuses is written in words that it knows. */

import { expect, test } from "vitest";
import { type Faulty, kerasFixture, layerIn, openPlanted, planted } from "../../test/planted.ts";
import type { Problem } from "../base/problem.ts";
import { convert } from "../convert/convert.ts";
import { blobOf } from "../formats/blob.ts";
import { restated } from "./restated.ts";

const refusal: Problem = {
  code: "engine.refused",
  where: "",
  message: "refused",
  hint: "",
  severity: "error",
};

/** Keras 3's: its key for an input's shape, and weight names that begin with the model's. */
function inKeras3(model: Faulty): void {
  const { config } = layerIn(model, "features");
  config["batch_shape"] = config["batch_input_shape"];
  delete config["batch_input_shape"];
  for (const weight of model.json.weightsManifest.flatMap((group) => group.weights))
    weight.name = `functional/${weight.name}`;
}

test("Keras 3's words become TF.js's", async () => {
  await using a = await kerasFixture("mlp");
  await using b = await openPlanted(planted("mlp", inKeras3));
  const repaired = restated.apply(b.model, { a: a.model, causes: [], refusal });
  expect(repaired?.made).toEqual([{ id: "restated", layer: null, field: null, message: "refused" }]);
  const { files } = await convert(repaired?.model ?? a.model, { to: "tfjs" });
  const file = files.at(-1);
  const json = file === undefined ? null : JSON.parse(await (await blobOf(file)).text());
  const [input] = json.modelTopology.model_config.config.layers;
  expect(input.config).toMatchObject({ batch_input_shape: [null, 6] });
  const names = json.weightsManifest.flatMap((group: { weights: { name: string }[] }) =>
    group.weights.map(({ name }) => name),
  );
  expect(names.toSorted()).toEqual([
    "classes/bias",
    "classes/kernel",
    "hidden/bias",
    "hidden/kernel",
    "narrow/kernel",
  ]);
});

test("a file that loads stays as it is, and so does a Keras file", async () => {
  await using a = await kerasFixture("mlp");
  await using b = await openPlanted(planted("mlp"));
  expect(restated.apply(b.model, { a: a.model, causes: [], refusal: null })).toBeUndefined();
  expect(restated.apply(a.model, { a: a.model, causes: [], refusal })).toBeUndefined();
});
