/** @file Damaged graph models: no hang and no crash; a typed error, or a file whose weights can be read or refused. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isVernierError, VernierError } from "../../src/base/errors.ts";
import { graphFlow } from "../../src/compare/graph-flow.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { readTfjsGraph } from "../../src/formats/tfjs-graph.ts";
import { inspectGraph, renderInspectGraph } from "../../src/report/inspect-graph.ts";
import { mutate } from "../mutations.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/tfjs-graph");
const COUNT = Number(process.env["VERNIER_MUTATIONS"] ?? 200);
const FIRST = Number(process.env["VERNIER_SEED"] ?? 1);

async function readEverything(json: Uint8Array, folder: string): Promise<void> {
  const graph = await readTfjsGraph(bytesSource(json, "model.json"), async (path) => {
    if (path !== "group1-shard1of1.bin")
      throw new VernierError("file.unreadable", { reason: "no such file" });
    return bytesSource(readFileSync(join(folder, path)), path);
  });
  expect(graphFlow(graph.nodes).order).toHaveLength(graph.nodes.length);
  renderInspectGraph(inspectGraph(graph, null), "model.json");
  for (const weight of graph.weights) await weight.read();
}

test.each(readdirSync(FIXTURES))("%s, damaged", async (name) => {
  const folder = join(FIXTURES, name);
  const original = Uint8Array.from(readFileSync(join(folder, "model.json")));
  await readEverything(original, folder);
  const codes = new Map<string, number>();
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    const { mutated, what } = mutate(original, seed);
    let code = "read";
    try {
      await readEverything(mutated, folder);
    } catch (error) {
      if (!isVernierError(error) || error.code === "internal")
        throw new Error(`${what} (seed ${seed}): ${String(error)}`, { cause: error });
      code = error.code;
    }
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codes.get("read")).toBeGreaterThan(0);
  expect(codes.get("file.malformed")).toBeGreaterThan(0);
});
