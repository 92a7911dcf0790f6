/** @file The page about formats lists every layer that has a definition, and no other. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LAYERS } from "../../src/layers/index.ts";
import { blocksFromMarkdown } from "./blocks.ts";

test("docs/formats.md lists the layers that have a definition", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/formats.md"), "utf8");
  const list = blocksFromMarkdown("docs/formats.md", page).find(({ language }) => language === "text");
  expect(list?.text.trim().split(/\s+/)).toEqual(LAYERS.map(({ classNames: [name] }) => name).sort());
});
