/** @file Fixture pairs with one fault planted in the `model.json` side, in memory and on disk. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import type { OpenedModel } from "../src/dialects/read-files.ts";
import { readModel } from "../src/dialects/read-model.ts";
import { bytesSource } from "../src/formats/source.ts";

const FIXTURES = join(import.meta.dirname, "fixtures");

export interface LayerJson {
  class_name: string;
  config: Record<string, unknown>;
}

export interface ModelJson {
  modelTopology: { keras_version: string; model_config?: Topology; config?: Topology["config"] };
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[] }[] }[];
}

interface Topology {
  config: LayerJson[] | { layers: LayerJson[] };
}

export interface Faulty {
  readonly json: ModelJson;
  /** By the names of the manifest; to be changed in place. */
  readonly weights: Map<string, Float32Array>;
}

export type Fault = (model: Faulty) => void;

/** The files of a TF.js fixture, float32 in one shard, after `fault`. */
export function planted(name: string, fault: Fault = () => {}): ReadonlyMap<string, Uint8Array> {
  const folder = join(FIXTURES, "tfjs", name);
  const json: ModelJson = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const weights = new Map<string, Float32Array>();
  for (const group of json.weightsManifest) {
    const bytes = Buffer.concat(group.paths.map((path) => readFileSync(join(folder, path))));
    let at = 0;
    for (const { name: weight, shape } of group.weights) {
      const count = shape.reduce((product, extent) => product * extent, 1);
      weights.set(
        weight,
        Float32Array.from({ length: count }, (_, i) => bytes.readFloatLE(at + 4 * i)),
      );
      at += 4 * count;
    }
  }
  fault({ json, weights });
  const entries = json.weightsManifest.flatMap((group) => group.weights);
  json.weightsManifest = [{ paths: ["weights.bin"], weights: entries }];
  const shard = Buffer.concat(
    [...weights.values()].map(({ buffer }) => new Uint8Array(buffer as ArrayBuffer)),
  );
  return new Map([
    ["weights.bin", shard],
    ["model.json", new TextEncoder().encode(JSON.stringify(json))],
  ]);
}

export const openPlanted = (files: ReadonlyMap<string, Uint8Array>): Promise<OpenedModel> =>
  readModel(bytesSource(files.get("model.json") ?? new Uint8Array(), "model.json"), {
    openBeside: (path) => files.get(path) ?? null,
  });

/** The Keras file of a pair. */
export const kerasFixture = (name: string, words: "keras2" | "keras3" = "keras2"): Promise<OpenedModel> =>
  readModel(new Uint8Array(readFileSync(join(FIXTURES, words, `${name}.h5`))), { name: `${name}.h5` });

/** `keras3/mlp.keras` after a change of its `config.json`. */
export function kerasV3Planted(
  fault: (config: { config: { layers: LayerJson[] } }) => void,
): Promise<OpenedModel> {
  const members = unzipSync(new Uint8Array(readFileSync(join(FIXTURES, "keras3/mlp.keras"))));
  const config = JSON.parse(strFromU8(members["config.json"] ?? new Uint8Array()));
  fault(config);
  return readModel(zipSync({ ...members, "config.json": strToU8(JSON.stringify(config)) }, { level: 0 }), {
    name: "mlp.keras",
  });
}

/** The layer of this name in a flat `model.json`. */
export function layerIn({ json }: Faulty, name: string): LayerJson {
  const config = (json.modelTopology.model_config ?? json.modelTopology).config ?? [];
  const layers = Array.isArray(config) ? config : config.layers;
  const found = layers.find((layer) => layer.config["name"] === name);
  if (found === undefined) throw new Error(`no layer ${name}`);
  return found;
}

/** Changes one weight in place. */
export function change(
  { weights }: Faulty,
  name: string,
  to: (value: number, index: number) => number,
): void {
  const values = weights.get(name);
  if (values === undefined) throw new Error(`no weight ${name} among ${[...weights.keys()].join(", ")}`);
  values.set(values.map(to));
}
