/**
 * @file The proof of a repair, before anything is kept: what was written is read back, and `check A written` must agree.
 * What is left to the user does not fail it: what he accepts, another input, and what a runtime computes wrongly or
 * coarsely whatever the file says.
 */

import type { Problem } from "../base/problem.ts";
import type { Cause, Report } from "../compare/findings.ts";
import { modelFromPlan } from "../convert/planned-model.ts";
import { check } from "../explain/check.ts";
import { equalWeights } from "../explain/equal-weights.ts";
import type { CheckedModel, CheckOptions } from "../explain/options.ts";
import { rewriteFaults } from "../explain/rewrite-proof.ts";
import type { Fix, Yours } from "./fix.ts";

export interface FixProof {
  readonly holds: boolean;
  /** A against what was written; `null` where that cannot be read. */
  readonly after: Report | null;
  /** What of the causes after the repair is the user's. */
  readonly yours: readonly Yours[];
  /** Why it does not hold. */
  readonly problems: readonly Problem[];
}

/** `options`: of the check that `fix` made; B's engine runs what was written. */
export async function proveFix(
  { report, conversion }: Fix,
  written: CheckedModel,
  options: CheckOptions,
): Promise<FixProof> {
  const { a } = options;
  // That B is fed something else is no fault of its file: it is fed what A is.
  const input = options.input.source === "files" ? { ...options.input, b: null } : options.input;
  const after = await check({ ...options, a, b: written, input });
  const faults: Problem[] = [];
  if (conversion !== null) {
    const { plan } = conversion;
    const unequal = await equalWeights(modelFromPlan(plan), written.model, { quantized: false });
    faults.push(
      ...(await rewriteFaults(plan.source, plan, after.input.samples, input)),
      ...unequal.map(({ layer, weight, reason }) =>
        failed(`${layer}/${weight}`, `the written weight is not the repaired one: ${reason}`, OUR_BUG),
      ),
    );
  }
  const open = after.causes.filter(({ accepted }) => !accepted);
  const theirs = open.filter((cause) => isOfRuntime(cause, report, conversion?.problems ?? []));
  const left = open.filter((cause) => !theirs.includes(cause));
  faults.push(
    ...left.map(({ layer, layerB, message, hint }) => failed(layerB ?? layer ?? "", message, hint)),
  );
  const ran = after.notCompared.find(({ what }) => what === "predictions");
  if (ran !== undefined || (after.verdict === "not-compared" && left.length === 0))
    faults.push(failed("", ran?.reason ?? after.headline, "vernier check shows more"));
  return {
    holds: faults.length === 0,
    after,
    yours: theirs.map(({ kind, layer, layerB, field, message, hint }) => ({
      kind,
      layer: layerB ?? layer,
      field,
      message,
      hint,
    })),
    problems: faults,
  };
}

/** It was there before the repair too, or the conversion says that TF.js is known for it and no rewrite helps. */
function isOfRuntime(cause: Cause, before: Report, problems: readonly Problem[]): boolean {
  if (cause.side === "between" || cause.repair !== null) return false;
  const same = before.causes.some(
    ({ kind, layer, layerB, repair }) =>
      kind === cause.kind && layer === cause.layer && layerB === cause.layerB && repair === null,
  );
  const path = (cause.layerB ?? cause.layer ?? "").split("#")[0];
  return (
    same ||
    (cause.kind === "kernel" &&
      problems.some(({ code, where }) => code === "convert.known-fault" && where === path))
  );
}

/** What was written cannot be read back. */
export const unreadable = ({ where, message }: Problem): FixProof => ({
  holds: false,
  after: null,
  yours: [],
  problems: [failed(where, `what was written cannot be read back: ${message}`, OUR_BUG)],
});

const OUR_BUG = "this is a bug of Vernier; please report it with the models";

const failed = (where: string, message: string, hint: string): Problem => ({
  code: "fix.differs",
  where,
  message,
  hint,
  severity: "error",
});
