/**
 * @file The code blocks of a Markdown page, and what running one should print.
 *
 * - `ts` is type-checked against the built package and run; `// → text` comments say what it prints, in order.
 * - `console` is a transcript: `$ ` lines are commands, what follows is their output; a line that is only `…` stands
 *   for any lines. `exit=1` after the word `console` is the exit code of its last command.
 * - `bash` is run and must succeed.
 *
 * All run in the repository's root. A block is left out only by a comment right above it that says why:
 * `<!-- not run: it installs 2 GB -->`.
 */

export interface Block {
  /** "README.md:12", where the fence opens. */
  readonly where: string;
  readonly language: string;
  readonly exitCode: number;
  readonly text: string;
  readonly notRun: string | null;
}

/** What a page may show without running it: data and output, never code. */
export const NOT_CODE: readonly string[] = ["json", "text"];

export function blocksFromMarkdown(path: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  const fence = /^(`{3,})([^\n`]*)\n([\s\S]*?)^\1`*[ \t]*$/gm;
  for (const match of markdown.matchAll(fence)) {
    const [, , info = "", text = ""] = match;
    const before = markdown.slice(0, match.index);
    const [language = "", ...options] = info.trim().split(/\s+/);
    const exitCode = options.find((option) => option.startsWith("exit="))?.slice("exit=".length) ?? "0";
    const reason = /<!--\s*not run:\s*(\S[\s\S]*?)\s*-->\s*$/.exec(before)?.[1] ?? null;
    blocks.push({
      where: `${path}:${before.split("\n").length}`,
      language,
      exitCode: Number(exitCode),
      text,
      notRun: reason !== null && !reason.includes("-->") ? reason : null,
    });
  }
  return blocks;
}

export interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of a transcript, each with what it should print. A command goes on after a backslash. */
export function stepsFromTranscript(text: string): Step[] {
  const steps: { command: string; output: string[] }[] = [];
  let open = false;
  for (const line of text.trimEnd().split("\n")) {
    const last = steps.at(-1);
    if (open && last !== undefined) last.command += `\n${line}`;
    else if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [] });
    else last?.output.push(line);
    open = (open || line.startsWith("$ ")) && line.endsWith("\\");
  }
  return steps.map(({ command, output }) => ({ command, output: output.join("\n") }));
}

/** What differs from run to run, masked: times, with the blanks that align them, and paths of this machine. */
export function mask(text: string, root: string): string[] {
  return text
    .replaceAll(root, ".")
    .replace(/\/(?:tmp|var\/folders)\/[^\s"']+/g, "TEMP")
    .replace(/[ \t]*\b\d+(?:\.\d+)? (?:ms|s|min)\b/g, " TIME")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/^\n+|\n+$/g, "")
    .split("\n");
}

/** Does the output have these lines, where "…" stands for any number of lines? */
export function matches(output: readonly string[], expected: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return output.length === 0;
  if (first.trim() === "…") return output.some((_, i) => matches(output.slice(i), rest)) || matches([], rest);
  return output[0] === first && matches(output.slice(1), rest);
}

/** What a `ts` block says that it prints: the text of its `// → ` comments. */
export function promisedOutput(code: string): string[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text = ""]) => text.trimEnd());
}
