/** @file Every code block of README, CONTRIBUTING and docs/ does what the page says (blocks.ts has the rules). */

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Block,
  blocksFromMarkdown,
  mask,
  matches,
  NOT_CODE,
  promisedOutput,
  stepsFromTranscript,
} from "./blocks.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Inside the package, so that `import … from "vernier"` finds it by its own name. */
const SCRATCH = join(ROOT, "test/.cache/docs");

const UPDATE = process.env["VERNIER_DOCS_UPDATE"] !== undefined;

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
];
const blocks = pages
  .filter((page) => page.endsWith(".md"))
  .flatMap((page) => blocksFromMarkdown(page, readFileSync(join(ROOT, page), "utf8")));

describe.each(blocks.filter(({ language }) => !NOT_CODE.includes(language)))("$where", (block) => {
  test(`the ${block.language} block does what the page says`, (context) => {
    if (block.notRun !== null) context.skip(block.notRun);
    switch (block.language) {
      case "console":
        return runTranscript(block);
      case "bash":
        return expect(run("bash", ["-euo", "pipefail", "-c", block.text])).toMatchObject({ status: 0 });
      case "ts":
        return runTypeScript(block);
      default:
        expect.unreachable(
          `a "${block.language}" block is neither run nor data: use ts, console, bash, json or text`,
        );
    }
  });
});

test("README shows a difference and its explanation within its first 40 lines", () => {
  const opening = readFileSync(join(ROOT, "README.md"), "utf8").split("\n").slice(0, 40).join("\n");
  const shown = blocksFromMarkdown("README.md", opening).find(({ language }) => language === "console");
  expect(shown?.notRun).toBeNull();
  expect(shown?.text).toMatch(/DIFFER[\s\S]*\bwhere\b[\s\S]*\bwhy\b[\s\S]*\bfix\b/);
});

function runTranscript({ where, text, exitCode }: Block): void {
  const steps = stepsFromTranscript(text);
  expect(steps.length).toBeGreaterThan(0);
  for (const [i, { command, output }] of steps.entries()) {
    const ran = run("bash", ["-c", `{ ${command}\n} 2>&1`]);
    const printed = mask(ran.stdout, ROOT);
    const expected = mask(output, ROOT);
    if (UPDATE && !matches(printed, expected)) rewrite(where, command, output, ran.stdout);
    // Equal lines make no difference to show; else the whole texts are compared, so that the failure shows both.
    else if (!matches(printed, expected)) expect(printed.join("\n"), command).toBe(expected.join("\n"));
    expect(ran.status, `exit code of ${command}`).toBe(i === steps.length - 1 ? exitCode : 0);
  }
}

/** Figures are not typed: `VERNIER_DOCS_UPDATE=1` writes what a command prints into its page. */
function rewrite(where: string, command: string, before: string, printed: string): void {
  const page = join(ROOT, where.split(":")[0] ?? "");
  const [old, now] = [before, printed.trimEnd()].map((output) => `$ ${command}\n${output}`.trimEnd());
  const text = readFileSync(page, "utf8");
  if (old === undefined || now === undefined || !text.includes(`${old}\n\`\`\``))
    throw new Error(`${where}: "${command}" is not found as it was`);
  writeFileSync(
    page,
    text.replace(`${old}\n\`\`\``, () => `${now.replaceAll(ROOT, ".")}\n\`\`\``),
  );
}

function runTypeScript({ where, text }: Block): void {
  const name = where.replace(/[^A-Za-z0-9]+/g, "-");
  const folder = join(SCRATCH, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "block.ts"), text);
  const options = { noEmit: false, noEmitOnError: true, outDir: ".", types: ["node"], noUnusedLocals: false };
  const project = {
    extends: "../../../../tsconfig.base.json",
    compilerOptions: { ...options, allowImportingTsExtensions: false },
    files: ["block.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  expect(run("node_modules/.bin/tsc", ["-p", folder])).toMatchObject({ stdout: "", status: 0 });
  const ran = run(process.execPath, [join(folder, "block.js")]);
  expect(ran).toMatchObject({ stderr: "", status: 0 });
  const promised = promisedOutput(text);
  if (promised.length > 0) expect(mask(ran.stdout, ROOT)).toEqual(mask(promised.join("\n"), ROOT));
}

/** As a reader's terminal would, without colour and 80 columns wide. */
function run(
  program: string,
  args: readonly string[],
): { stdout: string; stderr: string; status: number | null } {
  const env = { ...process.env, NO_COLOR: "1", COLUMNS: "80" };
  const { stdout, stderr, status } = spawnSync(program, args, {
    cwd: ROOT,
    env,
    encoding: "utf8",
    timeout: 110_000,
  });
  return { stdout, stderr, status };
}
