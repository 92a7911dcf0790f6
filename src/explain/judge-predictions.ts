/** @file What a check says of the predictions beyond their difference: what was seen, what is right, and all of them. */

import type { Report } from "../compare/findings.ts";
import { accuracyOf } from "./accuracy.ts";
import type { SideEvidence } from "./evidence.ts";
import type { PredictionOptions } from "./options.ts";
import { compareSeen, type SidePredictions } from "./seen.ts";

/** `sides` is null where a side gave no predictions: what was asked for is named in `notCompared`. */
export function judgePredictions(
  { seen, labels, onPredictions }: PredictionOptions,
  sides: { readonly a: SidePredictions; readonly b: SidePredictions } | null,
): Pick<Report, "seen" | "accuracy" | "notCompared"> {
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
  const { a, b } = sides;
  onPredictions?.(sides);
  return {
    seen: [
      ...(seen?.a == null ? [] : compareSeen("a", seen.a, a, b)),
      ...(seen?.b == null ? [] : compareSeen("b", seen.b, b, a)),
    ],
    accuracy: labels === undefined ? [] : accuracyOf(labels, a, b),
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
