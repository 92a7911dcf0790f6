/**
 * @file Cause `weights` against a graph: constants that stand in a weight's place and hold other numbers. Where a whole
 * channel is multiplied by one factor, an unknown rewrite may have done it: nothing is claimed.
 */

import type { FoundWeight, GraphWeights } from "../../compare/graph-weights.ts";
import { valuesOf } from "../../compare/weight-forms.ts";
import type { Model } from "../../model/model.ts";
import { FLOAT32, gamma, unitRoundoffOf } from "../../numerics/formats.ts";
import type { RealTensor } from "../../tensor/tensor.ts";
import type { Finding } from "../finding.ts";
import { detailOf, mostDifferent, saidOf } from "./weights.ts";

export interface GraphWeightFindings {
  readonly findings: readonly Finding[];
  /** Reasons why a weight was not compared. */
  readonly open: readonly { readonly what: string; readonly reason: string }[];
}

/** `graphIs`: which side of the check the graph is. */
export function graphWeightFindings(
  model: Model,
  { found, replaced, missing, reshaped }: GraphWeights,
  graphIs: "a" | "b",
): GraphWeightFindings {
  const findings: Finding[] = [];
  const open: { what: string; reason: string }[] = [];
  const changed = [
    ...found.filter(({ exact }) => !exact).map((entry) => ({ ...entry, by: "numbers" as const })),
    ...replaced,
  ];
  const seen = new Set<string>();
  for (const { form, constant, by } of changed) {
    if (seen.has(constant.name)) continue;
    seen.add(constant.name);
    const path = model.layers[form.layer]?.path ?? "?";
    const ours: RealTensor = { shape: form.shape, dtype: "float32", data: valuesOf(form) };
    const theirs: RealTensor = { ...ours, data: Float64Array.from(constant.values) };
    if (by !== "numbers" && isScaledByChannel(ours, theirs)) {
      const reason = `"${constant.name}" is it with each channel multiplied by a factor, as some rewrites do`;
      open.push({ what: `${form.weight} of ${path}`, reason });
      continue;
    }
    const [a, b] = graphIs === "b" ? [ours, theirs] : [theirs, ours];
    const detail = detailOf(a, b, graphIs === "b" ? (constant.quantization?.dtype ?? null) : null);
    const { words, hint } = saidOf(detail);
    const [valueA, valueB] = mostDifferent(a, b);
    findings.push({
      kind: "weights",
      side: "between",
      layer: graphIs === "b" ? path : constant.name,
      layerB: graphIs === "b" ? constant.name : path,
      field: form.weight,
      detail,
      valueA,
      valueB,
      certainty: by === "order" ? "likely" : "proved",
      message: `${form.weight} of ${path}${foldedWords(model, form)} ${words}`,
      hint,
    });
  }
  for (const { layer, weight, shape, constant } of reshaped) {
    const path = model.layers[layer]?.path ?? "?";
    findings.push({
      kind: "structure",
      side: "between",
      layer: graphIs === "b" ? path : constant.name,
      layerB: graphIs === "b" ? constant.name : path,
      field: weight,
      detail: "weight-shapes",
      valueA: graphIs === "b" ? shape : constant.shape,
      valueB: graphIs === "b" ? constant.shape : shape,
      message: `${weight} of ${path} has shape [${shape.join(", ")}] in the model and [${constant.shape.join(", ")}] in the graph`,
      hint: "the graph was exported from another model or another version of it; export the file that you trust again",
    });
  }
  for (const { layer, weight, shape } of missing) {
    if (reshaped.some((other) => other.layer === layer && other.weight === weight)) continue;
    const path = model.layers[layer]?.path ?? "?";
    const reason = `no constant of the graph holds its numbers (${shape.join(" × ")}) or stands clearly in its place`;
    open.push({ what: `${weight} of ${path}`, reason });
  }
  return { findings, open };
}

function foldedWords(model: Model, { kind, normalization, layer }: FoundWeight["form"]): string {
  const path = normalization === null ? undefined : model.layers[normalization]?.path;
  if (path === undefined || kind === "itself") return "";
  return normalization === layer ? " (as one factor and offset)" : ` (with ${path} folded in)`;
}

/** A product of up to eight factors, in float32. */
const FACTOR = gamma(8, unitRoundoffOf(FLOAT32));

/** One factor per entry of the last or the last but one axis, or one for all (Grappler moves constants into kernels). */
export function isScaledByChannel(a: RealTensor, b: RealTensor): boolean {
  if (a.shape.length < 2) return false;
  const [inner = 1, last = 1] = a.shape.slice(-2);
  const ways = [
    { channels: last, of: (i: number): number => i % last },
    { channels: inner, of: (i: number): number => Math.floor(i / last) % inner },
  ];
  return ways.some(({ channels, of }) => {
    if (channels < 2 || a.data.length / channels < 2) return false;
    const pivot = new Array<number>(channels).fill(-1);
    for (let i = 0; i < a.data.length; i++) {
      const at = pivot[of(i)] ?? -1;
      if (at < 0 || Math.abs(a.data[i] ?? 0) > Math.abs(a.data[at] ?? 0)) pivot[of(i)] = i;
    }
    const factors = pivot.map((i) => (b.data[i] ?? 0) / (a.data[i] ?? 0));
    // All negated is no scale.
    if (!factors.every(Number.isFinite) || factors.every((factor) => factor === -1)) return false;
    return b.data.every((value, i) => {
      const expected = (a.data[i] ?? 0) * (factors[of(i)] ?? 0);
      return Math.abs(value - expected) <= FACTOR * Math.abs(expected);
    });
  });
}
