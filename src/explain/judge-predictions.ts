/** @file What a check says of the predictions beyond their difference: what was seen, what is right, and all of them. */

import type { Report, SeenRow } from "../compare/findings.ts";
import { accuracyOf } from "./accuracy.ts";
import type { SideEvidence } from "./evidence.ts";
import { type Feedable, guessFeed } from "./guess-feed.ts";
import type { PredictionOptions } from "./options.ts";
import { compareSeen, type SidePredictions } from "./seen.ts";

export type JudgedPredictions = Pick<Report, "seen" | "accuracy" | "notCompared">;

/**
 * `sides` is null where a side gave no predictions: what was asked for is named in `notCompared`. `runs` are the sides
 * while they can still be fed. Throws `usage.invalid` for files that do not fit.
 */
export async function judgePredictions(
  { seen, labels, onPredictions }: PredictionOptions,
  sides: { readonly a: SidePredictions; readonly b: SidePredictions } | null,
  runs: { readonly a: Feedable; readonly b: Feedable } | null,
): Promise<JudgedPredictions> {
  if (sides === null) {
    const asked = [
      ...(seen?.a == null ? [] : ["--seen-a"]),
      ...(seen?.b == null ? [] : ["--seen-b"]),
      ...(labels === undefined ? [] : ["--labels"]),
      ...(onPredictions === undefined ? [] : ["--predictions"]),
    ];
    const notCompared = asked.map((what) => ({ what, reason: "a side gave no prediction" }));
    return { seen: [], accuracy: [], notCompared };
  }
  onPredictions?.(sides);
  const compare = async (side: "a" | "b", other: "a" | "b"): Promise<SeenRow[]> => {
    const saw = seen?.[side] ?? null;
    if (saw === null) return [];
    const rows = compareSeen(side, saw, sides[side], sides[other]);
    if (runs === null || rows.every(({ reproduced }) => reproduced)) return rows;
    const feed = await guessFeed(side, saw, sides[side], runs[side]);
    return rows.map((row) => ({ ...row, feed: row.reproduced ? null : feed }));
  };
  return {
    seen: [...(await compare("a", "b")), ...(await compare("b", "a"))],
    accuracy: labels === undefined ? [] : accuracyOf(labels, sides.a, sides.b),
    notCompared: [],
  };
}

export const predictionsOf = ({ model, predictions, arithmetic }: SideEvidence): SidePredictions => ({
  outputs: model.outputs.flatMap(({ name }, i) => {
    const tensor = predictions[i];
    return tensor === undefined ? [] : [{ name, tensor }];
  }),
  arithmetic: arithmetic?.name ?? null,
});
