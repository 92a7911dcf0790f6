/** @file What a conversion to `.h5` says of the Keras that cannot take the file. */

import { expect, test } from "vitest";
import { samplesFor } from "../../test/generated/builder.ts";
import { madeModel } from "../../test/generated/model.ts";
import { convert } from "./convert.ts";

/** Of an `.h5` made of a Keras 2 model that begins with the sample. */
async function said(className: string, axis: unknown): Promise<string[]> {
  const first = samplesFor("keras2").findIndex(
    ({ definition, sample }) =>
      definition.classNames.includes(className) &&
      JSON.stringify(sample.config["axis"]) === JSON.stringify(axis),
  );
  expect(first).toBeGreaterThanOrEqual(0);
  const { model } = madeModel({ words: "keras2", first, tape: [], seed: 1 });
  const at = model.layers.find(({ layer }) => layer.className === className)?.path;
  const { problems } = await convert(model, { to: "h5" });
  return problems.flatMap(({ code, where }) => (where === at ? [code] : []));
}

// Recorded: keras 3.15.1 builds each of them with its default axis, or does not load its weights.
test.each([
  ["Normalization", null],
  ["LayerNormalization", [1, 2]],
  ["Softmax", [1, 2]],
])("%s whose axis Keras 3 drops as it reads an .h5 is said to be for Keras 2", async (name, axis) => {
  expect(await said(name, axis)).toEqual(["convert.keras2-only"]);
});

test("one axis, which Keras 3 keeps, is for both", async () => {
  expect(await said("Softmax", [-1])).toEqual([]);
  expect(await said("Normalization", undefined)).toEqual([]);
});
