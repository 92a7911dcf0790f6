/** @file Faults of TF.js on WebGL that depend on what is fed: named when they show, and not said of what is right. */

import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { readModelPath } from "../../src/dialects/read.node.ts";
import { findChromium } from "../../src/engines/chromium.node.ts";
import { tfjsWebgl } from "../../src/engines/tfjs-browser.node.ts";
import { check } from "../../src/explain/check.ts";
import { needs } from "../needs.ts";
import { tensor, written } from "./tfjs-models.ts";

describe("faults of WebGL that show for some inputs only are known by name", () => {
  needs("Chromium (scripts/setup-chromium)", findChromium() !== null);

  const faultOn = async (
    name: string,
    build: () => tfl.LayersModel,
    values: readonly number[],
  ): Promise<unknown[]> => {
    const path = await written(name, build);
    await using a = await readModelPath(path);
    await using b = await readModelPath(path);
    const fed = a.model.inputs.map(({ dims }) => ({
      name: null,
      tensor: tensor([1, ...dims.slice(1).map(Number)], "float32", values),
    }));
    const report = await check({
      a,
      b,
      engineA: "reference",
      engineB: tfjsWebgl,
      engineOptions: {},
      input: { source: "files", a: fed, b: null },
      accept: [],
      reproduce: "",
    });
    return report.causes.map(({ kind, detail }) => `${kind} ${detail}`);
  };
  const normalized = (): tfl.LayersModel => {
    const [x, y] = [tfl.input({ shape: [2] }), tfl.input({ shape: [2] })];
    const dot = tfl.layers.dot({ axes: -1, normalize: true }).apply([x, y]);
    return tfl.model({ inputs: [x, y], outputs: dot as tfl.SymbolicTensor });
  };
  const pooled = (): tfl.LayersModel =>
    tfl.sequential({ layers: [tfl.layers.globalMaxPooling1d({ inputShape: [2, 1] })] });
  const activated = (): tfl.LayersModel =>
    tfl.sequential({ layers: [tfl.layers.activation({ activation: "softmax", inputShape: [2] })] });
  const softmax = (): tfl.LayersModel =>
    tfl.sequential({ layers: [tfl.layers.softmax({ inputShape: [2] })] });

  test.each([
    [
      "a vector shorter than 0.01 that is normalized",
      "short",
      normalized,
      [3e-3, 4e-3],
      ["kernel webgl-epsilon"],
    ],
    ["a longer one", "long", normalized, [3, 4], []],
    ["a maximum below -1e20", "pooled", pooled, [-3e21, -2e21], ["kernel gpu-maximum-start"]],
    ["a softmax below -1e20", "softmax", softmax, [-3e21, -2e21], ["kernel gpu-maximum-start"]],
    ["a softmax as an activation", "activated", activated, [-3e21, -2e21], ["kernel gpu-maximum-start"]],
    ["a maximum above it", "above", pooled, [-3, -2], []],
  ] as const)("%s", async (_label, name, build, values, found) => {
    expect(await faultOn(name, build, values)).toEqual(found);
  });
});
