/** @file The reader of code blocks sees what it should: a blind one would let every page pass. */

import { expect, test } from "vitest";
import { blocksFromMarkdown, mask, matches, promisedOutput, stepsFromTranscript } from "./blocks.ts";

const PAGE = [
  "# A page",
  "```console exit=1",
  "$ vernier check a \\",
  "    b",
  "DIFFER   0.8 s",
  "$ true",
  "```",
  "<!-- not run: it installs 2 GB -->",
  "```bash",
  "./scripts/test",
  "```",
  "<!-- not run: -->",
  "```ts",
  "console.log(1); // → 1",
  "```",
].join("\n");

test("blocks are found with their language, line, exit code and reason for not being run", () => {
  expect(blocksFromMarkdown("p.md", PAGE)).toMatchObject([
    { where: "p.md:2", language: "console", exitCode: 1, notRun: null },
    { where: "p.md:9", language: "bash", exitCode: 0, notRun: "it installs 2 GB" },
    { where: "p.md:13", language: "ts", exitCode: 0, notRun: null },
  ]);
});

test("a transcript is its commands, each with its output", () => {
  expect(stepsFromTranscript(blocksFromMarkdown("p.md", PAGE)[0]?.text ?? "")).toEqual([
    { command: "vernier check a \\\n    b", output: "DIFFER   0.8 s" },
    { command: "true", output: "" },
  ]);
});

test("times and paths of this machine are masked, numbers are not", () => {
  expect(mask("again    12.5 s\n/repo/a +0.0312  \n", "/repo")).toEqual(["again TIME", "./a +0.0312"]);
  expect(mask("a  0.8 s", "/repo")).toEqual(mask("a 10.25 s", "/repo"));
});

test("an ellipsis stands for any lines, and for nothing else", () => {
  expect(matches(["a", "b", "c"], ["a", "…", "c"])).toBe(true);
  expect(matches(["a", "c"], ["a", "…", "c"])).toBe(true);
  expect(matches(["a"], ["a", "…"])).toBe(true);
  expect(matches(["a", "b"], ["a"])).toBe(false);
  expect(matches(["a", "x"], ["a", "…", "c"])).toBe(false);
});

test("a ts block promises what its arrows say", () => {
  expect(promisedOutput("a(); // → one\nb();\nc(); // → two\n")).toEqual(["one", "two"]);
});
