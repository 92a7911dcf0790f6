/** @file A cause as it is found; its terms in the budget are filled in later. */

import type { Cause } from "../compare/findings.ts";
import type { FileDifference } from "./evidence.ts";

export interface Finding
  extends Omit<
    Cause,
    | "contribution"
    | "alone"
    | "accepted"
    | "repair"
    | "certainty"
    | "learnMore"
    | "layer"
    | "layerB"
    | "field"
    | "detail"
    | "valueA"
    | "valueB"
  > {
  readonly layer?: string | null;
  readonly layerB?: string | null;
  readonly field?: string | null;
  readonly detail?: string | null;
  readonly valueA?: unknown;
  readonly valueB?: unknown;
  readonly certainty?: Cause["certainty"];
  readonly learnMore?: string | null;
  /** Id of the pass in `repair/` that takes it away. */
  readonly repair?: string | null;
  /** The step of a hybrid that this cause is; only the first key of a config step carries it. */
  readonly difference?: FileDifference;
}

export function causeFrom(
  finding: Finding,
  effect: { readonly contribution: number | null; readonly alone: number | null },
): Cause {
  const { difference: _step, ...rest } = finding;
  return {
    layer: null,
    layerB: null,
    field: null,
    detail: null,
    valueA: null,
    valueB: null,
    certainty: "proved",
    learnMore: null,
    repair: null,
    ...rest,
    contribution: effect.contribution,
    alone: effect.alone,
    accepted: false,
  };
}
