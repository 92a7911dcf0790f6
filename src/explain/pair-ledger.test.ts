/** @file The ledger of pairs that are there, made by others than us, with differences put into B. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readModelPath } from "../dialects/read.node.ts";
import { readModel } from "../dialects/read-model.ts";
import { pairLedger } from "./pair-ledger.ts";

const FIXTURES = new URL("../../test/fixtures/", import.meta.url).pathname;
const shard = new Uint8Array(readFileSync(`${FIXTURES}tfjs/mlp/group1-shard1of1.bin`));
const json = readFileSync(`${FIXTURES}tfjs/mlp/model.json`, "utf8");

async function ledgerOfPair(text: string, weights = shard) {
  await using a = await readModelPath(`${FIXTURES}keras2/mlp.h5`);
  await using b = await readModel(new TextEncoder().encode(text), {
    openBeside: () => weights,
    name: "model.json",
  });
  return await pairLedger(a, b);
}

/** Path → fate and note, of what is not simply carried. */
const changed = ({ entries }: Awaited<ReturnType<typeof ledgerOfPair>>): { [path: string]: string } =>
  Object.fromEntries(entries.map(({ path, fate, note }) => [path, `${fate}: ${note}`]));

test("a pair that TensorFlow.js's converter would make: every key and weight once, nothing lacking", async () => {
  const ledger = await ledgerOfPair(json);
  expect(ledger).toMatchObject({
    schema: "vernier.ledger/1",
    source: { dialect: "keras2" },
    target: { path: "model.json", format: "tfjs-layers", dialect: "tfjs" },
  });
  const paths = ledger.entries.map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths).toContain("hidden/config/units");
  expect(paths).toContain("hidden/weights/kernel");
  expect(ledger.entries.filter(({ note }) => /B |B's/.test(note ?? ""))).toEqual([]);
});

test("what B has otherwise, lacks, or leaves to a default is noted, and nothing else", async () => {
  const before = changed(await ledgerOfPair(json));
  const text = json
    .replace('"units": 8, "activation": "relu"', '"units": 8, "activation": "elu"')
    .replace('"units": 5, "activation": "tanh"', '"units": 5')
    .replace('"rate": 0.2', '"rate": 0.3');
  const weights = shard.slice();
  weights[0] = (weights[0] ?? 0) ^ 1;
  const after = changed(await ledgerOfPair(text, weights));
  const differing = Object.fromEntries(Object.entries(after).filter(([path, said]) => before[path] !== said));
  expect(differing).toMatchObject({
    "hidden/config/activation": 'carried: B has "elu" in place of "relu"',
    "narrow/config/activation": 'defaulted: B does not say it; it means "linear" in place of "tanh"',
  });
  expect(Object.values(differing).filter((said) => said.includes("1 of B's"))).toHaveLength(1);
  expect(Object.keys(differing)).toHaveLength(4);
});

test("a layer that B lacks", async () => {
  const ledger = await ledgerOfPair(json.replaceAll('"hidden', '"other'));
  const lacking = ledger.entries.filter(({ note }) => note?.includes('B has no layer "hidden"'));
  expect(lacking.length).toBeGreaterThan(5);
  expect(lacking.every(({ path, to }) => path.startsWith("hidden/") && to === null)).toBe(true);
});
