/**
 * @file The proof of a conversion, before anything is kept (INTERFACE): what was written is read back, and `check` must
 * find that it predicts the same. Roundings that the target or `--quantize` forces do not fail it, if the written weights
 * are exactly those; neither does a kernel of TF.js that is known to be wrong and that no rewrite goes around.
 */

import type { Problem } from "../base/problem.ts";
import type { Report } from "../compare/findings.ts";
import type { Conversion } from "../convert/convert.ts";
import { modelFromPlan } from "../convert/planned-model.ts";
import { translate } from "../convert/translate.ts";
import type { Engine, EngineOptions } from "../engines/engine.ts";
import { check } from "./check.ts";
import { equalWeights, type UnequalWeight } from "./equal-weights.ts";
import type { CheckedModel, InputSpec, Reporter } from "./options.ts";
import { rewriteFaults } from "./rewrite-proof.ts";

export interface ProofOptions {
  readonly source: CheckedModel;
  readonly written: CheckedModel;
  readonly conversion: Conversion;
  readonly engine: "reference" | Engine;
  readonly engineOptions: EngineOptions;
  readonly input: InputSpec;
  readonly quantized: boolean;
  readonly reporter?: Reporter;
}

export interface Proof {
  readonly holds: boolean;
  readonly report: Report;
  /** Why it does not hold, or what a user should know though it does. */
  readonly problems: readonly Problem[];
}

export async function prove(options: ProofOptions): Promise<Proof> {
  const { written, conversion, quantized, reporter } = options;
  const restored = conversion.plan.source;
  // A model on its way back is proved as what it was; that this is what it is now, by rewriting it again.
  const source = restored === options.source.model ? options.source : { ...options.source, model: restored };
  const planned = modelFromPlan(conversion.plan);
  // Beside the check, which waits for its engine now and then.
  const comparing = equalWeights(planned, written.model, { quantized });
  comparing.catch(() => {}); // thrown where it is awaited
  const report = await check({
    a: source,
    b: written,
    engineA: "reference",
    engineB: options.engine,
    engineOptions: options.engineOptions,
    input: options.input,
    accept: [],
    reproduce: "",
    budget: "if-they-differ",
    ...(reporter === undefined ? {} : { reporter }),
  });
  const unequal = await comparing;
  const { samples } = report.input;
  const faults = await rewriteFaults(source.model, conversion.plan, samples, options.input);
  if (source !== options.source) {
    const again = translate(restored, { to: options.source.model.dialect });
    faults.push(...(await rewriteFaults(restored, again, samples, options.input)));
  }
  const known = new Set(
    conversion.problems.flatMap(({ code, where }) => (code === "convert.known-fault" ? [where] : [])),
  );
  const failing = report.causes.filter(({ kind, layerB, layer }) => {
    if (kind === "weights") return !(quantized || conversion.rounded.length > 0);
    return !(kind === "kernel" && (known.has(layerB ?? "") || known.has(layer ?? "")));
  });
  const problems = [
    ...unequal.map(unequalProblem),
    ...faults,
    ...failing.map(
      (cause): Problem => ({
        code: "convert.differs",
        where: cause.layerB ?? cause.layer ?? "",
        message: cause.message,
        hint: cause.hint,
        severity: "error",
      }),
    ),
  ];
  const judged = report.verdict === "agree" || report.causes.length > 0;
  if (!judged)
    problems.push({
      code: "convert.not-proved",
      where: written.path,
      message: report.headline,
      hint: "--no-verify writes without the proof",
      severity: "error",
    });
  return { holds: problems.every(({ severity }) => severity !== "error"), report, problems };
}

const unequalProblem = ({ layer, weight, reason }: UnequalWeight): Problem => ({
  code: "convert.weights",
  where: `${layer}/${weight}`,
  message: `the written weight is not the source's: ${reason}`,
  hint: "this is a bug of Vernier; please report it with the model",
  severity: "error",
});
