/** @file The sources keep to the architecture (docs/architecture.md), and each rule still sees what it is for. */

import { describe, expect, test } from "vitest";
import config from "../../vitest.config.ts";
import { FILE_RULES, RULES, type Rule } from "./rules.ts";
import { readSourceFiles, type SourceFile, sourceFileFromText } from "./source-file.ts";

const sources = readSourceFiles("src", [".ts"]).filter(({ path }) => !path.endsWith(".d.ts"));
const rest = ["test", "scripts", "bench"].flatMap((folder) => readSourceFiles(folder, [".ts", ".mjs"]));
const tests = [...sources, ...rest].filter(({ path }) => path.endsWith(".test.ts"));

describe.each([
  { rules: RULES, files: sources },
  { rules: FILE_RULES, files: [...sources, ...rest] },
])("architecture", ({ rules, files }) => {
  describe.each(rules)("$name", (rule: Rule) => {
    test("holds", () => expect(rule.breaches(files)).toEqual([]));

    test("would be noticed when broken", () => {
      const broken: SourceFile[] = Object.entries(rule.counterexample).map(([path, text]) =>
        sourceFileFromText(path, text),
      );
      expect(rule.breaches(broken).length).toBeGreaterThan(0);
    });
  });
});

test("the median source file has at most 120 lines", () => {
  const lengths = sources.map(({ lineCount }) => lineCount).sort((a, b) => a - b);
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(120);
});

test("every test file belongs to exactly one suite", () => {
  const folders = (config.test?.projects ?? []).flatMap((project) =>
    typeof project === "object" && "test" in project
      ? (project.test?.include ?? []).map((glob) => glob.replace(/\*\*.*$/, ""))
      : [],
  );
  const homes = tests.map(({ path }) => ({
    path,
    suites: folders.filter((folder) => path.startsWith(folder)).length,
  }));
  expect(homes.filter(({ suites }) => suites !== 1)).toEqual([]);
});
