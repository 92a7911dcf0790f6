/** @file What was measured, as lines of a table: per engine and layer, how much of the bound was used. */

import type { Measured, Tally } from "./measure.ts";

export function rowsOf({ tallies }: Measured, engine: string): string[] {
  const classes = [...(tallies.get(engine) ?? [])].sort(([x], [y]) => (x < y ? -1 : 1));
  return classes.map(([className, tally]) => {
    const { median, most } = sharesOf(tally);
    return `| ${engine} | ${className} | ${tally.judged} | ${tally.beyond} | ${tally.unclaimed} | ${median} | ${most} |`;
  });
}

export const HEAD = [
  "| engine | layer | elements judged | beyond | may overflow | median of error/bound | largest |",
  "|---|---|---|---|---|---|---|",
];

/** A dash where nothing is rounded: every element must be exact. */
function sharesOf({ shares }: Tally): { median: string; most: string } {
  if (shares.length === 0) return { median: "–", most: "–" };
  const sorted = Float64Array.from(shares).sort();
  const at = (i: number): string => (sorted[i] ?? Number.NaN).toPrecision(2);
  return { median: at(sorted.length >> 1), most: at(sorted.length - 1) };
}

export const totalOf = (
  { tallies }: Measured,
  engine: string,
  of: "judged" | "beyond" | "unclaimed",
): number => [...(tallies.get(engine)?.values() ?? [])].reduce((sum, tally) => sum + tally[of], 0);
