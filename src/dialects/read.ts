/** @file A file that has been read → the canonical model. Platform-free; `read.node.ts` opens paths. */

import { VernierError } from "../base/errors.ts";
import { isObject, type Json, type JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { KerasH5 } from "../formats/keras-h5.ts";
import type { KerasV3File } from "../formats/keras-v3.ts";
import type { KerasWeights } from "../formats/keras-weights.ts";
import type { TfjsLayersFile } from "../formats/tfjs-layers.ts";
import type { Model, ModelLayer } from "../model/model.ts";
import {
  type Architecture,
  architectureOfH5,
  architectureOfTfjs,
  architectureOfV3,
  buildArchitecture,
  snakeKeys,
} from "./architecture.ts";
import { type BuiltGraph, buildGraph } from "./build.ts";
import type { Stored } from "./stored.ts";
import { type Assigned, assignByGroup, assignByName } from "./weights.ts";
import { assignByPath } from "./weights-by-path.ts";
import { type Writer, withKeptMasks, writerFromVersion } from "./writer.ts";

/** `architecture`: of a file of weights alone. Throws `file.unsupported` where neither has one. */
export function modelFromKerasH5(file: KerasH5, where: string, architecture?: Architecture): Model {
  const own = file.modelConfig === null ? architecture : architectureOfH5(file, where);
  if (own === undefined) throw withoutArchitecture("a file of weights without their architecture", where);
  const { writer, graph } = buildArchitecture(own);
  const groups = new Map(
    file.weightGroups.map(({ layer, weights }) => [
      layer,
      weights.map((weight): Stored => ({ ...weight, read: () => weight.read(), quantization: null })),
    ]),
  );
  const assigned = assignByGroup(graph, groups);
  return {
    ...modelOf(graph, writer, assigned, file.problems),
    format: file.modelConfig === null ? "keras-weights" : "keras-h5",
    optimizerWeights: file.optimizerWeights,
    kept: file.kept,
    beside: {
      ...Object.fromEntries(file.others.map((name) => [name, null])),
      ...besideConfig("model_config", file.modelConfig ?? {}),
    },
    backend: own.backend ?? file.backend,
    training: trainingFrom(file.trainingConfig),
  };
}

export function modelFromKerasV3(file: KerasV3File, where: string): Model {
  const { writer, graph } = buildArchitecture(architectureOfV3(file, where));
  const assigned = assignByPath(graph, file.weights);
  return {
    ...modelOf(graph, writer, assigned, file.problems),
    format: "keras-v3",
    optimizerWeights: assigned.optimizerWeights.length > 0 ? assigned.optimizerWeights : file.keptOptimizer,
    kept: file.kept,
    beside: {
      ...Object.fromEntries(Object.entries(file.metadata).map(([key, value]) => [`metadata/${key}`, value])),
      ...besideConfig("config", file.config),
      ...Object.fromEntries(file.assets.map(({ path }) => [`assets/${path}`, null])),
      ...Object.fromEntries(file.others.map((name) => [name, null])),
    },
    backend: null,
    training: trainingFrom(file.config["compile_config"] ?? null),
  };
}

/** `.weights.h5` and `.weights.json` of Keras 3. */
export function modelFromKerasWeights(weights: KerasWeights, architecture: Architecture): Model {
  const { writer, graph } = buildArchitecture(architecture);
  const assigned = assignByPath(graph, weights);
  return {
    ...modelOf(graph, writer, assigned, []),
    format: "keras-weights",
    optimizerWeights: assigned.optimizerWeights,
    kept: null,
    backend: architecture.backend,
    training: null,
  };
}

/** What a command throws that was given weights and nothing to put them in. */
export const withoutArchitecture = (what: string, where: string): VernierError =>
  new VernierError(
    "file.unsupported",
    {
      what,
      remedy:
        "add --architecture FILE: the text of model.to_json(), or a .keras, .h5 or model.json of the same model",
    },
    { where },
  );

function modelOf(
  graph: BuiltGraph,
  { dialect, sentence, maskRules }: Writer,
  { layers, problems }: Assigned,
  found: readonly Problem[],
): Omit<Model, "format" | "optimizerWeights" | "kept" | "backend" | "training"> {
  return {
    ...graph,
    layers,
    maskRules,
    dialect,
    writer: sentence,
    problems: [...found, ...problems, ...unknownKeys(layers)],
  };
}

/** What TF.js makes of the file; `intended` of each layer is what its writer meant. */
export function modelFromTfjs(file: TfjsLayersFile, where: string, architecture?: Architecture): Model {
  const own = file.modelTopology === null ? architecture : architectureOfTfjs(file, where);
  if (own === undefined)
    throw withoutArchitecture("a model.json without modelTopology (weights alone)", where);
  const { version } = own;
  const writer = withKeptMasks(writerFromVersion(version, where), file.kept);
  const graph = buildGraph(
    snakeKeys(own.json),
    { dialect: "tfjs", writtenIn: writer.dialect, maskRules: writer.maskRules },
    own.where,
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
  const ownState = file.weights.filter(({ group }) => group === "optimizer");
  return {
    ...graph,
    layers: assigned.layers,
    format: file.modelTopology === null ? "tfjs-weights" : "tfjs-layers",
    maskRules: writer.maskRules,
    optimizerWeights: ownState.length > 0 ? ownState : file.keptOptimizer,
    kept: file.kept,
    beside: file.beside,
    dialect: "tfjs",
    writer: [writer.sentence, file.convertedBy].filter((part) => part !== null).join(", ") || null,
    backend: file.backend,
    training: trainingFrom(file.trainingConfig),
    problems: [...file.problems, ...assigned.problems, ...unknownKeys(assigned.layers)],
  };
}

/** Keys that stand beside the model's class and config. */
const besideConfig = (place: string, json: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(json)
      .filter(([key]) => key !== "class_name" && key !== "config" && key !== "compile_config")
      .map(([key, value]) => [`${place}/${key}`, value]),
  );

function trainingFrom(json: Json): Model["training"] {
  if (!isObject(json) || Object.keys(json).length === 0) return null;
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
