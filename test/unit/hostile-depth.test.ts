/** @file Things in things in things: JSON, models and wrappers, refused or read in a moment. */

import { expect, test } from "vitest";
import type { VernierError } from "../../src/base/errors.ts";
import { convert, TARGETS } from "../../src/convert/convert.ts";
import { readModel } from "../../src/dialects/read-model.ts";
import { parseJson } from "../../src/formats/json-text.ts";
import { readWhole, refusalOf } from "../refusal.ts";

const refusalFor = (json: string): Promise<VernierError> =>
  refusalOf(() => readWhole(json, {}, "model.json"));

test.each([1_001, 100_000, 10_000_000])("%d brackets", async (depth) => {
  for (const json of ["[".repeat(depth), '{"a":'.repeat(depth), `${"[".repeat(depth)}${"]".repeat(depth)}`]) {
    const refusal = await refusalOf(async () => parseJson(json, "x"));
    expect(refusal).toMatchObject({ code: "file.limit", details: { limit: "the nesting of JSON" } });
  }
});

const dense = { class_name: "Dense", config: { name: "d", units: 2 } };
const sequential = (layer: object): object => ({
  class_name: "Sequential",
  config: {
    name: "m",
    layers: [{ class_name: "InputLayer", config: { batch_input_shape: [null, 2], name: "i" } }, layer],
  },
});
const wrap = (class_name: string, times: number, inner: object): object =>
  Array.from({ length: times }).reduce<object>(
    (layer, _, i) => ({ class_name, config: { name: `w${i}`, layer } }),
    inner,
  );
const modelOf = (layer: object, dims: readonly (number | null)[] = [null, 2]): string =>
  JSON.stringify({
    format: "layers-model",
    modelTopology: {
      keras_version: "2.15.0",
      backend: "tensorflow",
      model_config: {
        class_name: "Sequential",
        config: {
          name: "top",
          layers: [{ class_name: "InputLayer", config: { batch_input_shape: dims, name: "in" } }, layer],
        },
      },
    },
    weightsManifest: [],
  });

test("models in models", async () => {
  const nested = Array.from({ length: 60 }).reduce<object>((layer) => sequential(layer), dense);
  expect(await refusalFor(modelOf(nested))).toMatchObject({
    code: "file.limit",
    details: { limit: "the depth of nested models" },
  });
});

const lstm = { class_name: "LSTM", config: { name: "l", units: 2, return_sequences: true } };
test.each([
  ["TimeDistributed", dense, Array.from({ length: 210 }, () => 1)],
  ["Bidirectional", lstm, [3]],
] as const)("wrappers in wrappers: 200 × %s", async (name, inner, steps) => {
  const json = modelOf(wrap(name, 200, inner), [null, ...steps, 2]);
  expect(await refusalFor(json)).toMatchObject({
    code: "file.limit",
    details: { limit: "the depth of wrapped layers" },
  });
});

test("models in wrappers in models in wrappers", async () => {
  const nested = Array.from({ length: 60 }).reduce<object>(
    (layer, _, i) => ({
      class_name: "TimeDistributed",
      config: { name: `w${i}`, layer: sequential(layer) },
    }),
    dense,
  );
  expect(await refusalFor(modelOf(nested, [null, ...Array.from({ length: 61 }, () => 1), 2]))).toMatchObject({
    code: "file.limit",
  });
});

test("a value 900 deep, under a key that nobody knows, is carried", async () => {
  const deep = Array.from({ length: 900 }).reduce<unknown>((inner) => [inner], 1);
  const json = modelOf({ class_name: "ReLU", config: { name: "r", strange: deep } });
  await using opened = await readModel(new TextEncoder().encode(json));
  for (const to of TARGETS) await convert(opened.model, { to });
});

test("wrappers as deep as is allowed are read, and converted in a moment", async () => {
  const json = modelOf(wrap("TimeDistributed", 8, { class_name: "ReLU", config: { name: "r" } }), [
    null,
    ...Array.from({ length: 8 }, () => 1),
    2,
  ]);
  await using opened = await readModel(new TextEncoder().encode(json));
  for (const to of TARGETS) await convert(opened.model, { to });
});
