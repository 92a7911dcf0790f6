/** @file Which branches a backend runs: one that it refuses makes it refuse the whole model. */

import { join } from "node:path";
import type { Engine } from "../../src/engines/engine.ts";
import type { Branch } from "./cases.ts";
import { refusalFrom } from "./measure.ts";
import { writeTfjs } from "./tfjs-file.ts";

/** Unlike any extent of a sample: a batch of 3 may broadcast along an axis of 3 by chance. */
const PROBING_BATCH = 11;

interface Group {
  readonly path: string;
  readonly group: readonly Branch[];
}

/** Halves, until what is left runs or is alone. What is refused goes into `refusals`, by name. */
export async function runnableOn(
  engine: Engine,
  group: readonly Branch[],
  refusals: Record<string, string>,
  options: { readonly folder: string; readonly seed: number },
): Promise<Group[]> {
  const { folder, seed } = options;
  const own = join(folder, engine.id.replace(":", "-"));
  const path = await writeTfjs(group, join(own, `${group[0]?.name}-${group.length}`), seed);
  const refusal = await refusalFrom(engine, path, group, { batch: PROBING_BATCH, seed });
  if (refusal === null) return [{ path, group }];
  if (group.length === 1) {
    refusals[group[0]?.name ?? ""] = refusal;
    return [];
  }
  const middle = group.length >> 1;
  const first = await runnableOn(engine, group.slice(0, middle), refusals, options);
  return [...first, ...(await runnableOn(engine, group.slice(middle), refusals, options))];
}
