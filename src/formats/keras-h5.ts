/**
 * @file The HDF5 layout of Keras 2 and 3 (`.h5`): a whole model, or weights alone. Tensors are read when asked for.
 *
 * Root attributes `keras_version`, `backend`, `model_config`, `training_config`; group `model_weights` (the root itself
 * in a weights file) with `layer_names`; one group per layer with `weight_names`, which are paths inside it. Attributes
 * over 64,512 bytes are split into `name0`, `name1`, … (keras/src/legacy/saving/legacy_h5_format.py;
 * tf_keras/src/saving/legacy/hdf5_format.py.)
 */

import { VernierError } from "../base/errors.ts";
import { isObject, type Json, type JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import type { Hdf5File } from "./hdf5.ts";
import { textAttribute, textListAttribute } from "./hdf5-split-attributes.ts";
import { bareNumbersProblem, parseJson } from "./json-text.ts";
import { keptInHdf5 } from "./kept-optimizer.ts";

export interface StoredWeight {
  /** As in `weight_names`: "dense/kernel:0". */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  read(): Promise<Tensor>;
  /** In flat pieces that follow each other; a file of optimizer state of ours gives whole tensors. */
  pieces?(maxBytes?: number): AsyncIterable<Tensor>;
}

export interface WeightGroup {
  readonly layer: string;
  readonly weights: readonly StoredWeight[];
}

export interface KerasH5 {
  readonly kind: "model" | "weights";
  readonly kerasVersion: string | null;
  readonly backend: string | null;
  readonly modelConfig: JsonObject | null;
  readonly trainingConfig: Json;
  /** In the order of `layer_names`; layers without weights included. */
  readonly weightGroups: readonly WeightGroup[];
  readonly optimizerWeights: readonly StoredWeight[];
  /** The attribute `vernier`, in which a conversion keeps what the format has no place for. */
  readonly kept: JsonObject | null;
  /** Attributes and groups of the root that Keras passes over. */
  readonly others: readonly string[];
  readonly problems: readonly Problem[];
}

export type KerasH5Kind = "keras-h5" | "keras-h5-weights" | "keras3-weights" | "other";

export async function kindOfKerasH5(file: Hdf5File): Promise<KerasH5Kind> {
  const names = new Set(await file.attributeNames("/"));
  if (names.has("model_config") || names.has("model_config0")) return "keras-h5";
  if (names.has("layer_names") || names.has("layer_names0") || names.has("nb_layers"))
    return "keras-h5-weights";
  const groups = await file.group("/");
  if (groups.includes("model_weights")) return "keras-h5-weights";
  // Written on Windows, a group may be called "layers\\dense".
  const roots = new Set(groups.map((group) => group.split("\\")[0]));
  return ["layers", "_layer_checkpoint_dependencies", "vars"].some((root) => roots.has(root))
    ? "keras3-weights"
    : "other";
}

/** Throws `file.unsupported` for Keras 1 and older, and `weights.missing` where a listed weight is not there. */
export async function readKerasH5(file: Hdf5File): Promise<KerasH5> {
  const problems: Problem[] = [];
  const isModel = (await kindOfKerasH5(file)) === "keras-h5";
  const root = (await file.kindOf("/model_weights")) === "group" ? "/model_weights" : "/";
  const kerasVersion =
    (await textAttribute(file, "/", "keras_version")) ?? (await textAttribute(file, root, "keras_version"));
  const backend = (await textAttribute(file, "/", "backend")) ?? (await textAttribute(file, root, "backend"));
  const layerNames = await textListAttribute(file, root, "layer_names");
  await refuseKeras1(file, { kerasVersion, root, layerNames: layerNames ?? [] });
  if (layerNames === null) {
    const reason = `"${root}" has no layer_names, so that it is no model of Keras`;
    throw new VernierError("file.malformed", { reason }, { where: [file.name] });
  }
  if (kerasVersion === null) problems.push(noVersion(file.name));
  const weightGroups: WeightGroup[] = [];
  for (const layer of layerNames) {
    weightGroups.push({ layer, weights: await weightsOf(file, join(root, layer)) });
  }
  const kept = objectOrNull(await jsonAttribute(file, "vernier", problems));
  const hasOptimizer = (await file.kindOf("/optimizer_weights")) === "group";
  return {
    kind: isModel ? "model" : "weights",
    kerasVersion,
    backend,
    modelConfig: isModel ? await modelConfigOf(file, problems) : null,
    trainingConfig: await jsonAttribute(file, "training_config", problems),
    weightGroups,
    optimizerWeights: hasOptimizer ? await weightsOf(file, "/optimizer_weights") : keptInHdf5(kept, file),
    kept,
    others: [
      ...(await file.attributeNames("/"))
        .filter((name) => !KNOWN_ATTRIBUTES.test(name))
        .map((name) => `@${name}`),
      ...(root === "/" ? [] : (await file.group("/")).filter((name) => !KNOWN_GROUPS.has(name))),
    ],
    problems,
  };
}

/** Long ones are split: "model_config0". */
const KNOWN_ATTRIBUTES = /^(keras_version|backend|model_config|training_config|layer_names|vernier)\d*$/;
const KNOWN_GROUPS: ReadonlySet<string> = new Set([
  "model_weights",
  "optimizer_weights",
  "top_level_model_weights",
  "vernier_optimizer",
]);

async function modelConfigOf(file: Hdf5File, problems: Problem[]): Promise<JsonObject> {
  const json = await jsonAttribute(file, "model_config", problems);
  if (isObject(json) && typeof json["class_name"] === "string") return json as JsonObject;
  throw new VernierError(
    "file.malformed",
    { reason: "model_config describes no model" },
    { where: [file.name] },
  );
}

const objectOrNull = (json: Json): JsonObject | null => (isObject(json) ? (json as JsonObject) : null);

async function jsonAttribute(file: Hdf5File, name: string, problems: Problem[]): Promise<Json> {
  const text = await textAttribute(file, "/", name);
  if (text === null) return null;
  const where = `${file.name}:/@${name}`;
  const { json, hasBareNumbers } = parseJson(text, where);
  // Python reads them back, so that for Keras nothing is wrong.
  if (hasBareNumbers) problems.push(bareNumbersProblem(where, "note"));
  return json;
}

async function weightsOf(file: Hdf5File, group: string): Promise<readonly StoredWeight[]> {
  const names = await textListAttribute(file, group, "weight_names");
  if (names === null) {
    const reason = `"${group}" has no weight_names`;
    throw new VernierError("file.malformed", { reason }, { where: `${file.name}:${group}` });
  }
  const weights: StoredWeight[] = [];
  for (const name of names) {
    const path = join(group, name);
    if ((await file.kindOf(path)) !== "dataset") {
      const present = await file.group(group);
      throw new VernierError(
        "weights.missing",
        { weight: name, present },
        { where: `${file.name}:${group}` },
      );
    }
    weights.push({
      name,
      ...(await file.dataset(path)),
      read: () => file.read(path),
      pieces: (maxBytes) => file.pieces(path, maxBytes),
    });
  }
  return weights;
}

/** `nb_layers` is Keras 0; Keras 1 writes no `backend`, and weights named "dense_1_W" (facts: FINDINGS of old Keras). */
async function refuseKeras1(
  file: Hdf5File,
  {
    kerasVersion,
    root,
    layerNames,
  }: { kerasVersion: string | null; root: string; layerNames: readonly string[] },
): Promise<void> {
  const isKeras0 = (await file.attributeNames(root)).includes("nb_layers");
  const saysOld = kerasVersion !== null && /^[01]\./.test(kerasVersion);
  if (!isKeras0 && !saysOld && (kerasVersion !== null || !(await looksLikeKeras1(file, root, layerNames))))
    return;
  const version = kerasVersion ?? (isKeras0 ? "0" : "1");
  const details = {
    what: `a file of Keras ${version}`,
    remedy: "load it in Keras 2.2 or 2.3 and save it again (kernels of a Theano model need to be flipped)",
  };
  throw new VernierError("file.unsupported", details, { where: [file.name] });
}

async function looksLikeKeras1(
  file: Hdf5File,
  root: string,
  layerNames: readonly string[],
): Promise<boolean> {
  for (const layer of layerNames) {
    const names = (await textListAttribute(file, join(root, layer), "weight_names")) ?? [];
    if (names.length > 0)
      return names.every((name) => /^(\w+_(W|b|U|gamma|beta|running_\w+)|param_\d+)/.test(name));
  }
  return false;
}

function noVersion(name: string): Problem {
  return {
    code: "keras.no-version",
    where: name,
    message: "the file does not say which Keras wrote it",
    hint: "defaults of Keras 2 are assumed; save the model again to be sure",
    severity: "warning",
  };
}

const join = (group: string, name: string): string => `${group === "/" ? "" : group}/${name}`;
