/** @file The ledger of what stands beside the layers: keys of models, training state, and what else the file says. */

import type { Json } from "../base/json.ts";
import type { Topology } from "../model/topology.ts";
import { isOfWriter } from "./beside.ts";
import type { LedgerEntry } from "./ledger.ts";
import { isSaidOfModels } from "./model-keys.ts";
import type { Plan } from "./plan.ts";
import { tfjsTrainingConfig } from "./training.ts";
import { trainingFor } from "./training-state.ts";

type Target = "tfjs" | "keras" | "h5" | "weights.h5";

/** Each once; layers and their weights are in the plan's own ledger. */
export function ledgerBeside(plan: Plan, target: Target): LedgerEntry[] {
  return [
    ...keysOfModels(plan, plan.source.topology, "", target),
    ...training(plan, target),
    ...optimizer(plan, target),
    ...besideModel(plan, target),
  ];
}

const ALONE = "a file of weights alone does not say it";

function keysOfModels(plan: Plan, topology: Topology, path: string, target: Target): LedgerEntry[] {
  const prefix = path === "" ? "config" : `${path}/config`;
  const entry = (key: string, fate: LedgerEntry["fate"], note: string | null): LedgerEntry => ({
    path: `${prefix}/${key}`,
    kind: "config",
    fate,
    to: fate === "carried" ? `${prefix}/${key}` : null,
    note,
  });
  const said = (key: string, value: Json): LedgerEntry => {
    if (target === "weights.h5") return entry(key, "not-needed", ALONE);
    switch (isSaidOfModels(key, value, plan.to)) {
      case "said":
        return entry(key, "carried", null);
      case "default":
        return entry(key, "not-needed", "the default of every Keras");
      default:
        return entry(key, "kept-as-metadata", "the target has no word for it");
    }
  };
  return [
    ...(topology.name === null ? [] : [said("name", topology.name)]),
    ...Object.entries(topology.config).map(([key, value]) => said(key, value)),
    ...topology.layers.flatMap((layer) =>
      layer.inner === null ? [] : keysOfModels(plan, layer.inner, layer.path, target),
    ),
  ];
}

function training(plan: Plan, target: Target): LedgerEntry[] {
  const config = plan.source.training?.config ?? null;
  if (config === null) return [];
  const fate = (): Pick<LedgerEntry, "fate" | "to" | "note"> => {
    if (target === "weights.h5") return { fate: "not-needed", to: null, note: ALONE };
    if (target === "tfjs")
      return tfjsTrainingConfig(config) === null
        ? { fate: "kept-as-metadata", to: null, note: "TensorFlow.js has no word for all of it" }
        : { fate: "translated", to: "trainingConfig", note: "and kept as it is" };
    return trainingFor(plan, target) === null
      ? { fate: "kept-as-metadata", to: null, note: "the target is of another generation of Keras" }
      : { fate: "carried", to: target === "h5" ? "training_config" : "compile_config", note: null };
  };
  return Object.keys(config).map((key) => ({ path: `training/${key}`, kind: "training", ...fate() }));
}

function optimizer(plan: Plan, target: Target): LedgerEntry[] {
  const fateOf = (dtype: string): Pick<LedgerEntry, "fate" | "to" | "note"> => {
    if (target === "weights.h5") return { fate: "not-needed", to: null, note: "only the layers' weights" };
    if (dtype === "string") return { fate: "not-needed", to: null, note: "no optimizer's state is text" };
    const isKept = target === "tfjs" || trainingFor(plan, target) === null;
    return isKept
      ? { fate: "kept-as-metadata", to: null, note: "only training needs it" }
      : { fate: "carried", to: target === "h5" ? "optimizer_weights" : "optimizer/vars", note: null };
  };
  return plan.source.optimizerWeights.map(({ name, dtype }, i) => ({
    path: `optimizer/${i}:${name}`,
    kind: "weight",
    ...fateOf(dtype),
  }));
}

function besideModel({ source }: Plan, target: Target): LedgerEntry[] {
  const entries = Object.entries(source.beside ?? {});
  return entries.map(([path]): LedgerEntry => {
    const made = (fate: LedgerEntry["fate"], to: string | null, note: string | null): LedgerEntry => ({
      path,
      kind: "metadata",
      fate,
      to,
      note,
    });
    if (isOfWriter(path))
      return made("not-needed", null, "it says who wrote the file, or follows from the layers");
    if (target === "weights.h5") return made("not-needed", null, ALONE);
    if (path.startsWith("assets/")) return made("not-needed", null, "no layer of the model reads it");
    if (target === "tfjs" && path.startsWith("userDefinedMetadata/")) return made("carried", path, null);
    return made("kept-as-metadata", null, "the target has no place for it");
  });
}
