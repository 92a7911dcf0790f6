/**
 * @file The ledger: every config key and every weight of the source occurs in it once, with its fate; and a key that
 * nobody knows, wherever it stands in a file, is in the ledger or a problem names it. `VERNIER_LEDGERS` and
 * `VERNIER_SEED` choose how many models and which.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { isVernierError } from "../../src/base/errors.ts";
import { isObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { convert, TARGETS } from "../../src/convert/convert.ts";
import type { Model } from "../../src/model/model.ts";
import type { Topology } from "../../src/model/topology.ts";
import { samplesFor } from "../generated/builder.ts";
import { converted, filesOf, readTfjs } from "../generated/converted.ts";
import { madeModel } from "../generated/model.ts";
import { copiedH5, copiedKeras } from "../generated/rewritten-files.ts";
import type { Words } from "../generated/training-words.ts";

const MODELS = Number(process.env["VERNIER_LEDGERS"] ?? 60);
const SEED = Number(process.env["VERNIER_SEED"] ?? 1);

/** Of a layer, and of what its wrapper holds: a layer, or a model's layers by their names. */
function keysIn(config: JsonObject, place: string, wrapped: ReadonlySet<string>): string[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const held = isObject(value) && isObject(value["config"]) && wrapped.has(key) ? value["config"] : null;
    if (held === null) return [`${place}/${key}`];
    const { layers } = held;
    if (!Array.isArray(layers)) return keysIn(held as JsonObject, `${place}/${key}/config`, wrapped);
    const own = Object.keys(held).filter((one) => !STRUCTURE.has(one));
    const here = own.map((one) => `${place}/${key}/config/${one}`);
    return here.concat(
      layers.flatMap((layer: JsonObject) => {
        const own = layer["config"] as JsonObject;
        return layer["class_name"] === "InputLayer"
          ? []
          : keysIn(own, `${place}/${key}/${own["name"]}/config`, wrapped);
      }),
    );
  });
}
const STRUCTURE = new Set(["name", "layers", "input_layers", "output_layers"]);
/** TF.js passes over a backward_layer, whole. */
const wrappedIn = ({ dialect }: Model): ReadonlySet<string> =>
  new Set(dialect === "tfjs" ? ["layer"] : ["layer", "backward_layer"]);

/** Every key and weight of a model, as the ledger names it. */
function expected(model: Model): string[] {
  const keys = ({ name, config, layers }: Topology, path: string): string[] => [
    ...(name === null ? [] : ["name"]).concat(Object.keys(config)).map((key) => `${path}config/${key}`),
    ...layers.flatMap((layer) =>
      layer.inner === null
        ? keysIn(layer.config, `${layer.path}/config`, wrappedIn(model))
        : keys(layer.inner, `${layer.path}/`),
    ),
  ];
  return [
    ...keys(model.topology, ""),
    ...model.layers.flatMap(({ path, weights }) => weights.map(({ spec }) => `${path}/weights/${spec.name}`)),
    ...Object.keys(model.training?.config ?? {}).map((key) => `training/${key}`),
    ...model.optimizerWeights.map(({ name }, i) => `optimizer/${i}:${name}`),
    ...Object.keys(model.beside ?? {}),
  ].toSorted();
}

test(`${MODELS} made-up models: every key and weight is in the ledger once`, async () => {
  let ledgers = 0;
  const plans = fc.record({
    words: fc.constantFrom<Words>("keras2", "keras3", "tfjs"),
    first: fc.nat(samplesFor("keras3").length - 1),
    tape: fc.array(fc.nat(65_535), { minLength: 60, maxLength: 240, size: "max" }),
    seed: fc.nat(1000),
  });
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      for (const to of TARGETS) {
        try {
          const { model } = madeModel(plan);
          const { ledger } = (await convert(model, { to })).plan;
          const listed = ledger.filter(({ kind }) => kind !== "connection").map(({ path }) => path);
          expect(listed.toSorted()).toEqual(expected(model));
          for (const { fate, note } of ledger) if (fate === "not-needed") expect(note).not.toBeNull();
          ledgers++;
        } catch (error) {
          if (!isVernierError(error, "convert.refused") && !isVernierError(error, "tensor.shape"))
            throw error;
        }
      }
    }),
    { numRuns: MODELS, seed: SEED, endOnFailure: true },
  );
  expect(ledgers).toBeGreaterThan(2 * MODELS);
}, 600_000);

/** A Sequential in which a layer stands alone, in a wrapper and in a nested model. */
const made = (words: Words): Model => {
  const index = samplesFor(words).findIndex(
    ({ definition }) => definition.classNames[0] === "TimeDistributed",
  );
  return madeModel({ words, first: index, tape: [0, 0, 0, 0, 0], seed: 1 }).model;
};

const at = (json: unknown, path: readonly (string | number)[]): Record<string, Json> => {
  let place: unknown = json;
  for (const step of path) place = (place as Record<string, unknown>)[step];
  if (!isObject(place)) throw new Error(`nothing at ${path.join("/")}`);
  return place as Record<string, Json>;
};

const LAST = 1;
const IN_MODEL: readonly (readonly [name: string, path: readonly (string | number)[]])[] = [
  ["a layer's config", ["config", "layers", LAST, "config"]],
  ["the config of a layer in a wrapper", ["config", "layers", LAST, "config", "layer", "config"]],
  ["the model's config", ["config"]],
];

/** Reads the changed file and converts it: the ledger's paths, and the problems' places. */
async function noticed(model: Model): Promise<string> {
  const said: string[] = model.problems.map(({ where, message }) => `${where} ${message}`);
  for (const to of ["tfjs", "keras", "h5"] as const) {
    const { plan, problems } = await convert(model, { to });
    said.push(...plan.ledger.map(({ path }) => path), ...problems.map(({ where }) => where));
  }
  return said.join("\n");
}

test.each([
  ...IN_MODEL.map(([name, path]) => [name, ["modelTopology", "model_config", ...path]] as const),
  ["the top level", []] as const,
  ["modelTopology", ["modelTopology"]] as const,
  ["trainingConfig", ["trainingConfig"]] as const,
  ["userDefinedMetadata", ["userDefinedMetadata"]] as const,
])("model.json: a key that nobody knows in %s is not dropped in silence", async (_name, path) => {
  const files = await filesOf((await convert(made("keras2"), { to: "tfjs" })).files);
  const json = JSON.parse(new TextDecoder().decode(files.get("model.json"))) as JsonObject;
  const whole: JsonObject = {
    ...json,
    userDefinedMetadata: {},
    trainingConfig: { optimizer_config: { class_name: "SGD", config: { learning_rate: 0.1 } }, loss: "mse" },
  };
  at(whole, path)["surprise"] = 17;
  files.set("model.json", new TextEncoder().encode(JSON.stringify(whole)));
  expect(await noticed(await readTfjs(files))).toMatch(/surprise/);
});

const TRAINING = { optimizer: { class_name: "SGD", config: {} }, loss: "mse" };

test.each([
  ...IN_MODEL.map(([name, path]) => [name, "config.json", path] as const),
  ["config.json", "config.json", []] as const,
  ["compile_config", "config.json", ["compile_config"]] as const,
  ["metadata.json", "metadata.json", []] as const,
  ["the archive", null, []] as const,
])(".keras: a key that nobody knows in %s is not dropped in silence", async (_name, member, path) => {
  const { files } = await converted(made("keras3"), { to: "keras" });
  const model = await copiedKeras(files.get("model.keras") ?? new Uint8Array(), {
    change(name, json) {
      if (name === "config.json") Object.assign(json, { compile_config: { ...TRAINING } });
      if (name === member) at(json, path)["surprise"] = 17;
    },
    ...(member === null ? { extra: "surprise.txt" } : {}),
  });
  expect(await noticed(model)).toMatch(/surprise/);
});

test.each([
  ...IN_MODEL.map(([name, path]) => [name, "model_config", path] as const),
  ["model_config", "model_config", []] as const,
  ["training_config", "training_config", []] as const,
  ["the root's attributes", null, []] as const,
])(".h5: a key that nobody knows in %s is not dropped in silence", async (_name, attribute, path) => {
  const { files } = await converted(made("keras2"), { to: "h5" });
  const model = await copiedH5(files.get("model.h5") ?? new Uint8Array(), (attributes) => {
    attributes.set("training_config", JSON.stringify({ optimizer_config: TRAINING.optimizer, loss: "mse" }));
    if (attribute === null) attributes.set("surprise", "17");
    else {
      const json: unknown = JSON.parse(String(attributes.get(attribute)));
      at(json, path)["surprise"] = 17;
      attributes.set(attribute, JSON.stringify(json));
    }
  });
  expect(await noticed(model)).toMatch(/surprise/);
});
