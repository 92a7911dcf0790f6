/** @file The screen of a check whose sides differ: where, why, how much, whose fault, what to do, how sure. */

import type { Cause, Report } from "../compare/findings.ts";
import { type CauseGroup, firstOf, groupCauses, whereOf, whyOf } from "./causes.ts";
import { effectOf } from "./effect.ts";
import { entry, type Style, verdictLine } from "./layout.ts";
import { formatSigned } from "./numbers.ts";
import { renderSum } from "./sum-table.ts";
import { waysOut } from "./ways-out.ts";
import { computedCorrectly, isReference, joinWords, runtimeOf } from "./words.ts";

/** Other groups of causes that get a line of their own. */
const ALSO = 4;

export function renderDiffer(report: Report, style: Style): string[] {
  const groups = groupCauses(report.causes);
  const [main, ...others] = groups;
  if (main === undefined) return verdictLine("bad", "DIFFER", report.headline, style);
  const where = firstOf(report, main);
  const effect = effectOf(report);
  return [
    ...verdictLine("bad", "DIFFER", sentence(report, main), style),
    "",
    ...entry("where", whereOf(report, where), style),
    ...entry("why", whyOf(main, where), style),
    ...also(report, others, style),
    ...(effect.length === 0 ? [] : entry("effect", effect.join("\n"), style)),
    ...entry("who", whoOf(report, main.first), style),
    ...entry("fix", waysOut(report).join("\n"), style),
    ...(main.first.learnMore === null ? [] : entry("see", main.first.learnMore, style)),
    ...acceptance(report.causes, style),
    ...unfinished(report, style),
    ...(report.budget === null ? [] : ["", ...renderSum(report)]),
  ];
}

function sentence(report: Report, { first, causes }: CauseGroup): string {
  if (
    first.kind === "kernel" &&
    first.side !== "between" &&
    report.causes.every(({ kind }) => kind === "kernel")
  ) {
    const layers = new Set(causes.map(({ layer, layerB }) => layer ?? layerB)).size;
    return `${runtimeOf(report.sides[first.side])} computes ${layers === 1 ? "one layer" : `${layers} layers`} wrongly.`;
  }
  if (first.kind === "input") return "The two sides were not fed the same.";
  return "The models do not predict the same.";
}

function also(report: Report, others: readonly CauseGroup[], style: Style): string[] {
  const lines = others.slice(0, ALSO).flatMap((group) => {
    const where = firstOf(report, group);
    const share = where.contribution === null ? "" : ` (${formatSigned(where.contribution)})`;
    const more = group.causes.length === 1 ? "" : `, and ${group.causes.length - 1} more like it`;
    return entry("also", `${where.message}${share}${more}`, style);
  });
  const left = others.length - ALSO;
  return left <= 0
    ? lines
    : [...lines, ...entry("", `and ${left} more kinds of differences (--json lists all)`, style)];
}

function whoOf(report: Report, { kind, side, detail, layer }: Cause): string {
  const { a, b } = report.sides;
  if (kind === "input") return "what is fed, not the models";
  if (side !== "between") {
    const wrong = report.sides[side];
    return `${runtimeOf(wrong)}, not the file ${wrong.path}`;
  }
  const read = detail === "reader-ignores" || detail === "reader-differs";
  const who = read
    ? `TensorFlow.js takes ${b.path} otherwise than its writer meant`
    : layer === null && kind === "structure"
      ? `the files ${a.path} and ${b.path}`
      : `the file ${b.path}`;
  const correct = computedCorrectly(report, "b");
  if (correct === true) return `${who}; ${runtimeOf(b)} computed it correctly on these inputs`;
  return correct === null && !isReference(b)
    ? `${who}; not every layer of ${runtimeOf(b)} could be checked`
    : who;
}

function acceptance(causes: readonly Cause[], style: Style): string[] {
  const open = [...new Set(causes.filter(({ accepted }) => !accepted).map(({ kind }) => kind))];
  const accepted = [...new Set(causes.filter((cause) => cause.accepted).map(({ kind }) => kind))];
  const lines =
    accepted.length === 0
      ? []
      : entry(
          "accepted",
          `${joinWords(accepted)} (--accept)${open.length === 0 ? ": the check passes" : ""}`,
          style,
        );
  if (open.length === 0) return lines;
  const flags = open.map((kind) => `--accept ${kind}`).join(" ");
  return [...lines, ...entry("meant?", `${flags} lets the check pass`, style)];
}

/** What was proved holds, although a side could not run or a layer could not be checked. */
function unfinished({ notCompared, budget }: Report, style: Style): string[] {
  const reasons = notCompared.filter(
    ({ what }) => what === "predictions" || (what === "budget" && budget === null),
  );
  const [first] = reasons;
  return first === undefined
    ? []
    : entry(
        "unknown",
        `${first.what === "budget" ? "how the change adds up" : first.what}: ${first.reason}`,
        style,
      );
}
