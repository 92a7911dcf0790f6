/**
 * @file The budget: the observed difference at one element as four terms that add up to it exactly, and their split
 * by layer (DESIGN §2.3).
 *
 *   E_B(M_B,x_B) − E_A(M_A,x_A) = [E_B(M_B,x_B) − R(M_B,x_B)] + [R(M_B,x_B) − R(M_A,x_B)]
 *                               + [R(M_A,x_B) − R(M_A,x_A)] + [R(M_A,x_A) − E_A(M_A,x_A)]
 *
 * The sum closes algebraically; that each column of the split, evaluated on its own, sums to its bracket is what
 * `budget.test.ts` and the fault bench prove.
 */

import type { Budget, BudgetLine } from "../compare/findings.ts";
import { evaluate } from "../model/evaluate.ts";
import type { Model } from "../model/model.ts";
import type { Ops } from "../ops/ops.ts";
import type { RealTensor } from "../tensor/tensor.ts";
import { environmentLines, MAX_LINES } from "./environment-lines.ts";
import type { Evidence, FileDifference, SideEvidence } from "./evidence.ts";
import { elementOf, sameTensors, sampleOf } from "./sample.ts";
import { type Hybrids, switchOneByOne, withOnly } from "./serialization.ts";
import { compensatedSum } from "./sum.ts";
import { totalWork } from "./work.ts";

/** What steps may cost together, in multiply-adds, and how many there may be whatever they cost. */
const STEP_WORK = 6e9;
const LEAST_STEPS = 12;
/** `alone` needs a reference prediction each: so many at most, and only a few where they cost more than this together. */
const MAX_ALONE = 24;
const LEAST_ALONE = 4;
const ALONE_WORK = 24e9;

export interface BudgetRequest {
  readonly evidence: Evidence;
  readonly ops: Ops<RealTensor>;
  /** The largest observed difference: positions of the output on both sides, sample, index without the batch. */
  readonly at: {
    readonly outputA: number;
    readonly outputB: number;
    readonly name: string;
    readonly sample: number;
    readonly index: readonly number[];
  };
  /** What differs between the files, in topological order of A. */
  readonly differences: readonly FileDifference[];
  /** Can A be turned into B step by step? Else serialization is one line. */
  readonly switchable: boolean;
  /** Do A's inputs, permuted to A's order, take what B is fed? Else input and serialization are one term. */
  readonly inputsForA: readonly number[] | null;
}

export interface FormedBudget {
  readonly budget: Budget;
  /** One per difference: its term (on the first of a step, `null` on the others), and the effect of repairing only it. */
  readonly effects: readonly { readonly contribution: number | null; readonly alone: number | null }[];
}

export async function formBudget(request: BudgetRequest): Promise<FormedBudget> {
  const { evidence, ops, at, differences } = request;
  const { a, b, weights } = evidence;
  const read = (output: number) => (outputs: readonly RealTensor[]) => {
    const tensor = outputs[output];
    return tensor === undefined ? Number.NaN : elementOf(tensor, at.index);
  };
  const readA = read(at.outputA);
  const readB = read(at.outputB);
  const xA = a.inputs.map((input) => sampleOf(input, at.sample));
  const xB = b.inputs.map((input) => sampleOf(input, at.sample));
  const reference = async (
    model: Model,
    inputs: readonly RealTensor[],
    reader: typeof readA,
  ): Promise<number> =>
    reader(
      await evaluate<RealTensor>(model, ops, {
        inputs,
        weightsOf: (layer) => weights.weightsOf(model, layer),
      }),
    );

  const eA = a.arithmetic === null ? null : readA(a.predictions.map((tensor) => sampleOf(tensor, at.sample)));
  const eB = b.arithmetic === null ? null : readB(b.predictions.map((tensor) => sampleOf(tensor, at.sample)));
  const isRounding =
    differences.length === 0 &&
    [...a.certificates, ...b.certificates].every(({ status }) => status === "certified");
  const lineOptions = { ops, weights, isRounding };
  const sideB = await environmentLines(b, { ...lineOptions, inputs: xB, read: readB, plain: eB, sign: 1 });
  const sideA = await environmentLines(a, { ...lineOptions, inputs: xA, read: readA, plain: eA, sign: -1 });
  const rAA = sideA.reference ?? ownReference(a, readA) ?? (await reference(a.model, xA, readA));
  const rBB = sideB.reference ?? ownReference(b, readB) ?? (await reference(b.model, xB, readB));
  const xBforA = request.inputsForA?.map((i) => xB[i]).filter((x) => x !== undefined) ?? null;
  const rAB = xBforA === null || sameTensors(xA, xBforA) ? rAA : await reference(a.model, xBforA, readA);

  const observedA = eA ?? rAA;
  const observedB = eB ?? rBB;
  const environmentB = observedB - rBB;
  const environmentA = rAA - observedA;
  const hybrids: Hybrids = {
    a: a.model,
    b: b.model,
    ops,
    weightsOf: (model, layer) => weights.weightsOf(model, layer),
    read: readA,
  };
  const steps = request.switchable && xBforA !== null ? groupSteps(differences, a.model) : null;
  const walked = await walkOf(hybrids, xBforA, steps, rAB, rBB);

  const lines = new Map<string, BudgetLine>();
  const put = (
    layer: string,
    column: "environmentA" | "environmentB" | "serialization",
    value: number,
  ): void => {
    const line = lines.get(layer) ?? { layer, environmentB: 0, serialization: 0, environmentA: 0 };
    lines.set(layer, { ...line, [column]: line[column] + value });
  };
  const nameOfB = (call: number): string => nameFor(evidence, call);
  for (const { from, to, value } of sideB.lines) put(spanName(from, to, nameOfB), "environmentB", value);
  for (const { from, to, value } of sideA.lines)
    put(
      spanName(from, to, (call) => a.model.calls[call]?.id ?? "?"),
      "environmentA",
      value,
    );
  const terms = walked.slice(1).map((value, i) => value - (walked[i] ?? Number.NaN));
  if (steps === null) {
    if (rBB !== rAB) put("structure", "serialization", rBB - rAB);
  } else {
    for (const [i, step] of steps.entries())
      put(stepName(a.model, step), "serialization", terms[i] ?? Number.NaN);
    const rest = rBB - (walked.at(-1) ?? rBB);
    if (rest !== 0) put("structure", "serialization", rest);
  }
  const observed = observedB - observedA;
  const parts = [environmentB, rBB - rAB, rAB - rAA, environmentA];
  const scale = compensatedSum(
    [observedB, rBB, rBB, rAB, rAB, rAA, rAA, observedA].map((value) => Math.abs(value)),
  );
  return {
    budget: {
      at: { output: at.name, sample: at.sample, index: at.index },
      a: observedA,
      b: observedB,
      observed,
      environmentB,
      serialization: rBB - rAB,
      input: rAB - rAA,
      environmentA,
      fusionA: sideA.traced === null ? 0 : sideA.traced - observedA,
      residual: compensatedSum([observed, ...parts.map((part) => -part)]),
      scale,
      order: [
        "environmentA",
        "input",
        "serialization",
        ...differences.map((difference) => describe(a.model, difference)),
        "environmentB",
      ],
      byLayer: [...lines.values()].filter(
        (line) => line.environmentA !== 0 || line.environmentB !== 0 || line.serialization !== 0,
      ),
    },
    effects:
      steps === null || xBforA === null
        ? differences.map(() => ({ contribution: null, alone: null }))
        : await effectsOf(hybrids, xBforA, differences, steps, terms, rBB),
  };
}

/** Difference by difference; with very many, or in a model that is dear to run, layer by layer or several together. */
function groupSteps(differences: readonly FileDifference[], model: Model): FileDifference[][] {
  const half = totalWork(model) / 2;
  const most = Math.min(MAX_LINES, Math.max(LEAST_STEPS, Math.floor(STEP_WORK / half)));
  if (differences.length <= most) return differences.map((difference) => [difference]);
  const layers = [...new Set(differences.map(({ layerA }) => layerA))];
  const byLayer = layers.map((layer) => differences.filter(({ layerA }) => layerA === layer));
  const size = Math.ceil(byLayer.length / most);
  return Array.from({ length: Math.ceil(byLayer.length / size) }, (_, i) =>
    byLayer.slice(i * size, (i + 1) * size).flat(),
  );
}

async function effectsOf(
  hybrids: Hybrids,
  inputs: readonly RealTensor[],
  differences: readonly FileDifference[],
  steps: readonly (readonly FileDifference[])[],
  terms: readonly number[],
  rBB: number,
): Promise<FormedBudget["effects"]> {
  const contribution = new Map(steps.map((step, i) => [step[0], terms[i] ?? null] as const));
  const effects: { contribution: number | null; alone: number | null }[] = [];
  const count = differences.length;
  const each = count <= LEAST_ALONE || (count <= MAX_ALONE && count * totalWork(hybrids.a) <= ALONE_WORK);
  for (const difference of differences) {
    const others = differences.filter((other) => other !== difference);
    const alone = each ? (await withOnly(hybrids, inputs, others)) - rBB : null;
    effects.push({ contribution: contribution.get(difference) ?? null, alone });
  }
  return effects;
}

/** From A's reference to B's, one number per step taken and the first. Without a step there is nothing to run. */
async function walkOf(
  hybrids: Hybrids,
  inputs: readonly RealTensor[] | null,
  steps: readonly (readonly FileDifference[])[] | null,
  rAB: number,
  rBB: number,
): Promise<number[]> {
  if (steps === null || inputs === null) return [rAB, rBB];
  return steps.length === 0 ? [rAB] : switchOneByOne(hybrids, inputs, steps);
}

/** A reference side has already run; alone in its batch, it gave the number that a run on its own would give. */
function ownReference(side: SideEvidence, read: (outputs: readonly RealTensor[]) => number): number | null {
  if (side.arithmetic !== null || side.inputs.some(({ shape }) => shape[0] !== 1)) return null;
  return read(side.predictions.map((tensor) => sampleOf(tensor, 0)));
}

const spanName = (from: number, to: number, name: (call: number) => string): string =>
  from === to ? name(to) : `${name(from)} … ${name(to)}`;

/** A's name of a call of B, where it has one. */
function nameFor({ a, b, matching }: Evidence, callB: number): string {
  const callA = matching.callA[callB];
  const matched = callA === undefined || callA === null ? undefined : a.model.calls[callA];
  return matched?.id ?? b.model.calls[callB]?.id ?? "?";
}

const stepName = (a: Model, step: readonly FileDifference[]): string => {
  const names = [...new Set(step.map(({ layerA }) => a.layers[layerA]?.path ?? "?"))];
  return names.length === 1 ? (names[0] ?? "?") : `${names[0]} … ${names.at(-1)}`;
};

function describe(a: Model, difference: FileDifference): string {
  const path = a.layers[difference.layerA]?.path ?? "?";
  switch (difference.kind) {
    case "weight":
      return `${path}/${difference.name}`;
    case "config":
    case "layer":
      return `${path}.${difference.keys.join("+")}`;
    default:
      return difference satisfies never;
  }
}
