/** @file Causes as a person reads them: those of one kind together, the biggest first, weights in plain words. */

import type { Cause, Report } from "../compare/findings.ts";
import { isGraph } from "./graph.ts";
import { plural } from "./numbers.ts";

export interface CauseGroup {
  /** The biggest of them, which speaks for the group. */
  readonly first: Cause;
  readonly causes: readonly Cause[];
}

/** Grouped by kind, detail and side; in the order of the report: biggest contribution first. */
export function groupCauses(causes: readonly Cause[]): CauseGroup[] {
  const groups = new Map<string, Cause[]>();
  for (const cause of causes) {
    const key = `${cause.kind} ${cause.detail} ${cause.side} ${cause.kind === "config" ? cause.field : ""}`;
    groups.set(key, [...(groups.get(key) ?? []), cause]);
  }
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ first, causes: [first, ...others] }],
  );
}

/** What became of weights, for one or for several of them. */
export const WEIGHT_WORDS: Readonly<Record<string, string>> = {
  "quantized-uint8": "stored in 8 bits (uint8)",
  "quantized-uint16": "stored in 16 bits (uint16)",
  float16: "stored in half precision (float16)",
  bfloat16: "stored in bfloat16",
  negated: "stored with the opposite sign",
  scaled: "multiplied by one factor",
  dropped: "lost (all zeros)",
  transposed: "stored with two axes exchanged",
  permuted: "stored in another order",
  "other-training-run": "taken from another training run",
  edited: "changed in a few values",
};

/** Why, in one sentence; `where` is the layer that stands above it. */
export function whyOf({ first, causes }: CauseGroup, where: Cause): string {
  const words = first.detail === null ? undefined : WEIGHT_WORDS[first.detail];
  const likely = first.certainty === "likely" ? "probably: " : "";
  if (first.kind === "weights" && words !== undefined && where.field !== null) {
    const others = causes.length - 1;
    const rest = others === 0 ? "" : ` and ${plural(others, "other weight")}`;
    return `${likely}its ${where.field}${rest} ${others === 0 ? "was" : "were"} ${words}`;
  }
  const more = causes.length === 1 ? "" : ` (and ${plural(causes.length - 1, "more", "more")} like it)`;
  return `${likely}${where.message}${more}`;
}

/** Where in the table of layers a cause sits; -1 when it belongs to no layer. */
export function rowOf({ layers }: Report, { layer, layerB }: Cause): number {
  const rows = [...layers.entries()];
  const exact = rows.find(([, row]) =>
    layer !== null ? row.name === layer : layerB !== null && row.nameB === layerB,
  );
  if (exact !== undefined) return exact[0];
  return rows.find(([, { name, nameB }]) => (name ?? nameB) === (layer ?? layerB))?.[0] ?? -1;
}

/** The cause of a group that comes first on the way from the inputs. */
export function firstOf(report: Report, { first, causes }: CauseGroup): Cause {
  return causes.reduce((best, cause) => {
    const [at, found] = [rowOf(report, best), rowOf(report, cause)];
    return found >= 0 && (at < 0 || found < at) ? cause : best;
  }, first);
}

/** "conv2d_2 (Conv2D), layer 3 of 9; the layers before it agree". */
export function whereOf(report: Report, cause: Cause): string {
  const at = rowOf(report, cause);
  const name = cause.layer ?? cause.layerB;
  const row = report.layers[at];
  if (row === undefined) {
    if (cause.kind === "input")
      return `the input${cause.field === null ? "" : ` "${cause.field}"`}, before any layer`;
    return name ?? "the models as a whole";
  }
  const before = report.causes.filter((other) => {
    const index = rowOf(report, other);
    return other.kind === "input" || (index >= 0 && index < at);
  });
  // What is not known of a graph's layers may differ too.
  const known = ![report.sides.a, report.sides.b].some(isGraph);
  const agree =
    at === 0 || !known
      ? ""
      : before.length === 0
        ? "; the layers before it agree"
        : "; earlier ones differ too, but less";
  return `${name} (${row.className}), layer ${at + 1} of ${report.layers.length}${agree}`;
}
