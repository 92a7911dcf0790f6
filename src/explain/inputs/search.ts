/**
 * @file The search: which chain of at most three steps makes A of B? Chains are tried on a few hundred elements, the
 * shortest first; what holds there is judged on all elements. An exact explanation goes before an approximate one,
 * among equals the shorter, then the one that leaves less.
 */

import { sizeOf } from "../../tensor/tensor.ts";
import { explained } from "./align.ts";
import { type Judgement, judge, LEVELS } from "./judge.ts";
import type { Fed } from "./numbers.ts";
import { channelsOf, offsetOf, pictureOf } from "./picture.ts";
import type { Arrangement, Pairs, Reader, Step, ValueStep } from "./step.ts";
import { jpegStep } from "./steps/jpeg.ts";
import { ARRANGEMENTS, VALUES } from "./steps.ts";

export const MOST_STEPS = 3;
/** Elements that every chain is tried on. */
const SAMPLES = 384;
/** A chain that explains less of the sample's variance is not looked at further; a right one leaves next to nothing. */
const WORTH = 0.25;
/** Chains of one length that are judged on all elements. */
const FINALISTS = 5;
/** Of more elements fewer chains are judged in full. */
const LARGE = 500_000;
const VALUE_FINALISTS = 4;

interface Chain {
  readonly steps: readonly Arrangement[];
  readonly shape: readonly number[];
  readonly read: Reader;
  readonly order: number;
}

export interface Candidate {
  readonly steps: readonly Step[];
  readonly judgement: Judgement;
}

export interface SearchResult {
  readonly best: Candidate | null;
  /** The next best, best first; they need not be accepted. */
  readonly others: readonly Candidate[];
}

export function search(a: Fed, b: Fed): SearchResult {
  const samples = samplePositions(a);
  const candidates: Candidate[] = [];
  let chains: Chain[] = [{ steps: [], shape: b.shape, read: b.read, order: 0 }];
  let hadNoise = false;
  for (let length = 0; length <= MOST_STEPS; length++) {
    const fitting = chains.filter(({ shape }) => sameShape(shape, a.shape));
    for (const chain of promising(fitting, a, b, samples))
      candidates.push(...withValues(chain, a, b, samples));
    if (candidates.some((candidate) => isCertain(candidate) && candidate.steps.length <= length + 1)) break;
    // Noise is looked behind by one more step: what leaves none goes before it.
    if (length === MOST_STEPS || (length > 0 && hadNoise)) break;
    hadNoise = candidates.some(isAccepted);
    chains = chains.flatMap((chain) => extended(chain, a, b));
  }
  const ranked = candidates.toSorted(byRank);
  // Where B as it is leaves noise only, no step is needed: what a fit would improve is the noise's.
  const plain = ranked.find(({ steps, judgement }) => steps.length === 0 && judgement.level === "noise");
  const first = ranked.find(isAccepted) ?? null;
  const best = plain !== undefined && first?.judgement.level === "noise" ? null : first;
  return { best, others: ranked.filter((candidate) => candidate !== best).slice(0, 8) };
}

export const isAccepted = ({ steps, judgement: { level, gain } }: Candidate): boolean =>
  steps.length > 0 && steps.length <= MOST_STEPS && level !== "none" && gain > 0;

const isCertain = (candidate: Candidate): boolean =>
  isAccepted(candidate) && candidate.judgement.level !== "noise";

const byRank = (p: Candidate, q: Candidate): number =>
  Number(isAccepted(q)) - Number(isAccepted(p)) ||
  LEVELS.indexOf(p.judgement.level) - LEVELS.indexOf(q.judgement.level) ||
  (p.judgement.level === "none" ? 0 : p.steps.length - q.steps.length) ||
  p.judgement.length - q.judgement.length;

/** A batch of one is no difference in what is fed. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  const bare = (shape: readonly number[]): string => shape.slice(shape.findIndex((n) => n !== 1)).join();
  return a.join() === b.join() || (sizeOf(a) > 1 && bare(a) === bare(b));
}

function extended(chain: Chain, a: Fed, b: Fed): Chain[] {
  const numbers = { ...b, shape: chain.shape, read: chain.read };
  return ARRANGEMENTS.filter(
    ({ order, id }) => order >= chain.order && !chain.steps.some((step) => step.id === id),
  ).flatMap((kind) =>
    kind.propose(numbers, a).map((step) => ({
      steps: [...chain.steps, step],
      shape: step.shape,
      read: step.all === undefined ? step.reader(chain.read) : mixed(step, step.all, chain, b),
      order: kind.order,
    })),
  );
}

/** What mixes many elements is carried out as a whole once it is read more often than a sample. */
function mixed(step: Arrangement, all: NonNullable<Arrangement["all"]>, chain: Chain, b: Fed): Reader {
  const single = step.reader(chain.read);
  const state: { reads: number; data: Float64Array | null } = { reads: 0, data: null };
  return (at) => {
    if (state.data !== null) return state.data[at] as number;
    if (state.reads++ < 2 * SAMPLES) return single(at);
    const size = sizeOf(chain.shape);
    state.data = all(
      chain.steps.length === 0 ? b.data : Float64Array.from({ length: size }, (_, i) => chain.read(i)),
    );
    return state.data[at] as number;
  };
}

/** Those that explain most of the sample; then those like the best of them. */
function promising(chains: readonly Chain[], a: Fed, b: Fed, samples: Int32Array): Chain[] {
  const rank = (list: readonly Chain[]): Chain[] =>
    list
      .map((chain) => ({ chain, worth: worthOf(pairsAt(chain.read, a, samples)) }))
      .filter(({ worth }) => worth >= WORTH)
      .sort((p, q) => q.worth - p.worth)
      .slice(0, a.data.length > LARGE ? 2 : FINALISTS)
      .map(({ chain }) => chain);
  const first = rank(chains);
  const alike = first.flatMap((chain) => variantsOf(chain, b));
  return alike.length === 0 ? first : rank([...first, ...alike]);
}

function variantsOf({ steps, shape, order }: Chain, b: Fed): Chain[] {
  return steps.flatMap((step, i) =>
    (step.variants ?? []).map((variant) => {
      const all = steps.with(i, variant);
      return { steps: all, shape, order, read: readThrough(all, b.read) };
    }),
  );
}

const readThrough = (steps: readonly Arrangement[], read: Reader): Reader =>
  steps.reduce((source, step) => step.reader(source), read);

/** A channel with fewer elements in the sample than this fits any line. */
const LEAST_PER_CHANNEL = 4;

/** How much of A's variance it explains: over all, or channel by channel where that is more. */
function worthOf({ x, y, channel, channels }: Pairs): number {
  const all = explained(y, x);
  if (channel === null) return all;
  if (x.length < LEAST_PER_CHANNEL * channels) return Math.max(all, WORTH);
  const groups = Array.from({ length: channels }, () => ({ x: [] as number[], y: [] as number[] }));
  for (let i = 0; i < x.length; i++) {
    const group = groups[channel[i] as number];
    group?.x.push(x[i] as number);
    group?.y.push(y[i] as number);
  }
  const sum = groups.reduce((total, group) => total + explained(group.y, group.x), 0);
  return Math.max(all, sum / channels);
}

/** Positions in A: whole pixels, spread evenly; all where there are few. */
function samplePositions(a: Fed): Int32Array {
  const size = a.data.length;
  if (size <= SAMPLES) return Int32Array.from({ length: size }, (_, i) => i);
  const picture = pictureOf(a.shape);
  if (picture === null || !picture.hasChannels) {
    // Golden ratio steps: even, and in step with no row.
    return Int32Array.from({ length: SAMPLES }, (_, i) =>
      Math.floor(((0.5 + i * 0.6180339887498949) % 1) * size),
    );
  }
  const pixels = Math.floor(SAMPLES / picture.c);
  return Int32Array.from({ length: pixels * picture.c }, (_, i) => {
    const k = Math.floor(i / picture.c);
    const y = Math.floor(((0.5 + k * 0.7548776662466927) % 1) * picture.h);
    const x = Math.floor(((0.5 + k * 0.5698402909980532) % 1) * picture.w);
    return offsetOf(picture, k % picture.n, y, x, i % picture.c);
  });
}

function pairsAt(read: Reader, a: Fed, positions: Int32Array): Pairs {
  const groups = channelsOf(a.shape);
  return {
    x: Float64Array.from(positions, read),
    y: Float64Array.from(positions, a.read),
    channel: groups === null ? null : positions.map(groups.of),
    channels: groups?.count ?? 1,
  };
}

/** Everything that the chain makes of B. */
function pairsOfAll(chain: Chain, a: Fed, b: Fed): Pairs {
  let data = b.data;
  for (const step of chain.steps) {
    const source = data;
    if (step.all !== undefined) data = step.all(source);
    else {
      const read = step.reader((at) => source[at] as number);
      const size = sizeOf(step.shape);
      data = new Float64Array(size);
      for (let i = 0; i < size; i++) data[i] = read(i);
    }
  }
  const groups = channelsOf(a.shape);
  return {
    x: data,
    y: a.data,
    channel: groups === null ? null : Int32Array.from({ length: data.length }, (_, i) => groups.of(i)),
    channels: groups?.count ?? 1,
  };
}

function withValues(chain: Chain, a: Fed, b: Fed, samples: Int32Array): Candidate[] {
  const all = pairsOfAll(chain, a, b);
  const few = pairsAt((at) => all.x[at] as number, a, samples);
  const proposals: (readonly ValueStep[])[] = [
    [],
    ...VALUES.flatMap((kind) =>
      kind.propose(all, a, { ...b, isWhole: b.isWhole && !chain.steps.some(({ mixes }) => mixes) }),
    ),
  ];
  const tried = proposals
    .filter((values) => chain.steps.length + values.length <= MOST_STEPS)
    .map((values) =>
      candidateOf(
        chain,
        values,
        judge(a, b, few, { arrangements: chain.steps, values, whole: false }),
        values,
      ),
    )
    .sort(byRankOfSample)
    .filter(({ values }, i) => i < VALUE_FINALISTS || values.length === 0);
  return tried.map(({ values }) => {
    const judgement = judge(a, b, all, { arrangements: chain.steps, values, whole: true });
    const candidate = candidateOf(chain, values, judgement, values);
    return judgement.isJpeg ? { ...candidate, steps: [...candidate.steps, jpegStep] } : candidate;
  });
}

const candidateOf = (
  chain: Chain,
  values: readonly ValueStep[],
  judgement: Judgement,
  said: readonly ValueStep[],
) => ({
  steps: [...chain.steps, ...said],
  judgement,
  values,
});

const byRankOfSample = (p: Candidate, q: Candidate): number =>
  LEVELS.indexOf(p.judgement.level) - LEVELS.indexOf(q.judgement.level) ||
  (p.judgement.level === "none" ? 0 : p.steps.length - q.steps.length) ||
  p.judgement.length - q.judgement.length;
