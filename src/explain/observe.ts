/**
 * @file Runs both sides: all predictions first, which shows the worst element; then, a few samples at a time, the
 * watched runs, their certificates, and the end-to-end difference of every layer's activations.
 */

import type { CallCertificate, certify as Certify } from "../compare/certify.ts";
import type { Matching } from "../compare/match.ts";
import { worseCertificate } from "../compare/worse.ts";
import type { Model } from "../model/model.ts";
import type { WeightCache } from "../model/weights.ts";
import { realFromTensor, type Tensor } from "../tensor/tensor.ts";
import type { SideEvidence } from "./evidence.ts";
import type { Fed } from "./feed.ts";
import type { Reporter } from "./options.ts";
import { type PairedOutputs, pairOutputs } from "./paired-outputs.ts";
import { chunkSize, joinBatches, type RunningSide, rowsOf } from "./side.ts";

export interface Observation {
  readonly a: SideEvidence;
  readonly b: SideEvidence;
  readonly outputs: PairedOutputs;
  /** Per call of A that is matched: the largest difference of the two activations. */
  readonly maxAbs: ReadonlyMap<number, number>;
  /** Sides whose watched run differs from the plain one. */
  readonly tracedDiffers: readonly ("a" | "b")[];
}

export interface ObserveRequest {
  readonly a: RunningSide;
  /** Still on its way up: meanwhile a reference computes. */
  readonly b: { readonly model: Model; readonly started: Promise<RunningSide> };
  readonly fed: Fed;
  readonly matching: Matching;
  readonly weights: WeightCache;
  readonly timings: Record<string, number>;
  readonly reporter?: Reporter;
}

export async function observe(
  { a, b: startingB, fed, matching, weights, timings, reporter }: ObserveRequest,
  certify: typeof Certify,
): Promise<Observation> {
  const size = chunkSize([a.model, startingB.model], fed.samples);
  const starts = Array.from({ length: Math.ceil(fed.samples / size) }, (_, i) => i * size);
  const predict = async (side: RunningSide, inputs: readonly Tensor[], stage: string): Promise<Tensor[]> => {
    const begun = performance.now();
    const batches: Tensor[][] = [];
    for (const start of starts) batches.push(await side.predict(rowsOf(inputs, start, start + size)));
    timings[stage] = (performance.now() - begun) / fed.samples;
    return joinBatches(batches);
  };
  const seenAtOnce: { a: Seen | null; b: Seen | null } = { a: null, b: null };
  const predictAll = async (
    name: "a" | "b",
    side: RunningSide,
    inputs: readonly Tensor[],
  ): Promise<Tensor[]> => {
    // The reference sees its calls in the run that predicts: where one batch holds all samples, one run is enough.
    if (side.info !== null || starts.length !== 1) return predict(side, inputs, `predict.${name}`);
    const begun = performance.now();
    const { outputs } = await side.activations(inputs);
    seenAtOnce[name] = outputs;
    timings[`predict.${name}`] = (performance.now() - begun) / fed.samples;
    return predictionsAmong(side.model, outputs);
  };
  // An engine has a thread or process of its own: it starts, predicts and is watched while the reference computes here.
  const reference = a.info === null ? predictAll("a", a, fed.a) : null;
  reference?.catch(() => {}); // who waits for it hears of it
  const b = await startingB.started;
  const predictionsB = await predictAll("b", b, fed.b);
  const watchedB = reference !== null && b.info !== null && starts.length === 1 ? b.activations(fed.b) : null;
  watchedB?.catch(() => {});
  const predictionsA = await (reference ?? predictAll("a", a, fed.a));
  const outputs = pairOutputs(a.model, b.model, matching, predictionsA, predictionsB);
  const worst = outputs.at?.sample ?? 0;

  const kept: { a: SideEvidence["activations"]; b: SideEvidence["activations"] } = { a: null, b: null };
  const certificates: { a: CallCertificate[]; b: CallCertificate[] } = { a: [], b: [] };
  const maxAbs = new Map<number, number>();
  const tracedDiffers = new Set<"a" | "b">();
  for (const [i, start] of starts.entries()) {
    reporter?.progress(i, starts.length);
    const activations = { a: await watch("a", a, fed.a, start), b: await watch("b", b, fed.b, start) };
    for (const [callA, callB] of matching.callB.entries()) {
      const pair =
        callB === null || callB === undefined
          ? null
          : largestDifference(activations.a[callA]?.[0], activations.b[callB]?.[0]);
      if (pair !== null) maxAbs.set(callA, larger(maxAbs.get(callA) ?? 0, pair));
    }
  }
  const evidence = (
    side: RunningSide,
    name: "a" | "b",
    inputs: readonly Tensor[],
    predictions: readonly Tensor[],
  ): SideEvidence => ({
    model: side.model,
    engine: side.engine,
    arithmetic: side.info?.arithmetic ?? null,
    inputs,
    predictions,
    activations: kept[name],
    certificates: certificates[name],
  });
  return {
    a: evidence(a, "a", fed.a, predictionsA),
    b: evidence(b, "b", fed.b, predictionsB),
    outputs,
    maxAbs,
    tracedDiffers: [...tracedDiffers],
  };

  async function watch(
    name: "a" | "b",
    side: RunningSide,
    all: readonly Tensor[],
    start: number,
  ): Promise<Seen> {
    const already = seenAtOnce[name];
    if (already !== null) return already;
    const inputs = rowsOf(all, start, start + size);
    const { outputs: seen, trace } = await ((name === "b" ? watchedB : null) ?? side.activations(inputs));
    if (trace === null || side.info === null) return seen;
    const plain = rowsOf(name === "a" ? predictionsA : predictionsB, start, start + size);
    if (plain.some((tensor, i) => !equalBits(tensor, trace.final[i]))) tracedDiffers.add(name);
    const run = side.own?.model ?? side.model;
    const seenCalls = await certify(run, trace, inputs, side.info.arithmetic, (layer) =>
      weights.weightsOf(run, layer),
    );
    const judged = side.own?.calls.flatMap((call) => seenCalls[call] ?? []) ?? seenCalls;
    certificates[name] =
      certificates[name].length === 0
        ? judged
        : certificates[name].map((old, i) => worseCertificate(old, judged[i] ?? old));
    if (worst >= start && worst < start + size)
      kept[name] = seen.map((tensors) =>
        tensors === null ? null : rowsOf(tensors, worst - start, worst - start + 1),
      );
    return seen;
  }
}

/** Every call's outputs. */
type Seen = readonly (readonly Tensor[] | null)[];

const predictionsAmong = (model: Model, seen: Seen): Tensor[] =>
  model.outputs.flatMap(({ ref }) => seen[ref.call]?.[ref.output] ?? []);

/** NaN wins: it equals nothing. */
const larger = (x: number, y: number): number =>
  Number.isNaN(x) || Number.isNaN(y) ? Number.NaN : Math.max(x, y);

export function largestDifference(a: Tensor | undefined, b: Tensor | undefined): number | null {
  if (
    a === undefined ||
    b === undefined ||
    a.shape.join() !== b.shape.join() ||
    a.dtype === "string" ||
    b.dtype === "string"
  )
    return null;
  const [x, y] = [numbersOf(a), numbersOf(b)];
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const difference = Math.abs((x[i] as number) - (y[i] as number));
    // One comparison for nearly all: of millions, some change the largest.
    if (difference <= largest || x[i] === y[i]) continue;
    if (Number.isNaN(difference)) return Number.NaN;
    largest = difference;
  }
  return largest;
}

/** As they are: widening millions of them costs more than comparing. */
const numbersOf = (tensor: Tensor): Float32Array | Float64Array =>
  tensor.data instanceof Float32Array ? tensor.data : realFromTensor(tensor).data;

export function equalBits(a: Tensor, b: Tensor | undefined): boolean {
  if (b === undefined || a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (!Object.is(a.data[i], b.data[i])) return false;
  return true;
}
