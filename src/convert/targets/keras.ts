/**
 * @file A plan → Keras 3's `.keras` (a zip of metadata, config and `model.weights.h5`) or `.weights.h5` alone.
 * Variables lie under their layer's position and class (keras/src/saving/saving_lib.py).
 */

import type { Json, JsonObject } from "../../base/json.ts";
import { kerasWeightPaths } from "../../dialects/weight-paths.ts";
import { type Hdf5Group, writeHdf5 } from "../../formats/hdf5-writer.ts";
import { KEPT_MEMBER } from "../../formats/keras-v3.ts";
import { type OutputFile, wholeTensor } from "../../formats/output.ts";
import { zipOf } from "../../formats/zip-writer.ts";
import { flatLayers } from "../flat-layers.ts";
import { isWorthKeeping, keptFrom } from "../kept.ts";
import { KEPT_OPTIMIZER_GROUP, keptOptimizer } from "../kept-optimizer.ts";
import { inKerasOrder } from "../keras-order.ts";
import type { Plan } from "../plan.ts";
import { modelJson } from "../topology-json.ts";
import { trainingFor } from "../training-state.ts";
import { datasetOf, emptyGroup, groupAt } from "./h5-tree.ts";
import type { WrittenModel } from "./tfjs.ts";

/** Whose layout this is. */
const KERAS_VERSION = "3.15.1";

export async function writeKeras(
  given: Plan,
  name: string,
  { weightsOnly }: { readonly weightsOnly: boolean },
): Promise<WrittenModel> {
  const plan = { ...given, topology: inKerasOrder(given.topology) };
  const training = weightsOnly ? null : trainingFor(plan, "keras");
  const state = plan.source.optimizerWeights.filter(({ dtype }) => dtype !== "string");
  const weights = writeHdf5(
    weightsRoot(plan, training === null ? KEPT_OPTIMIZER_GROUP : "optimizer", weightsOnly ? [] : state),
    weightsOnly ? name : "model.weights.h5",
  );
  if (weightsOnly) return { files: [weights], rounded: [] };
  const { topology } = plan;
  const kept = await keptFrom(plan, {
    trainingCarried: training !== null,
    optimizer: training === null ? keptOptimizer(KEPT_OPTIMIZER_GROUP, state) : null,
  });
  const config: JsonObject = {
    ...modelJson(topology, topology.name ?? "model", "keras3"),
    ...(training === null ? {} : { compile_config: training.config }),
  };
  const members = [
    // No date: the same model gives the same bytes.
    textFile("metadata.json", { keras_version: KERAS_VERSION, date_saved: "1980-01-01@00:00:00" }),
    textFile("config.json", config),
    ...(isWorthKeeping(kept) ? [textFile(KEPT_MEMBER, kept)] : []),
    weights,
  ];
  return { files: [zipOf(members, name)], rounded: [] };
}

function weightsRoot(
  plan: Plan,
  stateGroup: string,
  optimizer: Plan["source"]["optimizerWeights"],
): Hdf5Group {
  const root = emptyGroup();
  const flat = flatLayers(plan.topology).map(({ layer }) => layer);
  const bound = new Map(
    flat.flatMap((layer) => (layer.bound === null ? [] : [[layer.path, layer.bound] as const])),
  );
  const paths = kerasWeightPaths(plan.topology, bound);
  for (const layer of flat) {
    for (const { group, weights } of paths.get(layer.path) ?? []) {
      const vars = groupAt(root, [...group.split("/"), "vars"]);
      vars.attributes.set("name", layer.name);
      for (const [index, weight] of weights.entries()) {
        const found = layer.weights.find(({ name }) => name === weight);
        if (found !== undefined) vars.children.set(String(index), datasetOf(found.source));
      }
    }
  }
  if (optimizer.length > 0) {
    const vars = groupAt(root, [stateGroup, "vars"]);
    for (const [index, { shape, dtype, read }] of optimizer.entries())
      vars.children.set(String(index), datasetOf(wholeTensor(shape, dtype, read)));
  }
  return root;
}

function textFile(name: string, json: JsonObject): OutputFile {
  const bytes = new TextEncoder().encode(pythonText(json));
  return {
    name,
    sizeBytes: bytes.length,
    async *pieces() {
      yield bytes;
    },
  };
}

/** JSON as Python reads it: what is not finite is written bare. */
export const pythonText = (json: Json): string =>
  JSON.stringify(json).replace(/"(-?Infinity|NaN)"/g, (_all, word: string) => word);
