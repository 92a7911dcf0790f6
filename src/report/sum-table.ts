/** @file "How the change adds up": the four terms of the budget, printed so that they add up, and who is in them. */

import type { Budget, BudgetLine, Report, Side } from "../compare/findings.ts";
import { pad, WIDTH, widthOf, wrap } from "./layout.ts";
import { formatNumber, formatSigned, formatSum } from "./numbers.ts";
import { columnOf, computedCorrectly, isReference } from "./words.ts";

/** Layers named in a row; the others are added to one figure. */
const NAMED = 3;

export function renderSum(report: Report): string[] {
  const { budget, sides } = report;
  if (budget === null) return [];
  const values = [budget.serialization, budget.input, budget.environmentB, budget.environmentA];
  const printed = formatSum(values, budget.observed);
  const cell = (i: number): string => printed.terms[i] ?? "?";
  const sameInput = report.causes.every(({ kind }) => kind !== "input");
  const rows: [string, string, string][] = [
    [
      "file contents",
      cell(0),
      split(budget.byLayer, ({ serialization }) => serialization, budget.serialization),
    ],
    ["input", cell(1), sameInput ? "both were fed the same" : ""],
    [sideName(sides.b, sides.a), isReference(sides.b) ? "not run" : cell(2), engineNote(report, "b", budget)],
    [sideName(sides.a, sides.b), isReference(sides.a) ? "not run" : cell(3), engineNote(report, "a", budget)],
    ["together", printed.total, leftOver(budget)],
  ];
  const numbers = Math.max(...rows.map(([, value]) => widthOf(value)), 9);
  const names = Math.max(...rows.map(([name]) => widthOf(name)), 15);
  const lines = rows.flatMap(([name, value, note]) => {
    const head = `    ${pad(name, names)} ${pad(value, numbers)}`;
    const [first = "", ...rest] = wrap(note, WIDTH - widthOf(head) - 2);
    return [`${head}  ${first}`.trimEnd(), ...rest.map((line) => `${" ".repeat(widthOf(head) + 2)}${line}`)];
  });
  return [...title(budget), ...lines];
}

export const placeOf = ({ at }: Budget): string =>
  `"${at.output}"${at.index.length === 0 ? "" : `[${at.index.join(", ")}]`}, sample ${at.sample}`;

const title = (budget: Budget): string[] =>
  wrap(`How the change adds up, at ${placeOf(budget)}`, WIDTH - 2).map((line) => `  ${line}`);

const sideName = (side: Side, other: Side): string =>
  columnOf(side) === columnOf(other)
    ? `${columnOf(side)} ${side === other ? "" : sideLetter(side, other)}`.trim()
    : columnOf(side);

/** Two sides of one kind are told apart by the backend. */
const sideLetter = (side: Side, other: Side): string =>
  side.engine === other.engine ? "" : (side.engine.split(":")[1] ?? "");

/** `conv2d_2 +0.0244, dense +0.0068`: the largest layers of a column, and the rest in one figure. */
function split(lines: readonly BudgetLine[], column: (line: BudgetLine) => number, total: number): string {
  const parts = lines
    .map((line) => ({ name: line.layer, value: column(line) }))
    .filter(({ value }) => value !== 0)
    .sort((x, y) => Math.abs(y.value) - Math.abs(x.value));
  const [first] = parts;
  if (first === undefined) return "the files mean the same";
  if (parts.length === 1) return first.name;
  const named = parts.slice(0, parts.length === NAMED + 1 ? NAMED + 1 : NAMED);
  const rest = parts.slice(named.length);
  const all = [
    ...named,
    ...(rest.length === 0
      ? []
      : [{ name: `${rest.length} others`, value: rest.reduce((sum, { value }) => sum + value, 0) }]),
  ];
  const printed = formatSum(
    all.map(({ value }) => value),
    total,
  ).terms;
  return all.map(({ name }, i) => `${name} ${printed[i] ?? "?"}`.replaceAll(" ", "\u00a0")).join(", ");
}

function engineNote(report: Report, which: "a" | "b", budget: Budget): string {
  const side = report.sides[which];
  if (isReference(side)) {
    const runs = which === "a" && columnOf(side) === "Keras" ? " (--keras runs it)" : "";
    return `evaluated in 64 bits instead${runs}`;
  }
  const correct = computedCorrectly(report, which);
  if (correct === true) return "rounding";
  const column = (line: BudgetLine): number => (which === "a" ? line.environmentA : line.environmentB);
  const total = which === "a" ? budget.environmentA - budget.fusionA : budget.environmentB;
  const parts = split(budget.byLayer, column, total);
  return correct === null ? `not every layer was checked: ${parts}` : parts;
}

/** The residual is within the rounding of the sums themselves, or a bug of ours: then it is shown. */
function leftOver({ residual, scale }: Budget): string {
  const allowed = 8 * 2 ** -53 * scale;
  return Math.abs(residual) <= allowed
    ? "nothing left unexplained"
    : `${formatSigned(residual)} unexplained (a bug in Vernier: ${formatNumber(allowed)} is allowed)`;
}
