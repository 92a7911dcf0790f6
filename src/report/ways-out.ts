/** @file What the screens of `check` offer: the command that repairs or converts, what it does, and what is left to do. */

import { quoteWord } from "../base/shell.ts";
import type { Cause, Report } from "../compare/findings.ts";
import { refusalFor } from "../engines/tfjs-refusals.ts";
import { plural } from "./numbers.ts";
import { baseName, joinWords } from "./words.ts";

/** Pieces of advice for causes that no repair reaches. */
const MOST = 3;

/** What to do about what differs, each advice once. */
export function waysOut(report: Report): string[] {
  const open = report.causes.filter(({ accepted }) => !accepted);
  const causes = open.length === 0 ? report.causes : open;
  if (causes.some(({ kind, repair }) => kind === "structure" && repair === null) && isKeras(report))
    return [`vernier convert ${quoteWord(report.sides.a.path)} new/`, "writes the model that you trust anew"];
  const repaired = canFix(report, causes) ? causes.filter(({ repair }) => repair !== null) : [];
  const left = causes.filter((cause) => !repaired.includes(cause));
  const hints = [...new Set(left.map(({ hint }) => hint))];
  const more = hints.length > MOST ? [`and ${hints.length - MOST} more (--json lists all)`] : [];
  return [...(repaired.length === 0 ? [] : commandOf(report, repaired)), ...hints.slice(0, MOST), ...more];
}

/** Of a model that TF.js refuses only for its words; `null` where saying it anew helps nothing. */
export function wayToLoad(report: Report, refusal: string): string | null {
  if (refusalFor(refusal)?.ofWords !== true) return null;
  const { a } = report.sides;
  return isKeras(report)
    ? `vernier convert ${quoteWord(a.path)} web/\nwrites it in words that TensorFlow.js knows`
    : `${fixCommand(report)}\nwrites it in words that TensorFlow.js knows`;
}

const isKeras = ({ sides: { a } }: Report): boolean => a.format.startsWith("keras");

/** `fix` writes nothing where anything else in the file would differ still, or TF.js would refuse it still. */
function canFix({ sides, problems }: Report, causes: readonly Cause[]): boolean {
  const refusal = problems.find(({ code }) => code === "engine.refused");
  const loads = refusal === undefined || refusalFor(refusal.message)?.ofWords === true;
  // The conversion of A, made for this check, is no file that anyone has.
  const isFile = !sides.b.path.startsWith(`${sides.a.path},`);
  const reached = causes.every(
    ({ side, kind, repair }) => side !== "between" || kind === "input" || repair !== null,
  );
  return loads && isFile && reached && !causes.some(({ kind }) => kind === "custom");
}

function fixCommand({ sides: { a, b } }: Report): string {
  const ending = /\.(keras|h5|hdf5)$/i.exec(b.path)?.[0] ?? "/";
  return `vernier fix ${quoteWord(a.path)} ${quoteWord(b.path)} fixed${ending}`;
}

function commandOf(report: Report, causes: readonly Cause[]): string[] {
  const of = (id: string): Cause[] => causes.filter(({ repair }) => repair === id);
  const [weights, config, kernels] = [of("weights-from-a"), of("config-from-a"), of("rewrite-around-kernel")];
  const layers = new Set(kernels.map(({ layerB }) => layerB)).size;
  const from = baseName(report.sides.a.path);
  const does = [
    ...(weights.length === 0
      ? []
      : [`restores ${plural(weights.length, "weight")} from ${from}${growthOf(weights)}`]),
    ...(config.length === 0 ? [] : [`sets ${keysOf(config)} as in ${from}`]),
    ...(layers === 0
      ? []
      : [
          `replaces ${layers === 1 ? "that layer" : `${layers} layers`} by others of the same result that TensorFlow.js computes correctly`,
        ]),
  ];
  return [fixCommand(report), joinWords(does)];
}

/** What full weights cost where they were stored in fewer bits. */
function growthOf(causes: readonly Cause[]): string {
  const times = Math.max(...causes.map(({ detail }) => GROWTH[detail ?? ""] ?? 1));
  return times === 1 ? "" : ` (in full: ${times} times the bytes)`;
}
const GROWTH: Readonly<Record<string, number>> = { "quantized-uint8": 4, "quantized-uint16": 2, float16: 2 };

/** "epsilon of bn_1", "4 config keys". */
function keysOf(causes: readonly Cause[]): string {
  const [only] = causes;
  return causes.length === 1 && only?.field != null
    ? `${only.field} of ${only.layerB ?? only.layer}`
    : plural(causes.length, "config key");
}
