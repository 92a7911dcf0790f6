/** @file The command line that gives a report again: what was typed, less what only decides how it is shown. */

import { quoteWord } from "../base/shell.ts";
import type { InputSpec } from "../explain/options.ts";

/** What they write is there by now. */
const WRITING = new Set(["--report", "--ledger", "--predictions"]);
const SHOWING = new Set(["--json", "--verbose", "--quiet", "--no-color", "--no-progress"]);

export function reproduction(words: readonly string[], input: InputSpec): string {
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (WRITING.has(word)) i++;
    else if (!SHOWING.has(word) && !WRITING.has(word.split("=", 1)[0] ?? "")) kept.push(word);
  }
  const hasSeed = words.some((word) => word === "--seed" || word.startsWith("--seed="));
  const seed = input.source === "synthetic" && !hasSeed ? ["--seed", String(input.seed)] : [];
  return ["vernier", ...kept, ...seed].map(quoteWord).join(" ");
}
