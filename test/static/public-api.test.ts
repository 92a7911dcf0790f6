/** @file What the package exports, by name. A change here is a change for users: say it in CHANGELOG.md. */

import { expect, test } from "vitest";
import { isNode, nodesOf, readSourceFiles, type SyntaxNode } from "./source-file.ts";

const entries = readSourceFiles("src", ["src/index.ts", "src/node.ts", "src/tfjs/index.ts"]);

test("the entry points exist and list their names one by one", () => {
  expect(entries.map(({ path }) => path)).toEqual(["src/index.ts", "src/node.ts", "src/tfjs/index.ts"]);
  // `export *` would publish whatever a file happens to export.
  const stars = entries.flatMap(({ program }) =>
    [...nodesOf(program)].filter(({ type }) => type === "ExportAllDeclaration"),
  );
  expect(stars).toEqual([]);
});

test.each(entries)("the names exported by $path are those of the snapshot", async ({ path, program }) => {
  const names = [...nodesOf(program)].flatMap(exportedNames).sort();
  expect(names).toMatchSnapshot();
  // The values among them really are there when the module runs.
  const module: Record<string, unknown> = await import(`../../${path}`);
  const values = names.filter((name) => !name.startsWith("type "));
  expect(Object.keys(module).sort()).toEqual(values);
});

/** `export { a, type B } from "…"` → ["a", "type B"]; declarations in an entry point count too. */
function exportedNames(node: SyntaxNode): string[] {
  if (node.type !== "ExportNamedDeclaration") return [];
  const isType = (kind: unknown) => kind === "type" || node["exportKind"] === "type";
  const specifiers = (node["specifiers"] as SyntaxNode[]).map((specifier) => {
    const exported = specifier["exported"] as SyntaxNode;
    return `${isType(specifier["exportKind"]) ? "type " : ""}${String(exported["name"])}`;
  });
  const declaration = node["declaration"];
  if (!isNode(declaration)) return specifiers;
  const declared = (declaration["declarations"] as SyntaxNode[] | undefined) ?? [declaration];
  return [
    ...specifiers,
    ...declared.map(({ id }) => `${isType(null) ? "type " : ""}${String((id as SyntaxNode)["name"])}`),
  ];
}
