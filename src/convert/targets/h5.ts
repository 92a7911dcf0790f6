/** @file A plan → a Keras `.h5`, in the words of Keras 2 or of Keras 3. */

import type { Json, JsonObject } from "../../base/json.ts";
import {
  type Hdf5AttributeValue,
  type Hdf5Group,
  pythonBytes,
  writeHdf5,
} from "../../formats/hdf5-writer.ts";
import { wholeTensor } from "../../formats/output.ts";
import { isWorthKeeping, keptFrom } from "../kept.ts";
import { KEPT_OPTIMIZER_GROUP, keptOptimizer } from "../kept-optimizer.ts";
import type { Plan } from "../plan.ts";
import { modelJson } from "../topology-json.ts";
import { trainingFor } from "../training-state.ts";
import { datasetOf, emptyGroup, groupAt } from "./h5-tree.ts";
import { datasets, weightsGroup } from "./h5-weights.ts";
import { pythonText } from "./keras.ts";
import type { WrittenModel } from "./tfjs.ts";

/** What the words are those of; readers choose how to read by it. */
const VERSIONS = { keras2: "2.15.0", keras3: "3.15.1" } as const;

export async function writeH5(plan: Plan, name: string): Promise<WrittenModel> {
  const { source, to } = plan;
  const version = to === "keras2" ? VERSIONS.keras2 : VERSIONS.keras3;
  const backend = source.backend ?? "tensorflow";
  const stamps = new Map<string, Hdf5AttributeValue>([
    ["backend", pythonBytes(backend)],
    ["keras_version", pythonBytes(version)],
  ]);
  const weights = weightsGroup(plan.topology, stamps, to);
  const training = trainingFor(plan, "h5");
  const state = source.optimizerWeights.filter(({ dtype }) => dtype !== "string");
  const kept = await keptFrom(plan, {
    trainingCarried: training !== null,
    optimizer: training === null ? keptOptimizer(KEPT_OPTIMIZER_GROUP, state) : null,
  });
  const json = modelJson(plan.topology, plan.topology.name ?? "model", to);
  const { module: _module, registered_name: _registered, ...bare } = json;
  const attributes = new Map<string, Hdf5AttributeValue>([
    // Here Keras writes text, there bytes.
    ["backend", backend],
    ["keras_version", version],
    ["model_config", pythonText(legacy(bare))],
    ...(training === null ? [] : ([["training_config", pythonText(training.config)]] as const)),
    ...(isWorthKeeping(kept) ? ([["vernier", pythonText(kept)]] as const) : []),
  ]);
  const children = new Map<string, Hdf5Group>([["model_weights", weights]]);
  if (state.length > 0) {
    const stored = state.map(({ name: own, shape, dtype, read }) => ({
      name: own,
      source: wholeTensor(shape, dtype, read),
    }));
    if (training !== null) children.set("optimizer_weights", datasets(stored));
    else {
      const root = emptyGroup();
      for (const [index, { source: from }] of stored.entries())
        groupAt(root, ["vars"]).children.set(String(index), datasetOf(from));
      children.set(KEPT_OPTIMIZER_GROUP, root);
    }
  }
  return { files: [writeHdf5({ kind: "group", attributes, children }, name)], rounded: [] };
}

/** Keras 3's `.h5` says its layers as Keras 2 does: a class and a config, without module and build_config. */
function legacy(json: Json): Json {
  if (Array.isArray(json)) return json.map(legacy);
  if (json === null || typeof json !== "object") return json;
  const entries = Object.entries(json as JsonObject);
  const isLayer =
    "class_name" in json && "config" in json && ("build_config" in json || "inbound_nodes" in json);
  return Object.fromEntries(
    entries
      .filter(
        ([key]) => key !== "build_config" && !(isLayer && (key === "module" || key === "registered_name")),
      )
      .map(([key, value]) => [key, legacy(value)]),
  );
}
