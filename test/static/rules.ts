/**
 * @file The architecture, as rules over the source files (docs/architecture.md says why).
 *
 * A rule returns its breaches as sentences that begin with file and line. Each carries a counterexample, files
 * that break it, so that a rule that has gone blind fails a test of its own.
 */

import { builtinModules } from "node:module";
import { isNode, lineOf, nodesOf, type SourceFile, type SyntaxNode } from "./source-file.ts";

export interface Rule {
  readonly name: string;
  breaches(files: readonly SourceFile[]): string[];
  /** Path → text of files that together break the rule. */
  readonly counterexample: Readonly<Record<string, string>>;
}

/** A folder imports from itself and from folders before it. */
// biome-ignore format: one list, in its order
export const FOLDERS = [
  "base", "numerics", "tensor", "ops", "model", "layers", "formats", "dialects", "convert", "engines",
  "compare", "explain", "repair", "report", "tfjs", "cli",
] as const;

/** src/base/errors.ts → "base"; src/index.ts → "" (an entry point, above all folders but cli/). */
const folderOf = (path: string): string => path.split("/").slice(1, -1)[0] ?? "";
const isTest = (path: string): boolean => path.endsWith(".test.ts");
const isPlatform = (path: string): boolean =>
  path.endsWith(".node.ts") ||
  path.endsWith(".browser.ts") ||
  path === "src/node.ts" ||
  path.startsWith("src/cli/");
const isBuiltin = (specifier: string): boolean =>
  specifier.startsWith("node:") || builtinModules.includes(specifier.split("/")[0] ?? "");
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

const HEAD = "/** @file x */\n";

export const RULES: readonly Rule[] = [
  {
    name: "every folder of src/ has its place in the order",
    breaches: (files) =>
      files
        .filter(({ path }) => !["", ...FOLDERS].includes(folderOf(path)))
        .map(({ path }) => `${path}: folder "${folderOf(path)}" is not in the list of folders`),
    counterexample: { "src/misc/a.ts": HEAD },
  },
  {
    name: "a folder imports only from itself and from folders before it",
    breaches: (files) =>
      importBreaches(files, ({ path }, { target }) => {
        if (target === null || !target.startsWith("src/")) return null;
        const from = rank(path);
        const to = rank(target);
        return to > from ? `imports ${target}, which comes later` : null;
      }),
    counterexample: { "src/layers/a.ts": `${HEAD}import type { F } from "../formats/f.ts";` },
  },
  {
    name: "the core knows no platform: node: modules and *.node.ts are imported only by *.node.ts, node.ts and cli/",
    breaches: (files) =>
      importBreaches(files, ({ path }, { specifier, target }) => {
        if (isTest(path) || isPlatform(path)) return null;
        if (isBuiltin(specifier)) return `imports ${specifier}`;
        return target !== null && isPlatform(target) ? `imports ${target}` : null;
      }),
    counterexample: { "src/ops/a.ts": `${HEAD}export const f = () => import("../engines/keras.node.ts");` },
  },
  {
    // Types are erased: whoever only names a package's types does not depend on what it does.
    name: "a third-party package's code is imported in one file per folder",
    breaches: (files) => {
      const importers = new Map<string, Set<string>>();
      for (const { path, imports } of files) {
        if (isTest(path)) continue;
        for (const { specifier, target, typeOnly } of imports) {
          if (typeOnly || target !== null || isBuiltin(specifier)) continue;
          const role = `${packageOf(specifier)} in ${folderOf(path) || "src"}/`;
          importers.set(role, (importers.get(role) ?? new Set()).add(path));
        }
      }
      return [...importers]
        .filter(([, paths]) => paths.size > 1)
        .map(([role, paths]) => `${[...paths].join(", ")}: ${role}`);
    },
    counterexample: {
      "src/formats/a.ts": `${HEAD}import { unzip } from "fflate";`,
      "src/formats/b.ts": `${HEAD}import { zip } from "fflate";`,
    },
  },
  {
    name: "only layers/ and dialects/ ask for a layer's class by name",
    breaches: (files) =>
      nodeBreaches(files, ({ path }, node) =>
        !isTest(path) && !["layers", "dialects"].includes(folderOf(path)) && asksForClass(node)
          ? "asks for a class by name; let the layer's definition say it"
          : null,
      ),
    counterexample: { "src/compare/a.ts": `${HEAD}export const f = (n: N) => n.className === "LSTM";` },
  },
  {
    name: "nothing below cli/ writes to the console or the standard streams",
    breaches: (files) =>
      nodeBreaches(files, ({ path }, node) => {
        if (isTest(path) || folderOf(path) === "cli") return null;
        if (node.type === "CallExpression" && objectOf(node["callee"]) === "console") {
          return `calls console.${nameOf(node["callee"])}`;
        }
        // A process of an engine speaks its protocol over its standard streams: they are its wire.
        const stream = objectOf(node) === "process" && ["stdout", "stderr"].includes(nameOf(node));
        return stream && folderOf(path) !== "engines" ? `uses process.${nameOf(node)}` : null;
      }),
    counterexample: { "src/report/a.ts": `${HEAD}export const f = () => console.log(1);` },
  },
  {
    name: "no module-level state: no `let`, no empty container that only mutation could fill",
    breaches: (files) =>
      files
        .filter(({ path }) => !isTest(path))
        .flatMap((file) =>
          topLevelVariables(file.program).flatMap(({ kind, declarator }) => {
            const why = kind === "const" ? emptyContainer(declarator["init"]) : `is declared with ${kind}`;
            return why === null
              ? []
              : [`${file.path}:${lineOf(file.text, declarator.start)}: ${nameOf(declarator["id"])} ${why}`];
          }),
        ),
    counterexample: {
      "src/ops/a.ts": `${HEAD}export let count = 0;`,
      "src/ops/b.ts": `${HEAD}const seen = new Map<string, number>();`,
    },
  },
  {
    name: "exports are named",
    breaches: (files) =>
      nodeBreaches(files, (_, { type }) =>
        type === "ExportDefaultDeclaration" ? "has a default export" : null,
      ),
    counterexample: { "src/ops/a.ts": `${HEAD}export default 1;` },
  },
];

/** Rules for every file that people read, tests and scripts included. */
export const FILE_RULES: readonly Rule[] = [
  {
    name: "a file opens by saying what it is",
    breaches: (files) =>
      files
        .filter(({ text }) => !/^(#!.*\n)?\/\*\*\s+(\* )?@file\s+\S/.test(text))
        .map(({ path }) => `${path}: does not start with /** @file … */`),
    counterexample: { "src/ops/a.ts": "export const a = 1;\n" },
  },
  {
    name: "a file has at most 300 lines, 500 when its header says why, more only for a table",
    breaches: (files) =>
      files.flatMap(({ path, text, lineCount }) => {
        const header = /\/\*\*[\s\S]*?\*\//.exec(text)?.[0].replace(/\s*\n\s*\*\s*/g, " ") ?? "";
        const reason = /Longer than 300 lines because ([^.]+)/.exec(header)?.[1];
        if (lineCount <= 300 || (reason !== undefined && (lineCount <= 500 || /\btable\b/.test(reason))))
          return [];
        return [
          `${path}: ${lineCount} lines${reason === undefined ? ' and no "Longer than 300 lines because …"' : ""}`,
        ];
      }),
    counterexample: { "src/ops/a.ts": HEAD + "\n".repeat(300) + "export const a = 1;\n" },
  },
  {
    name: "files are kebab-case and named after the one thing inside, no drawers",
    breaches: (files) =>
      files.flatMap(({ path }) => {
        const name = path.split("/").at(-1) ?? "";
        if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(node|browser|worker|test|config|d))*\.(ts|mjs)$/.test(name))
          return [`${path}: is not kebab-case`];
        return /^(utils?|helpers?|common|misc|shared|lib|stuff|tools?|types)\./.test(name)
          ? [`${path}: is a drawer`]
          : [];
      }),
    counterexample: { "src/ops/utils.ts": HEAD },
  },
];

/** cli/ may import the entry points; the entry points may import everything but cli/. */
function rank(path: string): number {
  const folder = folderOf(path);
  const entry = FOLDERS.length - 1.5;
  return folder === "" ? entry : FOLDERS.indexOf(folder as (typeof FOLDERS)[number]);
}

function importBreaches(
  files: readonly SourceFile[],
  breach: (file: SourceFile, found: SourceFile["imports"][number]) => string | null,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const why = breach(file, found);
      return why === null ? [] : [`${file.path}:${found.line}: ${why}`];
    }),
  );
}

function nodeBreaches(
  files: readonly SourceFile[],
  breach: (file: SourceFile, node: SyntaxNode) => string | null,
): string[] {
  return files.flatMap((file) =>
    [...nodesOf(file.program)].flatMap((node) => {
      const why = breach(file, node);
      return why === null ? [] : [`${file.path}:${lineOf(file.text, node.start)}: ${why}`];
    }),
  );
}

/** The name of `x` in `x`, `a.x` and `a?.x`; "" for anything else. */
function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  if (node.type === "Identifier") return String(node["name"]);
  if (node.type === "ChainExpression") return nameOf(node["expression"]);
  return node.type === "MemberExpression" ? nameOf(node["property"]) : "";
}

/** "a" for `a.x`; "" for anything else. */
const objectOf = (node: unknown): string =>
  isNode(node) && node.type === "MemberExpression" ? nameOf(node["object"]) : "";

const isClassName = (node: unknown): boolean => ["className", "class_name"].includes(nameOf(node));
const isText = (node: unknown): boolean =>
  isNode(node) && node.type === "Literal" && typeof node["value"] === "string";

/** `className === "LSTM"`, `switch (className)`, `["LSTM", "GRU"].includes(className)`; comparing two classes is fine. */
function asksForClass(node: SyntaxNode): boolean {
  if (node.type === "SwitchStatement") return isClassName(node["discriminant"]);
  if (node.type === "BinaryExpression") {
    const [left, right] = [node["left"], node["right"]];
    return (isClassName(left) && isText(right)) || (isText(left) && isClassName(right));
  }
  if (node.type !== "CallExpression" || nameOf(node["callee"]) !== "includes") return false;
  const list = isNode(node["callee"]) ? node["callee"]["object"] : null;
  return (
    isNode(list) && list.type === "ArrayExpression" && (node["arguments"] as unknown[]).some(isClassName)
  );
}

function topLevelVariables(program: SyntaxNode): { kind: string; declarator: SyntaxNode }[] {
  return (program["body"] as SyntaxNode[]).flatMap((statement) => {
    const inner = statement.type === "ExportNamedDeclaration" ? statement["declaration"] : statement;
    if (!isNode(inner) || inner.type !== "VariableDeclaration" || inner["declare"] === true) return [];
    return (inner["declarations"] as SyntaxNode[]).map((declarator) => ({
      kind: String(inner["kind"]),
      declarator,
    }));
  });
}

function emptyContainer(init: unknown): string | null {
  if (!isNode(init)) return null;
  const none = (key: string) => (init[key] as unknown[]).length === 0;
  if (init.type === "ArrayExpression") return none("elements") ? "starts as []" : null;
  if (init.type === "ObjectExpression") return none("properties") ? "starts as {}" : null;
  const containers = ["Map", "Set", "WeakMap", "WeakSet"];
  const made = init.type === "NewExpression" && containers.includes(nameOf(init["callee"]));
  return made && none("arguments") ? `starts as new ${nameOf(init["callee"])}()` : null;
}
