/** @file `vernier.convert/1`: what a conversion wrote and what proves it, as data and as a screen. */

import type { Problem } from "../base/problem.ts";
import type { Report } from "../compare/findings.ts";
import type { Conversion } from "../convert/convert.ts";
import { flatLayers } from "../convert/flat-layers.ts";
import { OPTIMIZER_FILE } from "../convert/kept-optimizer.ts";
import { conversionProblems } from "../explain/conversion-problems.ts";
import type { Model } from "../model/model.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { entry, plain, type Style, verdictLine } from "./layout.ts";
import { formatBytes, formatCount, formatNumber, plural } from "./numbers.ts";

export interface ConvertReport {
  readonly schema: "vernier.convert/1";
  readonly written: readonly string[];
  readonly target: string;
  readonly layers: {
    readonly builtIn: number;
    readonly rewritten: readonly string[];
    readonly companion: readonly string[];
  };
  /** Of the first engine; `null` without a proof. */
  readonly proof: Report | null;
  readonly problems: readonly Problem[];
}

export interface ProvedBy {
  readonly holds: boolean;
  /** `null` where what was written could not be read back. */
  readonly report: Report | null;
  readonly problems: readonly Problem[];
}

export function convertReport({
  conversion,
  target,
  written,
  proofs,
  verified,
}: {
  readonly conversion: Conversion;
  readonly target: string;
  readonly written: readonly string[];
  readonly proofs: readonly ProvedBy[];
  readonly verified: boolean;
}): ConvertReport {
  const { plan } = conversion;
  const rewritten = plan.rewritten.map(({ path }) => path);
  const worst = proofs.find(({ holds }) => !holds) ?? proofs[0];
  return {
    schema: "vernier.convert/1",
    written,
    target,
    layers: { builtIn: plan.source.layers.length - rewritten.length, rewritten, companion: [] },
    proof: worst?.report ?? null,
    problems: conversionProblems(conversion, verified ? proofs : null, {
      where: target,
      message: "written without the proof that it predicts the same (--no-verify)",
    }),
  };
}

export function renderConvert(
  report: ConvertReport,
  {
    source,
    conversion,
    elapsedMs,
    style = plain,
  }: {
    readonly source: { readonly path: string; readonly model: Model };
    readonly conversion: Conversion;
    readonly elapsedMs: number;
    readonly style?: Style;
  },
): string {
  const { model } = source;
  const weights = flatLayers(conversion.plan.topology).flatMap(({ layer }) => layer.weights);
  const count = weights.reduce((sum, weight) => sum + sizeOf(weight.source.shape), 0);
  const bytes = conversion.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const done = report.written.length > 0;
  const failed = report.problems.filter(({ severity }) => severity === "error");
  const lines = [
    "",
    ...(done
      ? []
      : [...verdictLine("bad", "NOT WRITTEN", "The proof failed; nothing was changed.", style), ""]),
    ...entry(
      "read",
      `${source.path}  ${sayWriter(model)}, ${plural(model.layers.length, "layer")}, ${sayCount(count)}`,
      style,
    ),
    ...entry("layers", sayLayers(report), style),
    ...report.problems
      .filter(({ severity }) => severity === "warning")
      .slice(0, MOST)
      .flatMap(({ message, where, hint }) => entry("warning", `${where}: ${message}\n${hint}`, style)),
    ...failed
      .slice(0, MOST)
      .flatMap(({ message, where, hint }) => entry("failed", `${where}: ${message}\n${hint}`, style)),
    ...(failed.length > MOST ? entry("", `and ${failed.length - MOST} more (--json lists them)`, style) : []),
    ...sayRounded(conversion, style),
    ...entry("proof", sayProof(report, elapsedMs), style),
    ...(done ? entry("wrote", sayWritten(report.written, bytes), style) : []),
    ...(done ? sayKept(conversion, style) : []),
    ...(done ? entry("use", sayUse(report), style) : []),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

const MOST = 5;

const sayWriter = ({ writer, format }: Model): string => writer ?? format;

const sayCount = (count: number): string =>
  count >= 1e6 ? `${(count / 1e6).toFixed(1)} M weights` : `${formatCount(count)} weights`;

function sayLayers({ layers, target }: ConvertReport): string {
  const home = target === "tfjs" ? "built into TensorFlow.js" : "known to Keras";
  if (layers.rewritten.length === 0) return `all ${layers.builtIn} ${home}`;
  const names = layers.rewritten.slice(0, MOST).join(", ");
  const more = layers.rewritten.length > MOST ? ", …" : "";
  return `${layers.builtIn} ${home}, ${layers.rewritten.length} rewritten exactly\n(${names}${more})`;
}

function sayProof({ proof, problems }: ConvertReport, elapsedMs: number): string {
  const time = `${(elapsedMs / 1000).toFixed(1)} s`;
  if (problems.some(({ severity }) => severity === "error")) return "failed";
  if (proof === null) return `none (--no-verify); vernier check compares them at any time   ${time}`;
  const largest = proof.outputs.reduce((most, { maxAbs }) => Math.max(most, maxAbs ?? 0), 0);
  const flips = proof.outputs.reduce((sum, { top1Flips }) => sum + (top1Flips ?? 0), 0);
  const where =
    proof.sides.b.engine === "reference"
      ? "evaluated in 64 bits"
      : `on ${proof.sides.b.engine.replace("tfjs:", "")}`;
  const change = largest === 0 ? "no change at all" : `largest change ${formatNumber(largest)}`;
  const flipped =
    flips > 0 ? `; the predicted class changes on ${flips} of ${plural(proof.input.samples, "sample")}` : "";
  return proof.verdict === "agree"
    ? `predicts the same ${where}, every layer checked (${change}${flipped})   ${time}`
    : `${where}: ${change}${flipped}; that comes from what is named above   ${time}`;
}

/** Weights whose numbers are not all what they were. */
function sayRounded({ rounded }: Conversion, style: Style): string[] {
  if (rounded.length === 0) return [];
  const kinds = [...new Set(rounded.map(({ from, to }) => `${to} in place of ${from}`))];
  return entry("rounded", `${plural(rounded.length, "weight")}: stored as ${kinds.join(", ")}`, style);
}

function sayWritten(written: readonly string[], bytes: number): string {
  const main = written.at(-1) ?? "";
  const others = written.length - 1;
  return `${main}${others > 0 ? ` + ${plural(others, "file")}` : ""}, ${formatBytes(bytes)}`;
}

function sayKept({ plan, files }: Conversion, style: Style): string[] {
  const { source, keptKeys } = plan;
  const beside = files.find(({ name }) => name === OPTIMIZER_FILE);
  const state =
    beside === undefined
      ? "optimizer state"
      : `optimizer state (${formatBytes(beside.sizeBytes)} in ${beside.name}, which no page loads)`;
  const parts = [
    ...(source.optimizerWeights.length > 0 ? [state] : []),
    ...(source.training === null ? [] : ["training configuration"]),
    ...(keptKeys.size > 0 ? [`training keys of ${plural(keptKeys.size, "layer")}`] : []),
  ];
  return parts.length === 0 ? [] : entry("kept", `${parts.join(", ")} (for the way back)`, style);
}

function sayUse({ target, written }: ConvertReport): string {
  const path = written.at(-1) ?? "";
  switch (target) {
    case "tfjs":
      return `const model = await tf.loadLayersModel("${path}");`;
    case "weights.h5":
      return `model.load_weights("${path}")`;
    default:
      return `model = keras.models.load_model("${path}")`;
  }
}
