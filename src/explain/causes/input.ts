/**
 * @file Cause `input`: the two sides were fed different tensors, and which preprocessing turns one into the other, as
 * `explain/inputs` finds it; with an eye on what the model itself does to its input first.
 */

import type { Model } from "../../model/model.ts";
import type { WeightCache } from "../../model/weights.ts";
import { realFromTensor, type Tensor } from "../../tensor/tensor.ts";
import type { Fed } from "../feed.ts";
import type { Finding } from "../finding.ts";
import { explainInputs, type InputsFound } from "../inputs/inputs-report.ts";
import { type OwnScaling, ownScaling } from "../inputs/own-scaling.ts";
import type { Step } from "../inputs/step.ts";
import { asLists } from "../inputs/steps/affine.ts";
import { wordsOf } from "../inputs/words.ts";
import { rowsOf } from "../side.ts";

export interface InputTransform {
  readonly detail: string;
  /** In words: what side B is fed, against A. */
  readonly words: string;
  readonly hint: string;
}

/** Of every input that the sides are fed differently; in `model` by its name, else by its place. */
export async function inputFindingsOf(
  pairs: Fed["pairs"],
  model: Model,
  weights: WeightCache,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [i, { name, a, b }] of pairs.entries()) {
    const named = model.inputs.findIndex((input) => input.name === name);
    const own = await ownScaling(model, named < 0 ? i : named, (layer) => weights.weightsOf(model, layer));
    const finding = inputFinding(name, a, b, own);
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

/** `null` when both hold the same numbers in the same dtype. `own`: what the model does to this input first. */
export function inputFinding(
  name: string,
  a: Tensor,
  b: Tensor,
  own: OwnScaling | null = null,
): Finding | null {
  const found = compareInputs(a, b, own);
  if (found === null) return null;
  return {
    kind: "input",
    side: "between",
    field: name,
    detail: found.detail,
    valueA: { dtype: a.dtype, shape: a.shape },
    valueB: { dtype: b.dtype, shape: b.shape },
    certainty: found.detail === "values" ? "proved" : "likely",
    message: `input "${name}": ${found.words}`,
    hint: found.hint,
  };
}

export function compareInputs(a: Tensor, b: Tensor, own: OwnScaling | null = null): InputTransform | null {
  if (a.dtype === "string" || b.dtype === "string") return a.data === b.data ? null : OTHER;
  if (a.shape.join() === b.shape.join()) {
    const [x, y] = [realFromTensor(a).data, realFromTensor(b).data];
    if (y.every((value, i) => value === x[i])) return a.dtype === b.dtype ? null : dtypeOnly(a, b);
    if (isFloat(a) && y.every((value, i) => value === Math.trunc(x[i] ?? 0))) return truncated(b);
    if (y.every((value, i) => value === Math.fround(x[i] ?? 0))) return dtypeOnly(a, b);
  }
  const found = explainInputs(...someRows(a, b));
  if (!found.report.found) return { ...OTHER, words: `${OTHER.words}${leftOver(found)}` };
  const detail = found.steps.map(detailOf).join("+");
  return { detail, words: `${saidBy(found)}${ownWords(found.steps, own)}`, hint: hintOf(found, own) };
}

/** Elements that are searched, some three seconds; a batch beyond that has its samples from the first that differs on. */
const SEARCHED_ELEMENTS = 2_000_000;

function someRows(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const [rows = 0, rowsB] = [a.shape[0], b.shape[0]];
  const row = Math.max(a.data.length, b.data.length) / rows;
  const count = Math.max(1, Math.floor(SEARCHED_ELEMENTS / row));
  if (rows !== rowsB || rows <= count) return [a, b];
  const first =
    a.data.length === b.data.length ? a.data.findIndex((value, i) => !Object.is(value, b.data[i])) : 0;
  const from = Math.min(Math.floor(Math.max(0, first) / row), rows - count);
  const [someA = a, someB = b] = rowsOf([a, b], from, from + count);
  return [someA, someB];
}

const isFloat = (tensor: Tensor): boolean => tensor.dtype.includes("float");

const OTHER: InputTransform = {
  detail: "values",
  words: "the two sides are fed different numbers",
  hint: "feed both sides the same tensor, then compare again",
};

function leftOver({ report: { left } }: InputsFound): string {
  return left === null || !Number.isFinite(left.maxAbs)
    ? ""
    : `, up to ${say(left.maxAbs)} apart, and no usual preprocessing turns one into the other`;
}

const dtypeOnly = (a: Tensor, b: Tensor): InputTransform => ({
  detail: "dtype",
  words: `the same numbers as ${a.dtype} on one side and ${b.dtype} on the other`,
  hint: `make both ${a.dtype} before predict`,
});

const truncated = (b: Tensor): InputTransform => ({
  detail: "dtype",
  words: `side B's values were cut to whole numbers (${b.dtype})`,
  hint: "keep the input in float32 until it is fed",
});

/** The step's id; scales by what usually lies behind them. */
function detailOf({ id, params }: Step): string {
  if (id === "cast") return "dtype";
  if (id !== "affine") return id;
  const { scale, shift } = params;
  if (shift !== 0 || typeof scale !== "number") return "scale-shift";
  return near(scale, 255) ? "double-rescaling" : near(scale, 1 / 255) ? "scale" : "scale-shift";
}

function saidBy({ steps, report }: InputsFound): string {
  const [only] = steps;
  if (steps.length === 1 && only?.fed !== undefined)
    return `side B is fed ${only.fed.b} where side A is fed ${only.fed.a}`;
  const words = steps.map(wordsOf).join("; then ");
  return report.direction === "a-to-b"
    ? `side B is fed what comes of side A's by this: ${words}`
    : `side B's becomes side A's by this: ${words}`;
}

const near = (x: number, y: number): boolean => Math.abs(x - y) <= 2 ** -16 * Math.abs(y);
const say = (x: number): string => String(Number(x.toPrecision(3)));

/** Which side already did what the model does: B where B → A undoes it, A where B → A does it. */
function doneTwiceBy(steps: readonly Step[], own: OwnScaling | null): "a" | "b" | null {
  const affine = steps.find(({ id }) => id === "affine");
  if (affine === undefined || own === null) return null;
  const { scale, shift } = affine.params;
  const lengths = [own.scale, own.shift, scale, shift].map((value) =>
    Array.isArray(value) ? value.length : 1,
  );
  const channels = Math.max(...lengths);
  const step = asLists(affine.params, channels);
  const at = (list: readonly number[], c: number): number => list[c] ?? list[0] ?? Number.NaN;
  const all = Array.from({ length: channels }, (_, c) => ({
    step: { scale: at(step.scale, c), shift: at(step.shift, c) },
    own: { scale: at(own.scale, c), shift: at(own.shift, c) },
  }));
  // A sum of products may lose some of its digits, the more the larger the shift is.
  const same = (p: Line, q: Line): boolean =>
    near(p.scale, q.scale) &&
    Math.abs(p.shift - q.shift) <= 2 ** -12 * Math.max(Math.abs(q.shift), Math.abs(q.scale));
  if (all.every(({ step, own: line }) => same(step, line))) return "a";
  return all.every(({ step, own: line }) => same(step, inverse(line))) ? "b" : null;
}

interface Line {
  readonly scale: number;
  readonly shift: number;
}

const inverse = ({ scale, shift }: Line): Line => ({ scale: 1 / scale, shift: -shift / scale });

const named = ({ layers }: OwnScaling): string =>
  layers
    .map(({ path, className }) => (path === className ? className : `"${path}" (${className})`))
    .join(" and ");

function ownWords(steps: readonly Step[], own: OwnScaling | null): string {
  const side = doneTwiceBy(steps, own);
  if (side === null || own === null) return "";
  return `; the model's own ${named(own)} does that itself, so that on side ${side.toUpperCase()} it is done twice`;
}

function hintOf({ steps, js, undo, report }: InputsFound, own: OwnScaling | null): string {
  const side = doneTwiceBy(steps, own);
  if (side !== null) return `on side ${side.toUpperCase()}: leave that step out, the model does it itself`;
  if (report.direction === "a-to-b") return `on side A's way, or on side B's instead: x = ${js}`;
  return undo === null || js.length < 60
    ? `on side B before predict: x = ${js}`
    : `on side B before predict what "vernier inputs" prints`;
}
