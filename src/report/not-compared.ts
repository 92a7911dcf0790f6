/** @file The screen of a check that could not decide: who refused or what is missing, and what to do about it. */

import type { Problem } from "../base/problem.ts";
import type { Report } from "../compare/findings.ts";
import { isGraph, renderGraph } from "./graph.ts";
import { entry, type Style, verdictLine } from "./layout.ts";
import { wayToLoad } from "./ways-out.ts";
import { runtimeOf } from "./words.ts";

/** Reasons listed one by one. */
const SHOWN = 4;

export function renderNotCompared(report: Report, style: Style): string[] {
  const failure = report.problems.find(({ code, severity }) => severity === "error" && code in SENTENCES);
  const reasons = report.notCompared.filter(({ what }) => what !== "budget");
  if (failure !== undefined) {
    return [
      ...verdictLine("unknown", "NOT COMPARED", SENTENCES[failure.code]?.(report) ?? report.headline, style),
      "",
      ...entry("why", failure.message.replace(/^\S+ refuses the model: /, ""), style),
      ...(failure.where === "" ? [] : entry("at", failure.where, style)),
      ...entry("fix", wayToLoad(report, failure.message) ?? failure.hint, style),
    ];
  }
  if (isGraph(report.sides.a) || isGraph(report.sides.b)) return renderGraph(report, style);
  const shown = reasons.slice(0, SHOWN).map(({ what, reason }) => `${what}: ${reason}`);
  const left = reasons.length - shown.length;
  return [
    ...verdictLine(
      "unknown",
      "NOT COMPARED",
      "No difference was found, but not everything was checked.",
      style,
    ),
    "",
    ...entry(
      "why",
      [...shown, ...(left > 0 ? [`and ${left} more (--json lists all)`] : [])].join("\n"),
      style,
    ),
    ...entry("next", "--input FILE with values that your app feeds may reach what was not checked", style),
  ];
}

/** Whose fault a failure is; the engine that failed is B unless A's file was run by an engine. */
const SENTENCES: Readonly<Record<string, (report: Report) => string>> = {
  "engine.refused": (report) =>
    `${runner(report, "engine.refused")} refuses ${fileOf(report, "engine.refused")}.`,
  "engine.unavailable": (report) => `${runner(report, "engine.unavailable")} is not on this machine.`,
  "engine.timeout": (report) => `${runner(report, "engine.timeout")} did not finish in time.`,
  "engine.crashed": (report) => `${runner(report, "engine.crashed")} stopped before it had an answer.`,
  "input.invalid": () => "The input does not fit the model.",
};

function sideOf({ sides, problems }: Report, code: string): "a" | "b" {
  const message = problems.find((problem: Problem) => problem.code === code)?.message ?? "";
  const says = (engine: string): boolean => engine !== "reference" && message.includes(engine);
  const a =
    says(sides.a.engine) || (sides.a.engine.startsWith("keras") && /^(engine "keras|keras)/.test(message));
  return a && !says(sides.b.engine) ? "a" : "b";
}

const runner = (report: Report, code: string): string => runtimeOf(report.sides[sideOf(report, code)]);
const fileOf = (report: Report, code: string): string => report.sides[sideOf(report, code)].path;
