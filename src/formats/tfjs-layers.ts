/**
 * @file TF.js's layers model: `model.json` and its weight files, read as TF.js 4.22 reads them.
 *
 * TF.js joins the files of all groups end to end and cuts weights off the front, whatever group they are listed in
 * (tfjs-core io_utils.ts, `getWeightSpecs` and `decodeWeights`). So does this; where that is not what the groups say,
 * a problem says so. Weights are read when asked for.
 */

import { invalid } from "../base/decode.ts";
import { isObject, type Json, type JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import { bareNumbersProblem, readJson } from "./json-text.ts";
import { type KeptTensor, keptInFile } from "./kept-optimizer.ts";
import type { Source } from "./source.ts";
import { Spare } from "./spare.ts";
import { decodeManifest, type ManifestGroup, type Quantization } from "./tfjs-manifest.ts";
import { openShards } from "./tfjs-shards.ts";
import { locateWeights, readTfjsWeight, tfjsWeightPieces } from "./tfjs-weights.ts";

export interface TfjsWeight {
  readonly name: string;
  readonly shape: Shape;
  /** As TF.js holds it in memory: quantized weights are float32 or int32. */
  readonly dtype: DType;
  readonly quantization: Quantization | null;
  /** "optimizer" where TF.js saved optimizer state. */
  readonly group: string | null;
  read(): Promise<Tensor>;
  /** In flat pieces that follow each other. Strings come as a whole. */
  pieces?(maxBytes?: number): AsyncIterable<Tensor>;
}

export interface TfjsLayersFile {
  readonly format: string | null;
  readonly generatedBy: string | null;
  readonly convertedBy: string | null;
  readonly kerasVersion: string | null;
  readonly backend: string | null;
  /** `{ class_name, config }`, out of Python's `model_config` where there is one; null in a weights-only file. */
  readonly modelTopology: JsonObject | null;
  /** TF.js reads only the one beside `modelTopology`; Python puts it inside. */
  readonly trainingConfig: Json;
  readonly userDefinedMetadata: Json;
  /** Every other key, by its place: "signature", "userDefinedMetadata/note", "modelTopology/keras_version". */
  readonly beside: JsonObject;
  /** What a conversion of ours kept for the way back. */
  readonly kept: JsonObject | null;
  readonly keptOptimizer: readonly KeptTensor[];
  /** In the order of the file. Of two with one name TF.js keeps the last. */
  readonly weights: readonly TfjsWeight[];
  readonly weightsManifest: readonly ManifestGroup[];
  readonly problems: readonly Problem[];
}

/** `openShard` resolves a path relative to `model.json`; it has been checked to stay in that folder. */
export async function readTfjsLayers(
  source: Source,
  openShard: (path: string) => Promise<Source>,
): Promise<TfjsLayersFile> {
  const { json, hasBareNumbers } = await readJson(source);
  if (!isObject(json)) throw invalid("an object", json, [source.name]);
  const where = [source.name];
  const weightsManifest = decodeManifest(json["weightsManifest"] ?? [], [...where, "weightsManifest"]);
  const shards = await openShards(weightsManifest, openShard, source.name);
  const located = await locateWeights(weightsManifest, shards, source.name);
  const topology = topologyOf(json["modelTopology"] ?? null, [...where, "modelTopology"]);
  const spare = new Spare();
  const problems = [...located.problems];
  const metadata = json["userDefinedMetadata"];
  const ours = isObject(metadata) ? metadata["vernier"] : undefined;
  const kept = isObject(ours) ? (ours as JsonObject) : null;
  if (hasBareNumbers) problems.push(bareNumbersProblem(source.name, "error"));
  return {
    format: textOrNull(json["format"]),
    generatedBy: textOrNull(json["generatedBy"]),
    convertedBy: textOrNull(json["convertedBy"]),
    kerasVersion: textOrNull(topology.outer["keras_version"]),
    backend: textOrNull(topology.outer["backend"]),
    modelTopology: topology.model,
    trainingConfig: (json["trainingConfig"] ?? topology.outer["training_config"] ?? null) as Json,
    userDefinedMetadata: (metadata ?? null) as Json,
    beside: besideModel(json as JsonObject, topology.outer),
    kept,
    keptOptimizer: await keptInFile(kept, openShard, source.name),
    weights: located.weights.map((weight) => ({
      name: weight.entry.name,
      shape: weight.entry.shape,
      dtype: weight.entry.dtype,
      quantization: weight.entry.quantization,
      group: weight.entry.group,
      read: () => readTfjsWeight(weight, shards),
      pieces: (maxBytes) => tfjsWeightPieces(weight, shards, spare, maxBytes),
    })),
    weightsManifest,
    problems,
  };
}

function besideModel(json: JsonObject, outer: JsonObject): JsonObject {
  const {
    modelTopology: _model,
    weightsManifest: _weights,
    trainingConfig,
    userDefinedMetadata,
    ...rest
  } = json;
  const { model_config: _config, class_name: _class, config: _own, training_config, ...about } = outer;
  const { vernier: _ours, ...metadata } = isObject(userDefinedMetadata)
    ? (userDefinedMetadata as JsonObject)
    : { "": userDefinedMetadata ?? null };
  return {
    ...rest,
    ...under("modelTopology", about),
    // Of two TF.js takes the outer one.
    ...(trainingConfig === undefined || training_config === undefined
      ? {}
      : { "modelTopology/training_config": training_config }),
    ...(userDefinedMetadata === undefined || userDefinedMetadata === null
      ? {}
      : under("userDefinedMetadata", metadata)),
  };
}

const under = (place: string, json: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(json).map(([key, value]) => [`${place}/${key}`, value]));

function topologyOf(json: unknown, where: string[]): { outer: JsonObject; model: JsonObject | null } {
  if (json === null) return { outer: {}, model: null };
  if (!isObject(json)) throw invalid("an object or null", json, where);
  const outer = json as JsonObject;
  const model = outer["model_config"] ?? outer;
  if (!isObject(model)) throw invalid("an object", model, [...where, "model_config"]);
  if (typeof model["class_name"] !== "string") {
    throw invalid("a model with a class_name", model["class_name"], [...where, "class_name"]);
  }
  return { outer, model: model as JsonObject };
}

const textOrNull = (json: unknown): string | null => (typeof json === "string" ? json : null);
