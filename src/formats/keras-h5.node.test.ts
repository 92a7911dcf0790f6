/** @file Keras's `.h5` layout, on files of h5py's making; real ones are in `corpus.node.test.ts`. */

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { AttributeValue, Hdf5File } from "./hdf5.ts";
import { readKerasH5 } from "./keras-h5.ts";
import { openPath } from "./path.node.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/hdf5/${name}`, import.meta.url));

test.each(["keras.h5", "keras-split.h5"])(
  "%s: config, versions, layers and weights in their order",
  async (name) => {
    const opened = await openPath(fixture(name));
    expect(opened.detected).toEqual({ kind: "keras-h5" });
    const model = await readKerasH5(await opened.hdf5());
    expect(model).toMatchObject({
      kind: "model",
      kerasVersion: "2.13.1",
      backend: "tensorflow",
      problems: [],
    });
    expect(model.modelConfig).toMatchObject({
      class_name: "Sequential",
      config: { layers: [{ config: { name: "dense_ü" } }, {}, {}] },
    });
    expect(model.trainingConfig).toMatchObject({ loss: "mse" });
    expect(
      model.weightGroups.map(({ layer, weights }) => [layer, weights.map((w) => [w.name, w.shape, w.dtype])]),
    ).toEqual([
      [
        "dense_ü",
        [
          ["dense_ü/kernel:0", [3, 4], "float32"],
          ["dense_ü/bias:0", [4], "float32"],
        ],
      ],
      [
        "inner",
        [
          ["inner/deep/kernel:0", [4, 2], "float32"],
          ["inner/deep/bias:0", [2], "float32"],
        ],
      ],
      ["dropout", []],
    ]);
    // numpy.random.default_rng(7).normal() begins so.
    const kernel = await model.weightGroups[0]?.weights[0]?.read();
    expect(kernel?.data[0]).toBe(Math.fround(0.0012301533574825742));
    expect(model.optimizerWeights.map(({ name, dtype }) => [name, dtype])).toEqual([
      ["iteration:0", "int64"],
      ["Adam/m/dense_ü/kernel:0", "float32"],
    ]);
    expect((await model.optimizerWeights[0]?.read())?.data[0]).toBe(12n);
    await opened.close();
  },
);

/** An `Hdf5File` of attributes alone: `{ "/model_weights": { layer_names: [] } }`. */
function pretend(objects: { [path: string]: { [name: string]: AttributeValue } }): Hdf5File {
  const at = (path: string): { [name: string]: AttributeValue } => objects[path] ?? {};
  return {
    name: "x.h5",
    kindOf: async (path) => (path in objects ? "group" : null),
    attributeNames: async (path) => Object.keys(at(path)),
    attribute: async (path, name) => at(path)[name] ?? null,
    group: async (path) =>
      Object.keys(objects)
        .filter((p) => p.startsWith(path) && p !== path)
        .map((p) => p.slice(path.length)),
    dataset: () => Promise.reject(new Error("none")),
    read: () => Promise.reject(new Error("none")),
    pieces: () => {
      throw new Error("none");
    },
    close: async () => {},
  };
}

const CONFIG = '{"class_name": "Sequential", "config": {}}';

test.each([
  [
    "Keras 1.2.2",
    {
      "/": { keras_version: "1.2.2", model_config: CONFIG },
      "/model_weights": { layer_names: ["d"] },
      "/model_weights/d": { weight_names: ["d_W"] },
    },
  ],
  [
    "weights of Keras 1 without a version",
    { "/": { layer_names: ["d"] }, "/d": { weight_names: ["d_W:0", "d_b:0"] } },
  ],
  ["Keras 0.3", { "/": { nb_layers: 2 } }],
])("%s is refused by name", async (_, objects) => {
  await expect(readKerasH5(pretend(objects as never))).rejects.toMatchObject({
    code: "file.unsupported",
    message: expect.stringContaining("Keras"),
  });
});

test("Keras 2 weights without a version are read, and that is said", async () => {
  const file = pretend({ "/": { layer_names: ["d"] }, "/d": { weight_names: [] } });
  expect(await readKerasH5(file)).toMatchObject({
    kind: "weights",
    modelConfig: null,
    problems: [{ code: "keras.no-version" }],
  });
});

test("a weight that is listed but absent is a typed error, never a shorter list", async () => {
  const file = pretend({
    "/": { keras_version: "2.4.0", layer_names: ["d"] },
    "/d": { weight_names: ["d/kernel:0"] },
  });
  await expect(readKerasH5(file)).rejects.toMatchObject({ code: "weights.missing", where: "x.h5:/d" });
});

test("a config that is no JSON, or no model, is a typed error; a bare NaN is noted", async () => {
  const withConfig = (text: string): Hdf5File =>
    pretend({ "/": { keras_version: "2.4.0", model_config: text }, "/model_weights": { layer_names: [] } });
  await expect(readKerasH5(withConfig("{"))).rejects.toMatchObject({ code: "file.malformed" });
  await expect(readKerasH5(withConfig("[]"))).rejects.toMatchObject({ code: "file.malformed" });
  const nan = await readKerasH5(withConfig('{"class_name": "Sequential", "config": {"x": NaN}}'));
  expect(nan).toMatchObject({
    modelConfig: { config: { x: "NaN" } },
    problems: [{ code: "json.bare-number", severity: "note" }],
  });
});
