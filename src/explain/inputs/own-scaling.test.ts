/** @file What a model does to its input before anything else, told by running its first layers. */

import { expect, test } from "vitest";
import { ModelBuilder } from "../../../test/models.ts";
import { weightCache } from "../../model/weights.ts";
import { type OwnScaling, ownScaling } from "./own-scaling.ts";

type Build = (model: ModelBuilder) => ModelBuilder;

function scalingOf(build: Build): Promise<OwnScaling | null> {
  const model = build(new ModelBuilder()).build();
  const cache = weightCache();
  return ownScaling(model, 0, (layer) => cache.weightsOf(model, layer));
}

const rescaling = { class_name: "Rescaling", config: { scale: 1 / 127.5, offset: -1 } };

test("Rescaling and Normalization are one scale and shift together", async () => {
  const found = await scalingOf((model) => {
    const scaled = model.layer("to_one", rescaling, model.input("image", [null, 4, 4, 3]));
    const config = { mean: [0.5, 0.25, 0], variance: [4, 1, 0.25] };
    return model.output(model.layer("normal", { class_name: "Normalization", config }, scaled));
  });
  expect(found?.layers).toEqual([
    { path: "to_one", className: "Rescaling" },
    { path: "normal", className: "Normalization" },
  ]);
  const expected = [2, 1, 0.5].map((deviation, c) => ({
    scale: 1 / 127.5 / deviation,
    shift: (-1 - [0.5, 0.25, 0][c]!) / deviation,
  }));
  for (const [c, { scale, shift }] of expected.entries()) {
    expect(found?.scale[c]).toBeCloseTo(scale, 7);
    expect(found?.shift[c]).toBeCloseTo(shift, 6);
  }
});

test("one number says what is the same for every channel", async () => {
  const found = await scalingOf((model) =>
    model.output(model.layer("to_one", rescaling, model.input("image", [null, 4, 4, 3]))),
  );
  expect(found?.scale).toHaveLength(1);
  expect(found?.shift).toEqual([-1]);
});

test("an input that goes elsewhere too, or to no such layer, has none", async () => {
  const both: Build = (model) => {
    const image = model.input("image", [null, 4, 4, 3]);
    const flat = { class_name: "Flatten" };
    return model.output(model.layer("to_one", rescaling, image), model.layer("flat", flat, image));
  };
  expect(await scalingOf(both)).toBeNull();
  const dense: Build = (model) =>
    model.output(
      model.layer("out", { class_name: "Dense", config: { units: 2 } }, model.input("x", [null, 3])),
    );
  expect(await scalingOf(dense)).toBeNull();
});
