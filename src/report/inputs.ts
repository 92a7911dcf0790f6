/** @file The screen of `vernier inputs`: what the one side feeds, what the other was fed, and the line of code between them. */

import type { InputsFound, InputsReport } from "../explain/inputs/inputs-report.ts";
import type { Step } from "../explain/inputs/step.ts";
import { wordsOf } from "../explain/inputs/words.ts";
import { problemLines } from "./inspect.ts";
import { entry, plain, type Style, spread, verdictLine } from "./layout.ts";
import { formatNumber, formatSeconds } from "./numbers.ts";

export function renderInputs(
  found: InputsFound,
  { elapsedMs, style = plain }: { readonly elapsedMs: number; readonly style?: Style },
): string {
  const { report, js, python, undo, steps } = found;
  const back = report.direction === "a-to-b";
  const code = back
    ? [
        ...entry("made in JS", `x = ${js}   (from A)`, style),
        ...entry("in Python", `x = ${python}   (from A)`, style),
      ]
    : [
        ...entry("in JS", `x = ${js}   (B's side)`, style),
        ...entry(
          "in Python",
          undo === null ? `x = ${python}   (B's side)` : `x = ${undo}   (or A's side)`,
          style,
        ),
      ];
  const isOnlyNoise = steps.every(({ id }) => id === "jpeg");
  const lines = [
    "",
    ...headOf(report, steps, style),
    "",
    ...(steps.length === 0 || isOnlyNoise ? [] : code),
    ...entry("left", leftOf(report, steps), style),
    ...(report.found ? [] : nextOf(report, style)),
    ...problemLines(report.problems, style),
  ];
  const last = lines.pop() ?? "";
  return `${[...lines, ...spread(last, formatSeconds(elapsedMs)), ""].map((line) => line.trimEnd()).join("\n")}\n`;
}

function headOf(report: InputsReport, steps: readonly Step[], style: Style): string[] {
  if (report.equal) return verdictLine("good", "EQUAL", "Both inputs hold the same numbers.", style);
  if (!report.found)
    return verdictLine(
      "unknown",
      "NOT FOUND",
      "The inputs differ, and no usual preprocessing turns B into A.",
      style,
    );
  // Noise is no step that anybody takes: what is left says what it is.
  const taken = steps.filter(({ id }) => id !== "jpeg");
  if (taken.length === 0)
    return verdictLine(
      "bad",
      "FOUND",
      "The same picture, but for noise, as another JPEG decoder or another resize leaves it.",
      style,
    );
  const words = taken.map(wordsOf);
  const to = report.direction === "a-to-b" ? "What makes B of A" : "What turns B into A";
  return verdictLine("bad", "FOUND", `${to}: ${words.join("; then ")}.`, style);
}

function leftOf({ left, equal }: InputsReport, steps: readonly Step[]): string {
  if (left === null) return "their shapes differ: nothing to subtract";
  if (left.maxAbs === 0)
    return equal ? "nothing: equal to the last bit" : "nothing: it explains every element";
  const size = `${formatNumber(left.maxAbs)} at most, ${formatNumber(left.mean)} on average, at [${left.where.join(", ")}]`;
  const why = steps.some(({ id }) => id === "jpeg")
    ? ": noise, as another JPEG decoder or another resize leaves it"
    : equal
      ? ": rounding"
      : "";
  return `${size}${why}`;
}

function nextOf({ equal, alternatives }: InputsReport, style: Style): string[] {
  if (equal) return entry("next", "If the predictions differ, the models do: vernier check A B", style);
  const tried = alternatives[0];
  const best =
    tried === undefined
      ? []
      : entry(
          "closest",
          `${tried.steps.map(({ id }) => id).join(", ")}: leaves ${formatNumber(tried.left)}`,
          style,
        );
  return [
    ...best,
    ...entry(
      "next",
      "Are they the same sample? Save both just before predict and compare those.\nOf images, the file itself as A shows a crop or a resize.",
      style,
    ),
  ];
}
