/** @file Runs a file of branches on an engine, judges every call as `check` does, and counts element by element. */

import { isVernierError } from "../../src/base/errors.ts";
import { type CallCertificate, certify } from "../../src/compare/certify.ts";
import { errorOf, type Pair, radiusOf, sameShape } from "../../src/compare/judge.ts";
import { collectTrace } from "../../src/compare/trace.ts";
import { readModelPath } from "../../src/dialects/read.node.ts";
import type { Engine, EngineOptions } from "../../src/engines/engine.ts";
import type { KnownFault } from "../../src/model/layer.ts";
import type { Model } from "../../src/model/model.ts";
import { weightCache } from "../../src/model/weights.ts";
import type { Branch } from "./cases.ts";
import { FEEDS, fedTo } from "./feeds.ts";
import { inputName } from "./tfjs-file.ts";

/** One call under one feed. */
export interface Verdict {
  readonly engine: string;
  readonly branch: string;
  readonly className: string;
  readonly feed: string;
  readonly certificate: CallCertificate;
  readonly known: readonly KnownFault[];
}

/**
 * Refuted and not settled: they are run, printed and not counted. A pattern that leaves this list must pass.
 */
const OPEN: Readonly<Record<string, readonly RegExp[]>> = {
  // zero_output_for_mask (forced inside Bidirectional): TF.js has no such key and repeats the output before the masked step.
  "tfjs:cpu": [/^(bidirectional_(3|17)|lstm_[89]|simplernn_[89]) /],
  "tfjs:wasm": [/^(bidirectional_(3|17)|lstm_[89]|simplernn_[89]) /],
  "tfjs:wasm@browser": [/^(bidirectional_(3|17)|lstm_[89]|simplernn_[89]) /],
  "keras:tensorflow": [
    // Keras 3 reads a list of axes back from .h5 as another one than it wrote.
    /^(softmax_3|unitnormalization_3) /,
    // Its bias under channels_first goes along the last axis where width equals channels (python/record_layers.py).
    /^separableconv2d_4 /,
    // Numbers up to 7.7e-37 come out as 0, which flushing (below 1.2e-38, and charged) does not explain: no cause found.
    /^(multiply|maximum|minimum|maxpooling[12]d)_\d+ on subnormal$/,
  ],
};
export const isOpen = (engine: string, branch: string, feed: string): boolean =>
  (OPEN[engine] ?? []).some((pattern) => pattern.test(`${branch} on ${feed}`));

/** Elements of one layer class on one engine. */
export interface Tally {
  /** With a finite bound; elements whose bound is 0 (nothing is rounded) included. */
  judged: number;
  /** Beyond their bound in calls that no known fault covers. */
  beyond: number;
  /** "May overflow": nothing is claimed. */
  unclaimed: number;
  /** error / bound where the bound is not 0. */
  readonly shares: number[];
}

export interface Measured {
  readonly verdicts: Verdict[];
  /** By engine, then class. */
  readonly tallies: Map<string, Map<string, Tally>>;
}

export const nothingMeasured = (): Measured => ({ verdicts: [], tallies: new Map() });

export interface MeasureOptions {
  readonly batch: number;
  readonly seed: number;
  readonly engineOptions?: EngineOptions;
}

export async function measure(
  into: Measured,
  engine: Engine,
  path: string,
  branches: readonly Branch[],
  { batch, seed, engineOptions }: MeasureOptions,
): Promise<void> {
  await using opened = await readModelPath(path);
  const { model, format } = opened;
  await using session = await engine.open({ path: opened.path, format }, engineOptions);
  const cache = weightCache();
  const known = model.calls.map((call) =>
    call.layer < 0
      ? []
      : (model.layers[call.layer]?.layer.knownFaults(session.info.engine, dimsOf(model, call.inputs)) ?? []),
  );
  for (const feed of Object.keys(FEEDS)) {
    const inputs = arranged(model, branches, batch, feed, seed);
    const trace = await collectTrace(model, session, inputs);
    await certify(model, trace, inputs, session.info.arithmetic, (layer) => cache.weightsOf(model, layer), {
      onCall(index, certificate, pairs) {
        const call = model.calls[index];
        const entry = call === undefined ? undefined : model.layers[call.layer];
        if (call === undefined || entry === undefined) return;
        const { className } = entry.layer;
        const faults = known[index] ?? [];
        into.verdicts.push({
          engine: engine.id,
          branch: entry.path,
          className,
          feed,
          certificate,
          known: faults,
        });
        const excused =
          faults.some(({ onlyFor }) => onlyFor === undefined || certificate.status === "refuted") ||
          certificate.detail === "mask" ||
          isOpen(engine.id, entry.path, feed);
        if (!excused) count(tallyOf(into, engine.id, className), pairs);
      },
    });
  }
}

/** The engine's own words where it does not open or run the file; `null` where it does. */
export async function refusalFrom(
  engine: Engine,
  path: string,
  branches: readonly Branch[],
  { batch, seed, engineOptions }: MeasureOptions,
): Promise<string | null> {
  await using opened = await readModelPath(path);
  try {
    await using session = await engine.open({ path: opened.path, format: opened.format }, engineOptions);
    await session.trace(arranged(opened.model, branches, batch, "random", seed), () => {});
    return null;
  } catch (error) {
    if (!isVernierError(error)) throw error;
    return error.message;
  }
}

const dimsOf = (model: Model, refs: Model["calls"][number]["inputs"]) =>
  refs.map((ref) => model.calls[ref.call]?.outputs[ref.output]?.dims ?? []);

function arranged(model: Model, branches: readonly Branch[], batch: number, feed: string, seed: number) {
  const fed = new Map(
    branches.flatMap((branch) =>
      fedTo(branch, batch, feed, seed).map((tensor, i) => [inputName(branch, i), tensor] as const),
    ),
  );
  return model.inputs.map(({ name }) => {
    const tensor = fed.get(name);
    if (tensor === undefined) throw new Error(`nothing is fed to ${name}`);
    return tensor;
  });
}

function tallyOf({ tallies }: Measured, engine: string, className: string): Tally {
  const classes = tallies.get(engine) ?? new Map<string, Tally>();
  tallies.set(engine, classes);
  const tally = classes.get(className) ?? { judged: 0, beyond: 0, unclaimed: 0, shares: [] };
  classes.set(className, tally);
  return tally;
}

function count(tally: Tally, pairs: readonly Pair[]): void {
  for (const { expected, engine } of pairs) {
    const [first] = expected;
    if (first === undefined || !sameShape(first.value.shape, engine.shape)) {
      tally.beyond += engine.data.length;
      continue;
    }
    const radius = radiusOf(expected);
    for (let i = 0; i < engine.data.length; i++) {
      const error = errorOf(engine.data[i] as number, first.value.data[i] as number);
      const bound = radius?.[i] ?? 0;
      if (bound === Infinity) {
        tally.unclaimed++;
        continue;
      }
      tally.judged++;
      if (!(error <= bound)) tally.beyond++;
      if (bound > 0) tally.shares.push(error / bound);
    }
  }
}
