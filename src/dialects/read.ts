/** @file A file that has been read → the canonical model. Platform-free; `read.node.ts` opens paths. */

import { VernierError } from "../base/errors.ts";
import { isObject, type Json, type JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { KerasH5 } from "../formats/keras-h5.ts";
import type { TfjsLayersFile } from "../formats/tfjs-layers.ts";
import type { Model, ModelLayer } from "../model/model.ts";
import { buildGraph } from "./build.ts";
import { assignByGroup, assignByName, type Stored } from "./weights.ts";
import { writerFromVersion } from "./writer.ts";

/** Throws `file.unsupported` where no architecture is in the file. */
export function modelFromKerasH5(file: KerasH5, where: string): Model {
  if (file.modelConfig === null) {
    throw new VernierError(
      "file.unsupported",
      {
        what: "a file of weights without their architecture",
        remedy: 'save the whole model: model.save("model.h5")',
      },
      { where },
    );
  }
  const writer = writerFromVersion(file.kerasVersion, where);
  const graph = buildGraph(
    file.modelConfig,
    { dialect: writer.dialect, writtenIn: writer.dialect, maskRules: writer.maskRules },
    [where, "model_config"],
  );
  const groups = new Map(
    file.weightGroups.map(({ layer, weights }) => [
      layer,
      weights.map((weight): Stored => ({ ...weight, read: () => weight.read(), quantization: null })),
    ]),
  );
  const assigned = assignByGroup(graph.layers, groups);
  return {
    ...graph,
    layers: assigned.layers,
    format: "keras-h5",
    maskRules: writer.maskRules,
    optimizerWeights: file.optimizerWeights,
    kept: file.kept,
    dialect: writer.dialect,
    writer: writer.sentence,
    backend: file.backend,
    training: trainingFrom(file.trainingConfig),
    problems: [...file.problems, ...assigned.problems, ...unknownKeys(assigned.layers)],
  };
}

/** What TF.js makes of the file; `intended` of each layer is what its writer meant. */
export function modelFromTfjs(file: TfjsLayersFile, where: string): Model {
  if (file.modelTopology === null) {
    throw new VernierError(
      "file.unsupported",
      {
        what: "a model.json without modelTopology (weights alone)",
        remedy: "convert the whole model, saved with model.save(), not its weights",
      },
      { where },
    );
  }
  const version = file.kerasVersion ?? file.generatedBy;
  const writer = writerFromVersion(version, where);
  const graph = buildGraph(
    snakeKeys(file.modelTopology),
    { dialect: "tfjs", writtenIn: writer.dialect, maskRules: writer.maskRules },
    [where, "modelTopology"],
  );
  const stored = file.weights
    .filter(({ group }) => group !== "optimizer")
    .map(
      (weight): Stored => ({
        ...weight,
        read: () => weight.read(),
        quantization: weight.quantization?.dtype ?? null,
      }),
    );
  const assigned = assignByName(graph.layers, stored);
  return {
    ...graph,
    layers: assigned.layers,
    format: "tfjs-layers",
    maskRules: writer.maskRules,
    optimizerWeights: file.weights.filter(({ group }) => group === "optimizer"),
    kept: keptIn(file.userDefinedMetadata),
    dialect: "tfjs",
    writer: [writer.sentence, file.convertedBy].filter((part) => part !== null).join(", ") || null,
    backend: file.backend,
    training: trainingFrom(file.trainingConfig),
    problems: [...file.problems, ...assigned.problems, ...unknownKeys(assigned.layers)],
  };
}

const keptIn = (metadata: Json): JsonObject | null =>
  isObject(metadata) && isObject(metadata["vernier"]) ? (metadata["vernier"] as JsonObject) : null;

/** TF.js turns keys to camelCase as it loads, so that `batchInputShape` and `batch_input_shape` are one key to it. */
function snakeKeys(json: Json): Json {
  if (Array.isArray(json)) return json.map((item) => snakeKeys(item as Json));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase(),
      snakeKeys(value as Json),
    ]),
  );
}

function trainingFrom(json: Json): Model["training"] {
  if (!isObject(json)) return null;
  const optimizer = json["optimizer_config"] ?? json["optimizer"];
  const name = isObject(optimizer) ? (optimizer["class_name"] ?? optimizer["className"]) : optimizer;
  return {
    optimizer: typeof name === "string" ? name : null,
    loss: (json["loss"] ?? null) as Json,
    metrics: (json["metrics"] ?? null) as Json,
    config: json as JsonObject,
  };
}

const unknownKeys = (layers: readonly ModelLayer[]): Problem[] =>
  layers.flatMap(({ path, layer }) =>
    layer.unknown.map((key) => ({
      code: "config.unknown-key",
      where: `${path}.${key}`,
      message: `${layer.className} has a key "${key}" that Vernier does not know`,
      hint: "if it changes predictions, the comparison does not see it; please report the file's writer",
      severity: "warning" as const,
    })),
  );
