/** @file `vernier fix A B DEST`. */

import { isVernierError, VernierError } from "../base/errors.ts";
import type { Target } from "../convert/convert.ts";
import { type OpenedModel, type ReadOptions, readModelPath } from "../dialects/read.node.ts";
import { readModelOrGraph } from "../dialects/read-graph.node.ts";
import type { CheckOptions } from "../explain/options.ts";
import { type Destination, openDestination, type Staged } from "../formats/destination.node.ts";
import { type Fix, fix, formatOf } from "../repair/fix.ts";
import { type FixProof, proveFix, unreadable } from "../repair/prove-fix.ts";
import { fixReport, renderFix } from "../report/fix.ts";
import { renderJson } from "../report/json.ts";
import { type CheckFlags, checkUsage, inputSpec } from "./check.ts";
import { engineFor, type OpenedSide } from "./check-pair.ts";
import { colours } from "./colours.ts";
import { targetOf } from "./convert.ts";
import { engineNamed } from "./engine-names.ts";
import { engineOptions } from "./engine-options.ts";
import { exitCodeOf } from "./exit-code.ts";
import { progressLine } from "./progress.ts";
import { reproduction } from "./reproduction.ts";

export interface FixFlags extends Omit<CheckFlags, "b" | "a" | "keras" | "python" | "trust" | "report"> {
  readonly b?: string;
  readonly overwrite?: boolean;
}

export async function runFix(
  pathA: string,
  pathB: string,
  dest: string,
  { b: engineB, ...flags }: FixFlags,
  { signal, words }: { readonly signal: AbortSignal; readonly words: readonly string[] },
): Promise<number> {
  checkUsage(flags);
  const started = performance.now();
  const progress = progressLine(flags.progress && flags.quiet !== true);
  try {
    progress.stage("reading the models");
    const described = flags.architecture === undefined ? {} : { architecture: flags.architecture };
    await using openedA = await readModelOrGraph(pathA, described);
    await using openedB = await orConvert(openedA, pathA, dest, () => readModelOrGraph(pathB, described));
    const [a, b] = [layersModel(openedA, pathA, dest), layersModel(openedB, pathA, dest)];
    const to = formatOf(b.model);
    checkName(dest, to);
    await using destination = await openDestination(dest, {
      kind: to === "tfjs" ? "folder" : "file",
      overwrite: flags.overwrite === true,
    });
    const input = await inputSpec(flags, a, b);
    const options: CheckOptions = {
      a,
      b,
      engineA: "reference",
      engineB: await engineNamed(engineB ?? engineFor(b, "b")),
      engineOptions: engineOptions(flags, signal),
      input,
      accept: flags.accept ?? [],
      reproduce: reproduction(words, input),
      reporter: progress,
    };
    const found = await (lacksWeights(b) ? orConvert(a, pathA, dest, () => fix(options)) : fix(options));
    signal.throwIfAborted();
    const { proof, written } =
      found.conversion === null
        ? { proof: null, written: [] }
        : await proveAndWrite(
            found,
            destination,
            {
              ...options,
              dest,
              reproduce: reproduction(["check", ...asCheck(words, { pathB, dest })], input),
            },
            described,
          );
    progress.clear();
    const screen = {
      fix: found,
      after: proof?.after ?? null,
      yours: [...found.yours, ...(proof?.yours ?? [])],
      problems: proof?.problems ?? [],
      written,
      elapsedMs: performance.now() - started,
      style: colours(flags.color, process.stdout),
    };
    if (flags.json === true) process.stdout.write(renderJson(fixReport(screen)));
    else if (flags.quiet !== true) process.stdout.write(renderFix(screen));
    return exitCode(found, proof);
  } finally {
    progress.clear();
  }
}

/** A graph holds no layers that a repair could reach. */
function layersModel(side: OpenedSide, pathA: string, dest: string): OpenedModel {
  if (!("graph" in side)) return side;
  throw new VernierError(
    "fix.unsupported",
    {
      reason: "it is a graph model, which has TensorFlow's operations in place of layers",
      remedy: `vernier convert ${pathA} ${dest} writes a layers model in its place (load it with tf.loadLayersModel)`,
    },
    { where: side.path },
  );
}

/** What cannot be read cannot be repaired; where A is a Keras file there is a way all the same. */
async function orConvert<T>(a: OpenedSide, pathA: string, dest: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (
      !isVernierError(error) ||
      !a.format.startsWith("keras") ||
      !/^(?!file\.unreadable)(file|graph|weights|tensor|config)\./.test(error.code)
    )
      throw error;
    const remedy = `vernier convert ${pathA} ${dest} writes the model that you trust anew`;
    throw new VernierError(
      "fix.unsupported",
      { reason: error.message, remedy },
      { where: error.where, cause: error },
    );
  }
}

const lacksWeights = ({ model }: OpenedModel): boolean =>
  model.layers.some(({ layer, weights }) => weights.length < layer.weights.length);

function checkName(dest: string, to: Target): void {
  if (targetOf(dest) === to) return;
  const wanted = to === "tfjs" ? "a folder for TensorFlow.js" : `a file whose name ends in .${to}`;
  throw new VernierError("usage.invalid", {
    reason: `fix writes the format that B has, so DEST must be ${wanted}, not ${dest}; vernier convert writes others`,
  });
}

async function proveAndWrite(
  found: Fix,
  destination: Destination,
  options: CheckOptions & { readonly dest: string },
  described: ReadOptions,
): Promise<{ readonly proof: FixProof; readonly written: readonly string[] }> {
  const staged = await destination.stage(found.conversion?.files ?? []);
  const proof = await proofOf(found, staged, options, described);
  options.engineOptions.signal?.throwIfAborted();
  return { proof, written: proof.holds ? await staged.commit() : [] };
}

async function proofOf(
  found: Fix,
  staged: Staged,
  options: CheckOptions & { readonly dest: string },
  described: ReadOptions,
): Promise<FixProof> {
  try {
    await using opened = await readModelPath(staged.path, described);
    return await proveFix(found, { ...opened, label: options.dest }, options);
  } catch (error) {
    // Both models were read when the fault was found: what cannot be read now is what was written.
    if (!isVernierError(error) || /^(engine|protocol|usage|internal)/.test(error.code)) throw error;
    return unreadable(error.problem);
  }
}

function exitCode({ report, conversion }: Fix, proof: FixProof | null): number {
  if (proof?.holds === true) return 0;
  if (proof !== null) return proof.after !== null && exitCodeOf(proof.after) === 3 ? 3 : 1;
  return conversion === null ? exitCodeOf(report) : 1;
}

/** The words of a check of what was written. */
function asCheck(
  words: readonly string[],
  { pathB, dest }: { readonly pathB: string; readonly dest: string },
): string[] {
  const rest = words.slice(words.indexOf("fix") + 1).filter((word) => word !== "--overwrite");
  const at = rest.indexOf("--input-b");
  const fed = at < 0 ? rest : rest.toSpliced(at, 2);
  return fed.toSpliced(fed.lastIndexOf(dest), 1).map((word) => (word === pathB ? dest : word));
}
