/** @file The verdict and its one sentence (INTERFACE, Verdict). */

import type { Cause, Certificate, OutputRow, Verdict } from "../compare/findings.ts";

export interface Grounds {
  readonly causes: readonly Cause[];
  readonly certificates: readonly Certificate[];
  /** Did both sides give predictions, and could at least one output be compared? */
  readonly predicted: boolean;
  /** Was every call of each side that an engine ran judged? The reference has no certificates and needs none. */
  readonly judged: boolean;
  readonly sameInput: boolean;
}

/** `differ`: there is a cause, however small. `agree`: none, and all that ran was checked. Else nothing was proved. */
export function verdictOf({ causes, certificates, predicted, judged, sameInput }: Grounds): Verdict {
  if (causes.length > 0) return "differ";
  if (!predicted || !sameInput || !judged) return "not-compared";
  const checked = certificates.every(
    ({ status, explains }) =>
      status === "certified" || (status === "not-run" && explains === IS_THE_REFERENCE),
  );
  return checked ? "agree" : "not-compared";
}

export const IS_THE_REFERENCE = "is the reference";

export function headlineOf(
  verdict: Verdict,
  {
    causes,
    outputs,
    samples,
    engineA,
    engineB,
    reason,
    isAsSeen = true,
  }: {
    readonly causes: readonly Cause[];
    readonly outputs: readonly OutputRow[];
    readonly samples: number;
    readonly engineA: string;
    readonly engineB: string;
    readonly reason: string | null;
    /** Predictions that somebody saw are those that the models give; or nobody saw any. */
    readonly isAsSeen?: boolean;
  },
): string {
  const flips = outputs.reduce((sum, row) => sum + (row.top1Flips ?? 0), 0);
  switch (verdict) {
    case "agree": {
      const ran = engineA === "reference" ? "; Keras was not run, its file was evaluated in 64 bits" : "";
      const flipped =
        flips > 0 ? `; rounding alone changes the predicted class on ${flips} of ${samples} samples` : "";
      const seen = isAsSeen ? "" : "; what was seen is not what it predicts";
      return engineB === "reference"
        ? `Same model: evaluated in 64 bits the files predict the same on ${samples} inputs${flipped}${seen}.`
        : `Same model: ${engineB} computed it correctly on ${samples} inputs${ran}${flipped}${seen}.`;
    }
    case "differ": {
      const first = causes[0];
      const changes = flips > 0 ? `; the predicted class changes on ${flips} of ${samples} samples` : "";
      return `The models do not predict the same: ${first?.message ?? "see causes"}${changes}.`;
    }
    case "not-compared":
      return `Not compared: ${reason ?? "not every layer could be checked"}.`;
    default:
      return verdict satisfies never;
  }
}
