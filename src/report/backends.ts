/**
 * @file Several backends on one screen: which of them are affected. In full only the first that is; `--verbose` shows
 * every one.
 */

import type { Report } from "../compare/findings.ts";
import { pad, plain, type Role, type Style, verdictLine, WIDTH, wrap } from "./layout.ts";
import { formatNumber } from "./numbers.ts";
import { foot, renderScreen, type ScreenOptions } from "./terminal.ts";

export function renderScreens(reports: readonly Report[], options: ScreenOptions = {}): string {
  const { verbose = false, style = plain } = options;
  const [first] = reports;
  if (first === undefined) return "";
  if (reports.length === 1) return renderScreen(first, options);
  const summary = ["", ...renderBackends(reports, style)];
  const worst = reports.find(isAffected) ?? reports.find(({ verdict }) => verdict !== "agree");
  if (verbose || worst === undefined) {
    const end = verbose ? [""] : ["", ...foot(first, options.elapsedMs), ""];
    return (
      textOf([...summary, ...end]) +
      (verbose ? reports : []).map((one) => renderScreen(one, options)).join("")
    );
  }
  const full = `In full for ${worst.sides.b.engine} (--verbose shows each):`;
  return textOf([...summary, "", `  ${full}`]) + renderScreen(worst, options);
}

const textOf = (lines: readonly string[]): string =>
  `${lines.map((line) => line.replaceAll("\u00a0", " ").trimEnd()).join("\n")}\n`;

export function renderBackends(reports: readonly Report[], style: Style): string[] {
  const width = Math.max(...reports.map(({ sides }) => sides.b.engine.length)) + 2;
  const rows = reports.flatMap((report) => {
    const head = `  ${pad(report.sides.b.engine, width)}`;
    const [word, role] = WORDS[report.verdict];
    const [line = "", ...further] = wrap(saidOf(report), WIDTH - head.length - 14);
    return [
      `${head}${style(role, pad(word, 13))} ${line}`,
      ...further.map((text) => `${" ".repeat(head.length + 14)}${text}`),
    ];
  });
  return [...headOf(reports, style), "", ...rows];
}

const WORDS: Readonly<Record<Report["verdict"], readonly [string, Role]>> = {
  agree: ["agrees", "good"],
  differ: ["differs", "bad"],
  "not-compared": ["not compared", "unknown"],
};

const isAffected = ({ verdict }: Report): boolean => verdict === "differ";
/** What an engine computed, as opposed to what the files say. */
const isBackends = ({ kind, side }: Report["causes"][number]): boolean =>
  side === "b" && (kind === "kernel" || kind === "precision" || kind === "not-a-number");

function headOf(reports: readonly Report[], style: Style): string[] {
  const affected = reports.filter(isAffected);
  const unknown = reports.filter(({ verdict }) => verdict === "not-compared");
  const left = unknown.length === 0 ? "" : ` ${unknown.length} could not be compared.`;
  const all = reports.length;
  if (affected.length === 0) {
    return unknown.length === 0
      ? verdictLine("good", "AGREE", `Same model on all ${all} backends.`, style)
      : verdictLine(
          "unknown",
          "NOT COMPARED",
          `${all - unknown.length} of ${all} backends agree.${left}`,
          style,
        );
  }
  const ownFaults = affected.filter(({ causes }) => causes.some(isBackends));
  const inFiles = affected.filter(({ causes }) => causes.some((cause) => !isBackends(cause)));
  const names = (some: readonly Report[]): string => some.map(({ sides }) => sides.b.engine).join(", ");
  const sentence =
    ownFaults.length === 0
      ? `The models differ, whatever the backend: ${affected.length} of ${all} show it.`
      : inFiles.length === 0
        ? `${affected.length} of ${all} backends are affected: ${names(affected)}.`
        : `The models differ, and ${names(ownFaults)} ${ownFaults.length === 1 ? "computes" : "compute"} wrongly or coarsely besides.`;
  return verdictLine("bad", "DIFFER", sentence + left, style);
}

function saidOf({ verdict, outputs, headline, causes }: Report): string {
  const largest = outputs.reduce((most, { maxAbs }) => Math.max(most, maxAbs ?? 0), 0);
  const change = largest === 0 ? "no prediction changes" : `largest change ${formatNumber(largest)}`;
  switch (verdict) {
    case "agree":
      return largest === 0 ? change : `${change}, rounding`;
    case "differ":
      return `${change}: ${causes[0]?.message ?? headline}${causes.length > 1 ? ` (and ${causes.length - 1} more)` : ""}`;
    case "not-compared":
      return headline.replace(/^Not compared: /, "");
    default:
      return verdict satisfies never;
  }
}
