/** @file The pages for users list every layer that has a definition and every rewrite, and no other. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REWRITES } from "../../src/convert/rewrites/index.ts";
import { LAYERS } from "../../src/layers/index.ts";
import { blocksFromMarkdown } from "./blocks.ts";

const page = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../docs", `${name}.md`), "utf8");

test("docs/formats.md lists the layers that have a definition", () => {
  const list = blocksFromMarkdown("formats.md", page("formats")).find(({ language }) => language === "text");
  expect(list?.text.trim().split(/\s+/)).toEqual(LAYERS.map(({ classNames: [name] }) => name).sort());
});

test("docs/converting.md lists the rewrites in the order in which they are tried", () => {
  const [, table = ""] = page("converting").split("| Name | What becomes what |");
  const names = [...(table.split("\n\n")[0] ?? "").matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, id]) => id);
  expect(names).toEqual(REWRITES.map(({ id }) => id));
});
