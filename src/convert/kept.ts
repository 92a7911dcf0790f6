/**
 * @file What a conversion keeps with the model for the way back: keys that the target has no word for, names that had to
 * change, which layers were rewritten, and the training state. It stands under "vernier" in `userDefinedMetadata` of a
 * `model.json`, in an attribute of an `.h5`, and in a member of a `.keras`; programs of others pass over it.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { Plan } from "./plan.ts";

export interface KeptOptions {
  /** The target holds the training configuration and the optimizer's state itself. */
  readonly trainingCarried: boolean;
  /** Where the optimizer's state was put, if somewhere else. */
  readonly optimizer: JsonObject | null;
}

export function keptFrom(plan: Plan, { trainingCarried, optimizer }: KeptOptions): JsonObject {
  const { source, rewritten, renamed, keptKeys } = plan;
  const before = source.kept ?? {};
  const kept: Record<string, Json> = {
    version: 1,
    source: {
      format: source.format,
      dialect: source.dialect,
      writer: source.writer,
      backend: source.backend,
    },
  };
  if (keptKeys.size > 0) kept["keys"] = Object.fromEntries(keptKeys);
  if (renamed.size > 0)
    kept["names"] = Object.fromEntries([...renamed].map(([path, target]) => [target, path]));
  if (rewritten.length > 0)
    kept["rewritten"] = rewritten.map(({ path, className, rewrite, parts }) => ({
      path,
      className,
      rewrite,
      parts: [...parts],
      config: configOf(plan, path),
    }));
  const training = source.training?.config ?? before["training"];
  if (!trainingCarried && training !== undefined && training !== null) kept["training"] = training;
  if (optimizer !== null) kept["optimizer"] = optimizer;
  return kept;
}

function configOf({ source }: Plan, path: string): Json {
  return source.layers.find((layer) => layer.path === path)?.fileConfig ?? {};
}

/** Nothing but where it came from: not worth keeping. */
export const isWorthKeeping = (kept: JsonObject): boolean =>
  Object.keys(kept).some((key) => key !== "version" && key !== "source");
