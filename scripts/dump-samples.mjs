#!/usr/bin/env node
/**
 * @file Writes every layer definition's samples for `python/record_layers.py`, from the built package.
 *
 *     node scripts/dump-samples.mjs SAMPLES.json
 *
 * A family is a file of `src/layers`, and is named after it.
 */

import { readdirSync, writeFileSync } from "node:fs";
import { LAYERS } from "../dist/layers/index.js";
import { definitionsIn, oracleCasesOf } from "../dist/layers/samples.js";

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error("usage: node scripts/dump-samples.mjs SAMPLES.json");

const folder = new URL("../dist/layers/", import.meta.url);
const cases = [];
for (const file of readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "index.js")) {
  const definitions = definitionsIn(await import(new URL(file, folder).href));
  for (const definition of definitions.filter((found) => LAYERS.includes(found))) {
    cases.push(...oracleCasesOf(file.slice(0, -".js".length), definition));
  }
}
writeFileSync(target, JSON.stringify(cases, null, 1));
