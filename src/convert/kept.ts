/**
 * @file What a conversion keeps with the model for the way back: keys that the target has no word for, names that had to
 * change, which layers were rewritten, and the training state. It stands under "vernier" in `userDefinedMetadata` of a
 * `model.json`, in an attribute of an `.h5`, and in a member of a `.keras`; programs of others pass over it.
 */

import { asObject, isObject, type Json, type JsonObject, sameJson } from "../base/json.ts";
import { KERAS2_MASKS, type MaskRules } from "../model/layer.ts";
import type { ModelWeight } from "../model/model.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { keptBeside } from "./beside.ts";
import { withMemory } from "./kept-before.ts";
import { keptModelKeys } from "./model-keys.ts";
import type { Plan } from "./plan.ts";

export interface KeptOptions {
  /** The target holds the training configuration and the optimizer's state itself. */
  readonly trainingCarried: boolean;
  /** Where the optimizer's state was put, if somewhere else. */
  readonly optimizer: JsonObject | null;
}

export async function keptFrom(plan: Plan, { trainingCarried, optimizer }: KeptOptions): Promise<JsonObject> {
  const { source, rewritten, renamed, keptKeys } = plan;
  const before = source.kept ?? {};
  const kept: Record<string, Json> = {
    version: 1,
    source: {
      format: source.format,
      dialect: source.dialect,
      writer: source.writer,
      backend: source.backend,
      // A model.json does not say by which rules its masks go on.
      ...(sameMasks(source.maskRules) ? {} : { masks: { ...source.maskRules } }),
    },
  };
  if (keptKeys.size > 0) kept["keys"] = Object.fromEntries(keptKeys);
  if (renamed.size > 0)
    kept["names"] = Object.fromEntries([...renamed].map(([path, target]) => [target, path]));
  if (rewritten.length > 0)
    kept["rewritten"] = await Promise.all(
      rewritten.map(async ({ path, className, rewrite, parts, fed, repeats, integers, lost }) => ({
        path,
        className,
        rewrite,
        parts: [...parts],
        fed: fed.map((dims) => [...dims]),
        ...(repeats.length === 0 ? {} : { repeats: [...repeats] }),
        ...(integers ? { integers } : {}),
        ...(lost.length === 0 ? {} : { weights: await numbersOf(lost) }),
        config: configOf(plan, path),
      })),
    );
  const training = source.training?.config ?? before["training"];
  if (!trainingCarried && training !== undefined && training !== null) kept["training"] = training;
  if (optimizer !== null) kept["optimizer"] = optimizer;
  const models = keptModelKeys(source.topology, plan.to);
  if (Object.keys(models).length > 0) kept["models"] = models;
  const beside = { ...asObject(before["beside"]), ...keptBeside(source.beside ?? {}) };
  if (Object.keys(beside).length > 0) kept["beside"] = beside;
  return withMemory(kept, plan);
}

/** Statistics of a layer: some numbers per channel. Larger weights are not kept twice. */
const MAX_KEPT_NUMBERS = 4096;

async function numbersOf(weights: readonly ModelWeight[]): Promise<JsonObject> {
  const kept: Record<string, Json> = {};
  for (const weight of weights) {
    const { shape, dtype, spec } = weight;
    if (sizeOf(shape) > MAX_KEPT_NUMBERS || dtype === "string") continue;
    const { data } = await weight.read();
    kept[spec.name] = { shape: [...shape], dtype, values: Array.from(data as ArrayLike<number>, Number) };
  }
  return kept;
}

function configOf({ source }: Plan, path: string): Json {
  return source.layers.find((layer) => layer.path === path)?.fileConfig ?? {};
}

const sameMasks = (rules: MaskRules): boolean => sameJson(rules, KERAS2_MASKS);

/** Nothing but where it came from: not worth keeping. */
export const isWorthKeeping = (kept: JsonObject): boolean =>
  Object.keys(kept).some((key) => key !== "version" && key !== "source") ||
  (isObject(kept["source"]) && "masks" in kept["source"]);
