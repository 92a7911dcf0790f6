/** @file `vernier.report/1` as a person reads it in a terminal: 80 columns, the answer first. */

import type { Report } from "../compare/findings.ts";
import { renderAgree } from "./agree.ts";
import { renderDetails } from "./details.ts";
import { renderDiffer } from "./differ.ts";
import { entry, plain, type Style, spread, WIDTH, wrap } from "./layout.ts";
import { renderNotCompared } from "./not-compared.ts";
import { formatSeconds, plural } from "./numbers.ts";
import { renderPredictions } from "./predictions.ts";

export interface ScreenOptions {
  /** Also every layer's error against its bound, timings and hardware. */
  readonly verbose?: boolean;
  /** @default no colour */
  readonly style?: Style;
  /** How long it took, as the foot says. */
  readonly elapsedMs?: number;
}

export function renderScreen(
  report: Report,
  { verbose = false, style = plain, elapsedMs }: ScreenOptions = {},
): string {
  const body = screenOf(report, style);
  const lines = [
    "",
    ...body,
    ...renderPredictions(report, style),
    ...warnings(report, style, verbose),
    ...(verbose ? renderDetails(report) : []),
    "",
    ...foot(report, elapsedMs),
    "",
  ];
  return `${lines.map((line) => line.replaceAll("\u00a0", " ").trimEnd()).join("\n")}\n`;
}

function screenOf(report: Report, style: Style): string[] {
  switch (report.verdict) {
    case "agree":
      return renderAgree(report, style);
    case "differ":
      return renderDiffer(report, style);
    case "not-compared":
      return renderNotCompared(report, style);
    default:
      return report.verdict satisfies never;
  }
}

/** Problems of the files that a person should know of; notes only when asked for. */
function warnings({ problems, notCompared }: Report, style: Style, verbose: boolean): string[] {
  const said = new Set(notCompared.map(({ reason }) => reason));
  const shown = problems.filter(
    ({ severity, message }) => !said.has(message) && (verbose || severity !== "note"),
  );
  const lines = shown
    .slice(0, verbose ? shown.length : 3)
    .flatMap(({ severity, where, message, hint }) =>
      entry(
        severity,
        `${where === "" ? "" : `${where}: `}${message}${hint === "" ? "" : ` (${hint})`}`,
        style,
      ),
    );
  const left = shown.length - 3;
  const more =
    !verbose && left > 0 ? entry("", `and ${plural(left, "more problem")} (--verbose shows all)`, style) : [];
  return lines.length === 0 ? [] : ["", ...lines, ...more];
}

/** What was fed, the command that does it again, how long it took. */
export function foot(
  { input, outputs, predictions, reproduce }: Report,
  elapsedMs: number | undefined,
): string[] {
  const ran = predictions.length > 0 || outputs.some(({ maxAbs }) => maxAbs !== null);
  const fed =
    input.source === "synthetic"
      ? `  Inputs: ${plural(input.samples, "made-up sample")} (--input FILE feeds your own).`
      : `  Inputs: ${plural(input.samples, "sample")} from your files.`;
  const again = wrap(reproduce, WIDTH - 12).map((line, i) =>
    i === 0 ? `  again     ${line}` : `${" ".repeat(12)}${line}`,
  );
  const last = again.pop() ?? "";
  return [
    ...(ran ? [fed] : []),
    ...again,
    ...(elapsedMs === undefined ? [last] : spread(last, formatSeconds(elapsedMs))),
  ];
}
