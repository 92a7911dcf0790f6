/** @file A model file that was changed at random: read whole, or refused by a typed error. */

import { VernierError } from "../src/base/errors.ts";
import { readModelPath } from "../src/dialects/read.node.ts";
import { weightCache } from "../src/model/weights.ts";

/** `untyped`: what was thrown that is no typed error, and where. */
export async function readOrRefused(
  path: string,
): Promise<{ readonly refused: boolean; readonly untyped: string | null }> {
  try {
    await using opened = await readModelPath(path);
    const weights = weightCache();
    for (const layer of opened.model.layers.keys()) await weights.weightsOf(opened.model, layer);
    return { refused: false, untyped: null };
  } catch (error) {
    const isTyped = error instanceof VernierError && error.code !== "internal";
    const at = (error as Error).stack?.split("\n")[1] ?? "";
    return { refused: true, untyped: isTyped ? null : `${String(error)}\n${at}` };
  }
}
