/** @file `vernier fix`: what was repaired, what is left to the user, what proves it, as data and as a screen. */

import type { Problem } from "../base/problem.ts";
import type { Cause, Report } from "../compare/findings.ts";
import { refusalFor } from "../engines/tfjs-refusals.ts";
import type { Fix, Yours } from "../repair/fix.ts";
import type { RepairMade } from "../repair/repair.ts";
import { type CauseGroup, groupCauses, WEIGHT_WORDS } from "./causes.ts";
import { entry, plain, type Style, spread, verdictLine } from "./layout.ts";
import { formatBytes, formatNumber, formatSeconds, plural } from "./numbers.ts";
import { baseName, runtimeOf } from "./words.ts";

/** `vernier.report/1` of the pair as it was, and what `fix` adds to it. */
export interface FixReport extends Report {
  readonly repairs: readonly RepairMade[];
  /** What only the user can repair. */
  readonly yours: readonly Yours[];
  /** A against what was written; `null` where nothing could be. */
  readonly after: Report | null;
  readonly written: readonly string[];
}

export interface FixScreen {
  readonly fix: Fix;
  readonly after: Report | null;
  readonly yours: readonly Yours[];
  /** Why the proof failed. */
  readonly problems: readonly Problem[];
  readonly written: readonly string[];
  readonly elapsedMs: number;
  readonly style?: Style;
}

export const fixReport = ({ fix, after, yours, problems, written }: FixScreen): FixReport => ({
  ...fix.report,
  problems: [...fix.report.problems, ...(fix.conversion?.problems ?? []), ...problems],
  repairs: fix.repairs,
  yours,
  after,
  written,
});

/** Lines of one kind that are shown; `--json` has all. */
const MOST = 4;

export function renderFix(screen: FixScreen): string {
  const { fix, after, yours, problems, written, elapsedMs, style = plain } = screen;
  const { report, conversion } = fix;
  const failed = problems
    .slice(0, MOST)
    .map(({ where, message, hint }) => `${where === "" ? "" : `${where}: `}${message}\n${hint}`);
  const warnings = (conversion?.problems ?? []).filter(({ severity }) => severity === "warning");
  const lines = [
    ...headOf(screen, style),
    ...list(written.length > 0 ? "repaired" : "repair", repairLines(report, fix.repairs), style),
    ...list("yours", yourLines(yours), style),
    ...list(
      "warning",
      warnings.map(({ where, message, hint }) => `${where}: ${message}\n${hint}`),
      style,
    ),
    ...failed.flatMap((text) => entry("failed", text, style)),
    ...(after === null || written.length === 0 ? [] : entry("proof", proofOf(after), style)),
    ...(written.length === 0 ? [] : entry("wrote", wroteOf(fix, written), style)),
  ];
  const last = lines.pop() ?? "";
  return `${["", ...lines, ...spread(last, formatSeconds(elapsedMs)), ""].map((line) => line.trimEnd()).join("\n")}\n`;
}

function headOf(screen: FixScreen, style: Style): string[] {
  if (screen.written.length > 0) return [];
  const { report } = screen.fix;
  const [word, sentence] = headline(screen);
  const good = word === "AGREE" || word === "NO REPAIR";
  const role = good ? "good" : report.verdict === "not-compared" ? "unknown" : "bad";
  return [...verdictLine(role, word, sentence, style), ""];
}

function headline({ fix: { report, conversion }, after, yours }: FixScreen): [string, string] {
  if (conversion !== null) {
    const sentence =
      after?.verdict === "not-compared" ? "The repair could not be proved" : "The proof of the repair failed";
    return ["NOT FIXED", `${sentence}; nothing was written.`];
  }
  if (report.verdict === "agree")
    return ["AGREE", "They predict the same already: nothing to repair, nothing was written."];
  if (report.verdict === "differ" && yours.length === 0)
    return ["NO REPAIR", "All that differs is accepted: nothing to repair, nothing was written."];
  const kinds = new Set(yours.map(({ kind }) => kind));
  if (yours.length === 0) return ["NOT FIXED", report.headline];
  if (kinds.has(null))
    return ["NOT FIXED", "Nothing was written: TensorFlow.js cannot load this model in any words."];
  if (kinds.has("structure"))
    return ["NOT FIXED", "Nothing was written: the two files are different models."];
  if (kinds.size === 1 && kinds.has("input"))
    return ["NOT FIXED", "Nothing was written: the files agree; what they are fed does not."];
  return ["NOT FIXED", "Nothing was written: what differs cannot be repaired in the file."];
}

/** "weights: 4 restored from model.h5 (they were stored in 8 bits)". */
function repairLines({ causes, sides }: Report, repairs: readonly RepairMade[]): string[] {
  const made = (cause: Cause): boolean =>
    repairs.some(
      ({ id, layer, field }) => id === cause.repair && layer === cause.layerB && field === cause.field,
    );
  const of = (id: string): readonly RepairMade[] => repairs.filter((repair) => repair.id === id);
  return [
    ...of("restated").flatMap(({ layer, message }) => {
      if (layer !== null) return [];
      const known = refusalFor(message);
      const why = known?.ofWords === true ? ` (${known.why})` : "";
      return `words: said anew in those that TensorFlow.js knows${why}`;
    }),
    ...groupCauses(causes.filter((cause) => cause.kind === "weights" && made(cause))).map((group) =>
      weightsLine(group, baseName(sides.a.path)),
    ),
    ...of("config-from-a").map(({ layer, message }) => `config: ${layer} ${message}`),
    ...[...of("rewrite-around-kernel"), ...of("restated")].flatMap(({ layer, message }) =>
      layer === null ? [] : [`layers: ${layer}, ${message}`],
    ),
  ];
}

function weightsLine({ first, causes }: CauseGroup, from: string): string {
  const words = first.detail === null ? undefined : WEIGHT_WORDS[first.detail];
  return causes.length === 1
    ? `weights: ${first.field} of ${first.layerB} restored from ${from}${words === undefined ? "" : ` (it was ${words})`}`
    : `weights: ${causes.length} restored from ${from}${words === undefined ? "" : ` (they were ${words})`}`;
}

/** What has one way out together, each way once. */
function yourLines(yours: readonly Yours[]): string[] {
  const ways = [...new Set(yours.map(({ hint }) => hint))];
  return ways.map((way) => {
    const [first = "", ...others] = yours.flatMap(({ hint, message }) =>
      hint === way ? [message.replace(/^\S+ refuses the model: /, "TensorFlow.js says: ")] : [],
    );
    const more = others.length === 0 ? "" : ` (and ${others.length} more like it)`;
    return `${first}${more}\n${way}`;
  });
}

function list(label: string, texts: readonly string[], style: Style): string[] {
  const shown = texts.slice(0, MOST);
  const left = texts.length - shown.length;
  const all = left > 0 ? [...shown, `and ${left} more (--json lists all)`] : shown;
  return all.length === 0 ? [] : entry(label, all.join("\n"), style);
}

function proofOf({ verdict, outputs, input, sides }: Report): string {
  const largest = outputs.reduce((most, { maxAbs }) => Math.max(most, maxAbs ?? 0), 0);
  const change = largest === 0 ? "no change at all" : `largest change ${formatNumber(largest)}`;
  const word = verdict === "agree" ? "AGREE after repair" : "after repair only what is named above differs";
  return `${word}, ${plural(input.samples, "sample")}, ${change}; ${runtimeOf(sides.b)}`;
}

function wroteOf({ conversion }: Fix, written: readonly string[]): string {
  const others = written.length - 1;
  const bytes = (conversion?.files ?? []).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `${written.at(-1) ?? ""}${others > 0 ? ` + ${plural(others, "file")}` : ""}, ${formatBytes(bytes)}`;
}
