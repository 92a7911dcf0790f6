/** @file What a difference does to the predictions: the largest change, and the classes that it flips. */

import type { Report } from "../compare/findings.ts";
import { formatNumber, formatPair, plural } from "./numbers.ts";
import { placeOf } from "./sum-table.ts";

export function effectOf(report: Report): string[] {
  const { budget, outputs, input } = report;
  const lines: string[] = [];
  if (budget !== null) {
    const [a, b] = formatPair(budget.a, budget.b);
    const change = Math.abs(budget.observed);
    lines.push(
      change === 0
        ? "no prediction changes on these inputs"
        : `largest change ${formatNumber(change)}: ${placeOf(budget).replace(", sample", ` ${a} → ${b}, sample`)}`,
    );
  } else {
    for (const { name, nameB, maxAbs, nonFinite } of outputs) {
      const label = name ?? nameB ?? "output";
      if (name === null || nameB === null) lines.push(`output "${label}" exists on one side only`);
      else if (nonFinite > 0)
        lines.push(
          `output "${label}": ${plural(nonFinite, "value")} ${nonFinite === 1 ? "is" : "are"} not a finite number`,
        );
      else if (maxAbs !== null) lines.push(`output "${label}": largest change ${formatNumber(maxAbs)}`);
    }
  }
  const flips = outputs.flatMap(({ top1Flips }) => top1Flips ?? []);
  if (flips.length > 0) {
    const worst = flips.reduce((x, y) => Math.max(x, y));
    lines.push(
      worst === 0
        ? `the predicted class never changes (${plural(input.samples, "sample")})`
        : `the predicted class changes on ${worst} of ${plural(input.samples, "sample")}`,
    );
  }
  return lines;
}
