/** @file What a screen says of predictions that were seen (`--seen-a`, `--seen-b`) and of labels (`--labels`). */

import type { AccuracyRow, Report, SeenRow } from "../compare/findings.ts";
import { entry, type Style } from "./layout.ts";
import { formatNumber } from "./numbers.ts";

export function renderPredictions({ seen, accuracy }: Report, style: Style): string[] {
  const lines = [
    ...seen.flatMap((row) => entry("seen", seenWords(row), style)),
    ...accuracy.flatMap((row) => entry("accuracy", accuracyWords(row, accuracy.length > 1), style)),
  ];
  return lines.length === 0 ? [] : ["", ...lines];
}

function seenWords({ side, output, reproduced, maxAbs, at, tolerance, otherSide, feed }: SeenRow): string {
  const where = `"${output}"${at.index.length === 0 ? "" : `[${at.index.join(", ")}]`}`;
  if (reproduced) {
    const how =
      maxAbs === 0
        ? "to the last digit"
        : `at most ${formatNumber(maxAbs)} off: rounding, and the digits it was written with`;
    return `on side ${side.toUpperCase()}: that is what the model gives for this input (${how})`;
  }
  const other = side === "a" ? "B" : "A";
  const isOthers = otherSide !== null && otherSide <= tolerance;
  return [
    `on side ${side.toUpperCase()}: NOT what the model gives for this input: ${where} was ${formatNumber(at.seen)}, the model gives ${formatNumber(at.predicted)}, sample ${at.sample}`,
    feed !== null
      ? `it gives just that when it is fed ${feed.words}: x = ${feed.js}. So that is what the app does: undo it there`
      : isOthers
        ? `it is what side ${other} gives: was that model run?`
        : "so something else was fed (saveInput keeps it, vernier inputs compares it), another model file ran, or something is done to the prediction after the model",
  ].join("\n");
}

function accuracyWords({ output, labelled, a, b, onlyA, onlyB }: AccuracyRow, several: boolean): string {
  const share = (x: number): string => `${formatNumber(100 * x)} %`;
  const of = `of ${labelled.toLocaleString("en-US")}${several ? ` in "${output}"` : ""}`;
  const apart =
    onlyA === 0 && onlyB === 0
      ? "the same ones right on both sides"
      : `${onlyA} right only on A, ${onlyB} only on B`;
  return `A ${share(a)}, B ${share(b)} ${of}: ${apart}`;
}
