/** @file `vernier check A B`. */

import { VernierError } from "../base/errors.ts";
import type { Report } from "../compare/findings.ts";
import { readModelOrGraph } from "../dialects/read-graph.node.ts";
import type { InputSpec, NamedTensor, PredictionOptions } from "../explain/options.ts";
import { type LedgerModel, pairLedger } from "../explain/pair-ledger.ts";
import { renderScreens } from "../report/backends.ts";
import { renderJson, renderReports } from "../report/json.ts";
import { checkPair, engineFor, inputsOf, type OpenedSide } from "./check-pair.ts";
import { colours } from "./colours.ts";
import { engineNamed } from "./engine-names.ts";
import { engineOptions } from "./engine-options.ts";
import { exitCodeOf, worst } from "./exit-code.ts";
import { readInput, readInputs } from "./inputs.node.ts";
import { ownConversion } from "./own-conversion.ts";
import { predictionsFile } from "./predictions-file.node.ts";
import { progressLine } from "./progress.ts";
import { ledgerFile, reportFiles } from "./report-file.ts";
import { reproduction } from "./reproduction.ts";

export interface CheckFlags {
  readonly input?: readonly string[];
  readonly seenA?: string;
  readonly seenB?: string;
  readonly labels?: string;
  readonly predictions?: string;
  readonly inputB?: readonly string[];
  readonly architecture?: string;
  readonly samples?: number;
  readonly seed?: number;
  readonly a?: string;
  readonly b?: readonly string[];
  readonly keras?: boolean;
  readonly python?: string;
  readonly tfjs?: string;
  readonly trust?: boolean;
  readonly accept?: readonly string[];
  readonly json?: boolean;
  readonly report?: readonly string[];
  readonly ledger?: string;
  readonly timeout?: number;
  readonly memory?: number;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  readonly progress: boolean;
}

/** The causes that `--accept` knows (INTERFACE, `Cause.kind`). */
const KINDS = ["input", "weights", "config", "structure", "kernel", "precision", "not-a-number", "custom"];

export async function runCheck(
  pathA: string,
  pathB: string | undefined,
  flags: CheckFlags,
  { signal, words }: { readonly signal: AbortSignal; readonly words: readonly string[] },
): Promise<number> {
  checkUsage(flags);
  const write = await reportFiles(flags.report ?? []);
  const writeLedger = await ledgerFile(flags.ledger);
  const predictions = await predictionsFile(flags.predictions);
  const started = performance.now();
  const progress = progressLine(flags.progress && flags.quiet !== true);
  const reports: Report[] = [];
  let ledger = "";
  try {
    progress.stage("reading the models");
    const described = flags.architecture === undefined ? {} : { architecture: flags.architecture };
    await using a = await readModelOrGraph(pathA, described);
    await using b =
      pathB === undefined ? await ownConversion(pathA, described) : await readModelOrGraph(pathB, described);
    if (flags.ledger !== undefined) ledger = renderJson(await pairLedger(layersOf(a), layersOf(b)));
    const input = await inputSpec(flags, a, b);
    const asked = await predictionOptions(flags);
    const engineA = await engineNamed(flags.keras === true ? "keras" : (flags.a ?? engineFor(a, "a")));
    const namesB = flags.b ?? [engineFor(b, "b")];
    const enginesB = await Promise.all(namesB.map(engineNamed));
    for (const [i, engineB] of enginesB.entries()) {
      signal.throwIfAborted();
      const onPredictions = predictions?.keep(namesB[i] ?? "");
      const options = {
        ...asked,
        ...(onPredictions === undefined ? {} : { onPredictions }),
        engineA,
        engineB,
        engineOptions: engineOptions(flags, signal),
        input,
        accept: flags.accept ?? [],
        reproduce: reproduction(words, input),
        reporter: progress,
      };
      reports.push(await checkPair(a, b, options));
    }
  } finally {
    progress.clear();
  }
  const exitCode = worst(reports.map(exitCodeOf));
  if (exitCode < 2) {
    await write(renderReports(reports));
    await writeLedger(ledger);
    await predictions?.write();
  }
  if (flags.json === true) process.stdout.write(renderReports(reports));
  else if (flags.quiet !== true) {
    const elapsedMs = performance.now() - started;
    const style = colours(flags.color, process.stdout);
    process.stdout.write(renderScreens(reports, { verbose: flags.verbose === true, style, elapsedMs }));
  }
  return exitCode;
}

async function predictionOptions({ seenA, seenB, labels }: CheckFlags): Promise<PredictionOptions> {
  const read = async (value: string | undefined, option: string): Promise<readonly NamedTensor[] | null> =>
    value === undefined ? null : readInput(value, option);
  const known = await read(labels, "--labels");
  return {
    seen: { a: await read(seenA, "--seen-a"), b: await read(seenB, "--seen-b") },
    ...(known === null ? {} : { labels: known }),
  };
}

function layersOf(side: OpenedSide): LedgerModel {
  if (!("graph" in side)) return side;
  throw new VernierError("usage.invalid", { reason: `--ledger: ${side.path} has no layers, only a graph` });
}

export function checkUsage({
  accept = [],
  keras,
  a,
  inputB,
  input,
  seenA,
  seenB,
  labels,
}: Pick<CheckFlags, "accept" | "keras" | "a" | "inputB" | "input" | "seenA" | "seenB" | "labels">): void {
  const unknown = accept.find((word) => !KINDS.includes(word.split(":", 1)[0] ?? ""));
  const fedNothing = input === undefined;
  const wrong: readonly (readonly [is: boolean, reason: string])[] = [
    [
      unknown !== undefined,
      `--accept ${unknown}: there is no such kind of difference; there are ${KINDS.join(", ")}`,
    ],
    [keras === true && a !== undefined, "--keras is short for --a keras; give one of them"],
    [fedNothing && inputB !== undefined, "--input-b says what B is fed; --input has to say what A is fed"],
    [
      fedNothing && (seenA ?? seenB) !== undefined,
      "--seen-a and --seen-b are predictions for an input; --input has to say which",
    ],
    [fedNothing && labels !== undefined, "--labels are those of an input; --input has to say which"],
  ];
  const reason = wrong.find(([is]) => is)?.[1] ?? null;
  if (reason !== null) throw new VernierError("usage.invalid", { reason });
}

export async function inputSpec(
  { input, inputB, samples = 8, seed = 0 }: Pick<CheckFlags, "input" | "inputB" | "samples" | "seed">,
  a: OpenedSide,
  b: OpenedSide,
): Promise<InputSpec> {
  if (input === undefined) return { source: "synthetic", samples, seed };
  return {
    source: "files",
    a: await readInputs(input, inputsOf(a)),
    b: inputB === undefined ? null : await readInputs(inputB, inputsOf(b)),
  };
}
