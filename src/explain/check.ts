/**
 * @file `check`: do two models predict the same, and if not, why. Runs both sides, judges every call, forms the
 * budget, finds the causes, gives the verdict. Differences are data; only what stops the work is thrown.
 */

import type { VernierError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import { VERSION } from "../base/version.ts";
import { certify } from "../compare/certify.ts";
import type { Budget, Cause, Report, Side } from "../compare/findings.ts";
import { weightCache } from "../model/weights.ts";
import { float64Ops } from "../ops/float64.ts";
import { type FormedBudget, formBudget } from "./budget.ts";
import { inputFindingsOf } from "./causes/input.ts";
import { engineFindings } from "./causes/kernel.ts";
import { notANumberFindings } from "./causes/not-a-number.ts";
import { structureFindings } from "./causes/structure.ts";
import { findDifferences } from "./differences.ts";
import type { Evidence } from "./evidence.ts";
import { isFailure } from "./failure.ts";
import { feed } from "./feed.ts";
import { causeFrom, type Finding } from "./finding.ts";
import { type JudgedPredictions, judgePredictions, predictionsOf } from "./judge-predictions.ts";
import { layerRows } from "./layer-rows.ts";
import { type Observation, observe } from "./observe.ts";
import type { CheckedModel, CheckOptions } from "./options.ts";
import { outputsNotRun } from "./paired-outputs.ts";
import { alike, type RewrittenModel, rewrittenSide, rowsOfSource } from "./rewritten-layers.ts";
import { engineSide, type RunningSide, referenceSide } from "./side.ts";
import { headlineOf, verdictOf } from "./verdict.ts";

const NOTHING = { contribution: null, alone: null } as const;

export async function check(options: CheckOptions): Promise<Report> {
  const { reporter } = options;
  const timings: Record<string, number> = {};
  const timed = async <T>(stage: string, work: () => Promise<T>): Promise<T> => {
    reporter?.stage(stage);
    const start = performance.now();
    const result = await work();
    timings[stage] = (timings[stage] ?? 0) + performance.now() - start;
    return result;
  };
  const ops = float64Ops();
  const weights = weightCache();
  const { rewrittenA, rewrittenB, matching } = await timed("match", () =>
    alike(options.a.model, options.b.model),
  );
  const a = rewrittenA === null ? options.a : { ...options.a, model: rewrittenA.model };
  const b = rewrittenB === null ? options.b : { ...options.b, model: rewrittenB.model };
  const open = async (
    { model, path, format }: CheckedModel,
    engine: CheckOptions["engineA"],
    as: RewrittenModel | null,
  ): Promise<RunningSide> => {
    if (engine === "reference") return referenceSide(as?.model ?? model, ops, weights);
    const side = await engineSide(model, engine, { path, format }, options.engineOptions);
    return as === null ? side : rewrittenSide(side, as);
  };
  // Its engine starts in a thread or process of its own, while the files are compared here.
  await using startingB = starting(timed("load B", () => open(options.b, options.engineB, rewrittenB)));
  const files = await timed("compare files", () => findDifferences(a.model, b.model, matching, weights));
  const fed = await feed(options.input, a.model, b.model, matching);

  let observed: Observation | null = null;
  let failure: VernierError | null = null;
  let asked: JudgedPredictions | null = null;
  const infos: { a: RunningSide | null; b: RunningSide | null } = { a: null, b: null };
  try {
    reporter?.stage("load B");
    await using runningB = startingB;
    runningB.side.then(
      (side) => {
        infos.b = side;
      },
      () => {}, // `observe` hears of it
    );
    // Of two engines the second starts first; a reference needs not wait for it.
    if (options.engineA !== "reference") await runningB.side;
    await using sideA = await timed("load A", () => open(options.a, options.engineA, rewrittenA));
    infos.a = sideA;
    observed = await timed("run", () =>
      observe(
        {
          a: sideA,
          b: { model: b.model, started: runningB.side },
          fed,
          matching,
          weights,
          timings,
          ...(reporter === undefined ? {} : { reporter }),
        },
        certify,
      ),
    );
    const sides = { a: predictionsOf(observed.a), b: predictionsOf(observed.b) };
    asked = await judgePredictions(options, sides, {
      a: { inputs: fed.a, predict: (inputs) => sideA.predict(inputs) },
      b: { inputs: fed.b, predict: async (inputs) => (await runningB.side).predict(inputs) },
    });
  } catch (error) {
    if (!isFailure(error)) throw error;
    failure = error;
  }

  const inputFindings = await timed("compare inputs", () => inputFindingsOf(fed.pairs, a.model, weights));
  const findings: Finding[] = [...files.findings, ...structureFindings(matching), ...inputFindings];
  let formed: FormedBudget | null = null;
  if (observed !== null) {
    const evidence: Evidence = { a: observed.a, b: observed.b, matching, weights };
    findings.push(
      ...engineFindings("b", observed.b),
      ...engineFindings("a", observed.a),
      ...notANumberFindings("b", observed.b),
      ...notANumberFindings("a", observed.a),
    );
    const { at } = observed.outputs;
    if (at !== null && (findings.length > 0 || options.budget !== "if-they-differ")) {
      formed = await timed("budget", () =>
        formBudget({
          evidence,
          ops,
          at,
          differences: files.differences,
          switchable:
            matching.structure.every(({ kind }) => kind === "outputs") &&
            files.findings.every(({ detail }) => detail !== "weight-shapes"),
          inputsForA: fed.bForA,
        }),
      );
    }
  }
  const causes = sortedCauses(findings, files.differences, formed, options.accept);
  const certificates = observed === null ? [] : [...observed.a.certificates, ...observed.b.certificates];
  const verdict = verdictOf({
    causes,
    certificates,
    predicted: observed?.outputs.compared ?? false,
    judged:
      observed !== null &&
      [observed.a, observed.b].every((side) => side.arithmetic === null || side.certificates.length > 0),
    sameInput: inputFindings.length === 0,
  });
  const outputs = observed?.outputs.rows ?? outputsNotRun(a.model, b.model, matching, fed.samples);
  asked ??= await judgePredictions(options, null, null);
  const notCompared = [
    ...reasonsNotCompared(failure, observed, formed?.budget ?? null),
    ...asked.notCompared,
  ];
  const rows = layerRows(a.model, b.model, matching, observed);
  const engineName = (side: RunningSide | null, engine: CheckOptions["engineA"]): string =>
    side?.engine ?? (engine === "reference" ? "reference" : engine.id);
  return {
    schema: "vernier.report/1",
    vernier: VERSION,
    verdict,
    headline: headlineOf(verdict, {
      isAsSeen: asked.seen.every(({ reproduced }) => reproduced),
      causes,
      outputs,
      samples: fed.samples,
      engineA: engineName(infos.a, options.engineA),
      engineB: sayEngine(infos.b, engineName(infos.b, options.engineB)),
      reason: failure?.message ?? notCompared[0]?.reason ?? null,
    }),
    sides: {
      a: await describeSide(options.a, infos.a, engineName(infos.a, options.engineA)),
      b: await describeSide(options.b, infos.b, engineName(infos.b, options.engineB)),
    },
    input: {
      source: options.input.source,
      samples: fed.samples,
      seed: options.input.source === "synthetic" ? options.input.seed : null,
      tensors: fed.tensors,
    },
    outputs,
    predictions: observed?.outputs.predictions ?? [],
    seen: asked.seen,
    accuracy: asked.accuracy,
    budget: formed?.budget ?? null,
    layers: rewrittenA === null ? rows : rowsOfSource(rows, options.a.model, rewrittenA.plan),
    causes: verdict === "agree" ? [] : causes,
    notCompared,
    problems: [...problemsOf(a, "a"), ...problemsOf(b, "b"), ...(failure === null ? [] : [failure.problem])],
    reproduce: options.reproduce,
    timingsMs: timings,
  };
}

/** A side on its way up; disposing it once is enough, also where it never came up. */
function starting(side: Promise<RunningSide>): AsyncDisposable & { readonly side: Promise<RunningSide> } {
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => (await side.catch(() => null))?.[Symbol.asyncDispose]();
  side.catch(() => {}); // who waits for it hears of it
  return {
    side,
    [Symbol.asyncDispose]() {
      closing ??= close();
      return closing;
    },
  };
}

function sortedCauses(
  findings: readonly Finding[],
  differences: readonly object[],
  formed: FormedBudget | null,
  accept: readonly string[],
): Cause[] {
  const causes = findings.map((finding) => {
    const at = finding.difference === undefined ? -1 : differences.indexOf(finding.difference);
    const cause = causeFrom(finding, formed?.effects[at] ?? engineTerm(finding, formed?.budget ?? null));
    return { ...cause, accepted: accept.some((word) => accepts(word, cause)) };
  });
  return causes.sort((x, y) => Math.abs(y.contribution ?? 0) - Math.abs(x.contribution ?? 0));
}

/** A cause that is not a step of the files: its line, or its bracket, of the budget. */
function engineTerm(
  finding: Finding,
  budget: Budget | null,
): { contribution: number | null; alone: number | null } {
  // Keys of a config after the first switch with it: its step holds their term too.
  if (budget === null || finding.kind === "config" || finding.kind === "weights") return NOTHING;
  if (finding.kind === "input") return { contribution: budget.input, alone: -budget.input };
  if (finding.kind === "structure") return { contribution: budget.serialization, alone: null };
  const line = budget.byLayer.find(({ layer }) => layer === (finding.layer ?? finding.layerB));
  const contribution = finding.side === "a" ? line?.environmentA : line?.environmentB;
  return { contribution: contribution ?? null, alone: contribution === undefined ? null : -contribution };
}

const accepts = (word: string, { kind, layer, layerB }: Cause): boolean => {
  const [wanted, where] = word.split(":", 2);
  return wanted === kind && (where === undefined || where === layer || where === layerB);
};

function reasonsNotCompared(
  failure: VernierError | null,
  observed: Observation | null,
  budget: Budget | null,
): Report["notCompared"] {
  const reasons = failure === null ? [] : [{ what: "predictions", reason: failure.message }];
  for (const [side, evidence] of observed === null
    ? []
    : ([
        ["a", observed.a],
        ["b", observed.b],
      ] as const)) {
    for (const [index, certificate] of evidence.certificates.entries()) {
      if (certificate.status !== "not-run" || certificate.explains === "is the reference") continue;
      reasons.push({
        what: `layer ${evidence.model.calls[index]?.id ?? "?"} on side ${side}`,
        reason: certificate.explains ?? "not checked",
      });
    }
  }
  if (observed !== null) reasons.push(...observed.outputs.notCompared);
  if (budget === null)
    reasons.push({
      what: "budget",
      reason:
        observed === null
          ? "a side gave no prediction"
          : (observed.outputs.whyNoBudget ??
            (observed.outputs.at === null
              ? "no output could be compared"
              : "there is no difference to split")),
    });
  return reasons;
}

const sayEngine = (side: RunningSide | null, engine: string): string =>
  engine.startsWith("tfjs:")
    ? `TensorFlow.js ${side?.info?.version.split(" ")[0] ?? ""} (${engine.slice(5)})`
    : engine;

async function describeSide(side: CheckedModel, running: RunningSide | null, engine: string): Promise<Side> {
  const { model, format } = side;
  return {
    path: side.label ?? side.path,
    format,
    dialect: model.dialect,
    writer: model.writer,
    backend: model.backend,
    engine,
    engineVersion: running?.info?.version ?? (engine === "reference" ? VERSION : "not started"),
    arithmetic: running?.info?.arithmetic.name ?? (engine === "reference" ? "float64" : "unknown"),
    hardware: running?.info?.hardware ?? null,
    sha256: await side.sha256(),
  };
}

const problemsOf = ({ model }: CheckedModel, side: string): Problem[] =>
  model.problems.map((problem) => ({ ...problem, where: `${side}: ${problem.where}` }));
