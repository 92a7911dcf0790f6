/**
 * @file A model's architecture by itself: what `model.to_json()` gives, or the part of a whole file that describes its
 * layers. Weights that were saved alone need one.
 */

import { isObject, type Json } from "../base/json.ts";
import type { Place } from "../base/problem.ts";
import type { KerasH5 } from "../formats/keras-h5.ts";
import type { KerasV3File } from "../formats/keras-v3.ts";
import type { TfjsLayersFile } from "../formats/tfjs-layers.ts";
import { KERAS3_MASKS } from "../model/layer.ts";
import { type BuiltGraph, buildGraph } from "./build.ts";
import { type Writer, writerFromVersion } from "./writer.ts";

export interface Architecture {
  /** `{ class_name, config }`. */
  readonly json: Json;
  /** As in `keras_version`; `null` where it is not said. */
  readonly version: string | null;
  readonly backend: string | null;
  readonly where: Place;
  /** TF.js turns keys to snake case before it reads them. */
  readonly spelledByTfjs: boolean;
}

export const architectureOfH5 = (file: KerasH5, path: string): Architecture => ({
  json: file.modelConfig,
  version: file.kerasVersion,
  backend: file.backend,
  where: [path, "model_config"],
  spelledByTfjs: false,
});

export const architectureOfV3 = (file: KerasV3File, path: string): Architecture => ({
  json: file.config,
  version: file.kerasVersion,
  backend: null,
  where: [`${path}:config.json`],
  spelledByTfjs: false,
});

export const architectureOfTfjs = (file: TfjsLayersFile, path: string): Architecture => ({
  json: file.modelTopology,
  version: file.kerasVersion ?? file.generatedBy,
  backend: file.backend,
  where: [path, "modelTopology"],
  spelledByTfjs: true,
});

/** `model.to_json()`; Keras 3 does not say its version there. */
export const architectureOfJson = (json: Json, path: string): Architecture => {
  const said = (key: string): string | null =>
    isObject(json) && typeof json[key] === "string" ? json[key] : null;
  return {
    json,
    version: said("keras_version"),
    backend: said("backend"),
    where: [path],
    spelledByTfjs: false,
  };
};

/** The graph in its writer's words. Throws as `buildGraph` does. */
export function buildArchitecture({ json, version, where, spelledByTfjs }: Architecture): {
  readonly writer: Writer;
  readonly graph: BuiltGraph;
} {
  const writer =
    version === null && isKeras3(json)
      ? ({ dialect: "keras3", sentence: "Keras 3", maskRules: KERAS3_MASKS } as const)
      : writerFromVersion(version, String(where[0] ?? ""));
  const { dialect, maskRules } = writer;
  const graph = buildGraph(
    spelledByTfjs ? snakeKeys(json) : json,
    { dialect, writtenIn: dialect, maskRules },
    where,
  );
  return { writer, graph };
}

/** Words that only Keras 3 writes. */
const isKeras3 = (json: Json): boolean =>
  /"(keras_history|DTypePolicy|batch_shape)"/.test(JSON.stringify(json));

/** TF.js turns keys to camelCase as it loads, so that `batchInputShape` and `batch_input_shape` are one key to it. */
export function snakeKeys(json: Json): Json {
  if (Array.isArray(json)) return json.map((item) => snakeKeys(item as Json));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase(),
      snakeKeys(value as Json),
    ]),
  );
}
