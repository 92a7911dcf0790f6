/** @file A source file as the architecture rules see it: its path, its lines, its syntax tree, its imports. */

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseAst } from "rolldown/parseAst";

/** Any node of the syntax tree; the rules look at few kinds, by their `type`. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

export interface Import {
  /** As written: "../base/errors.ts", "node:fs", "h5wasm". */
  readonly specifier: string;
  /** Path from the repository's root for a relative import, else null. */
  readonly target: string | null;
  /** `import type`, `export type … from`, `import("…").Type`: nothing of it is left at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** From the repository's root, with slashes: "src/base/errors.ts". */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  readonly program: SyntaxNode;
  readonly imports: readonly Import[];
}

const ROOT = join(import.meta.dirname, "../..");

/** All files below `folder` with one of the endings. */
export function readSourceFiles(folder: string, endings: readonly string[]): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
    .filter((path) => endings.some((ending) => path.endsWith(ending)) && !path.includes("/.cache/"))
    .sort()
    .map((path) => sourceFileFromText(path, readFileSync(join(ROOT, path), "utf8")));
}

export function sourceFileFromText(path: string, text: string): SourceFile {
  const lang = path.endsWith(".mjs") ? "js" : path.endsWith(".d.ts") ? "dts" : "ts";
  const program = parseAst(text, { lang }) as unknown as SyntaxNode;
  const imports: Import[] = [];
  for (const node of nodesOf(program)) {
    const specifier = specifierOf(node);
    if (specifier === null) continue;
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : null;
    const typeOnly =
      [node["importKind"], node["exportKind"]].includes("type") || node.type === "TSImportType";
    imports.push({ specifier, target, typeOnly, line: lineOf(text, node.start) });
  }
  return { path, text, lineCount: text.trimEnd().split("\n").length, program, imports };
}

/** Every node of the tree, parents first. */
export function* nodesOf(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* nodesOf(child);
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"
  );
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** What an import, a re-export, a dynamic `import()` or an `import("…").Type` names; null for other nodes. */
function specifierOf(node: SyntaxNode): string | null {
  const kinds = [
    "ImportDeclaration",
    "ExportNamedDeclaration",
    "ExportAllDeclaration",
    "ImportExpression",
    "TSImportType",
  ];
  if (!kinds.includes(node.type)) return null;
  const source = node["source"] ?? node["argument"];
  return isNode(source) && typeof source["value"] === "string" ? source["value"] : null;
}
