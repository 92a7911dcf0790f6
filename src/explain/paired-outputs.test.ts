/** @file Outputs in pairs where nothing ran; what a mask means is never a difference of two files. */

import { expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import { matchModels } from "../compare/match.ts";
import { bindLayer, contextOf } from "../layers/bind.ts";
import { type Dialect, KERAS3_MASKS } from "../model/layer.ts";
import { differingKeys } from "./causes/config.ts";
import { outputsNotRun } from "./paired-outputs.ts";

test("outputs that no engine gave are listed as the files describe them", async () => {
  const build = () => {
    const model = new ModelBuilder();
    const x = model.input("x", [null, 3]);
    return model.output(model.layer("out", { class_name: "Dense", config: { units: 2 } }, x)).build();
  };
  const [a, b] = [build(), build()];
  expect(outputsNotRun(a, b, await matchModels(a, b), 8)).toEqual([
    {
      name: "out",
      nameB: "out",
      shape: [8, 2],
      dtype: "float32",
      maxAbs: null,
      maxUlp: null,
      estimate: null,
      top1Flips: null,
      nonFinite: 0,
    },
  ]);
});

test("what masks do in a layer that TF.js reads is no difference of the files", () => {
  const sequences = { class_name: "SimpleRNN", config: { units: 2, return_sequences: true } };
  const keeping = { ...sequences, config: { ...sequences.config, zero_output_for_mask: true } };
  for (const json of [
    { class_name: "Bidirectional", config: { layer: sequences } },
    keeping,
    { class_name: "GlobalAveragePooling1D", config: {} },
  ]) {
    const as = (dialect: Dialect) =>
      bindLayer(
        { ...json, config: { name: "layer", ...json.config } },
        contextOf({ dialect, maskRules: KERAS3_MASKS, inputs: [[null, 4, 3]], where: [] }),
      );
    expect(differingKeys(as("keras3"), as("tfjs"))).toEqual([]);
  }
});
