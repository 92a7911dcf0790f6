/** @file Graph models: what TF.js takes and gives by the file, what is named in it, what is refused and in which words. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VernierError } from "../base/errors.ts";
import { openPath } from "./path.node.ts";
import { bytesSource } from "./source.ts";
import { readTfjsGraph, type TfjsGraphFile } from "./tfjs-graph.ts";

const FIXTURES = join(import.meta.dirname, "../../test/fixtures/tfjs-graph");

const text = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
const read = (json: unknown): Promise<TfjsGraphFile> =>
  readTfjsGraph(bytesSource(text(json), "model.json"), async (path) => {
    throw new VernierError("file.unreadable", { reason: "there is no such file" }, { where: path });
  });
const fixture = async (name: string): Promise<TfjsGraphFile> => {
  const { source, openBeside } = await openPath(join(FIXTURES, name));
  return readTfjsGraph(source, openBeside);
};

const X = {
  name: "x",
  op: "Placeholder",
  attr: { dtype: { type: "DT_INT64" }, shape: { shape: { dim: [{ size: "-1" }, { size: "3" }] } } },
};
const Y = { name: "y", op: "Neg", input: ["x"] };
const graph = (node: unknown, more: object = {}): object => ({ modelTopology: { node }, ...more });

test("every fixture is read without a problem", async () => {
  for (const name of readdirSync(FIXTURES)) expect((await fixture(name)).problems).toEqual([]);
});

test("weights are what the manifest says, strings and quantized ones included", async () => {
  const { weights } = await fixture("hash-table");
  const keys = weights.find(({ name }) => name === "keys");
  expect((await keys?.read())?.data).toEqual(["cat", "dog", "bird"]);
  const kernel = (await fixture("mlp-uint8")).weights.find(({ name }) => name.includes("hidden/MatMul"));
  expect(kernel).toMatchObject({ shape: [6, 8], dtype: "float32", quantization: { dtype: "uint8" } });
});

test("loops and hash tables are named, in functions and the initializer too", async () => {
  expect((await fixture("loop")).controlFlow).toEqual([
    { op: "StatelessWhile", function: null, node: "loop" },
  ]);
  const { hashTables, initializer } = await fixture("hash-table");
  expect(hashTables.map(({ op }) => op)).toEqual([
    "HashTableV2",
    "LookupTableFindV2",
    "HashTableV2",
    "LookupTableImportV2",
  ]);
  expect(initializer.length).toBeGreaterThan(0);
  const library = { function: [{ signature: { name: "f" }, nodeDef: [{ name: "choice", op: "If" }] }] };
  const inside = await read({ modelTopology: { node: [X], library } });
  expect(inside.controlFlow).toEqual([{ op: "If", function: "f", node: "choice" }]);
});

test("without a signature, placeholders are taken and ends are given", async () => {
  const { inputs, outputs } = await read(graph([X, Y]));
  expect(inputs).toMatchObject([{ key: "x", dims: [null, 3], dtype: "int32" }]);
  expect(outputs).toMatchObject([{ key: "y", node: "y", dims: null }]);
});

test("the signature in userDefinedMetadata goes before the one beside it, as in TF.js", async () => {
  const signature = (key: string): object => ({
    inputs: { [key]: { name: "x:0", dtype: "DT_FLOAT", tensorShape: { unknownRank: true } } },
  });
  const both = { signature: signature("plain"), userDefinedMetadata: { signature: signature("inner") } };
  expect((await read(graph([X, Y], both))).inputs).toMatchObject([{ key: "inner", node: "x", dims: null }]);
});

test("a table that the initializer hands over is no input of callers", async () => {
  const inputs = {
    table: { name: "nowhere:0", dtype: "DT_RESOURCE", resourceId: 3 },
    x: { name: "x:0", dtype: "DT_FLOAT" },
  };
  expect((await read(graph([X, Y], { signature: { inputs } }))).inputs.map(({ key }) => key)).toEqual(["x"]);
});

const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ["no nodes", { modelTopology: {} }, "config.invalid", "a list"],
  ["a node without a name", graph([{ op: "Neg" }]), "config.invalid", "a string"],
  ["two of one name", graph([X, X]), "graph.malformed", 'two nodes have the name "x"'],
  ["an input from nowhere", graph([{ ...Y, input: ["^gone"] }]), "graph.malformed", '"y" takes in "gone"'],
  [
    "an output that does not exist",
    graph([X, Y], { signature: { outputs: { z: { name: "z:0" } } } }),
    "graph.malformed",
    'the signature names "z"',
  ],
  [
    "a negative size",
    graph([{ ...X, attr: { shape: { shape: { dim: [{ size: "-7" }] } } } }]),
    "config.invalid",
    "a size",
  ],
  [
    "too many axes",
    graph([{ ...X, attr: { shape: { shape: { dim: Array.from({ length: 33 }, () => ({ size: "1" })) } } } }]),
    "file.limit",
    "the number of axes",
  ],
  [
    "a weight file outside the folder",
    graph([X], { weightsManifest: [{ paths: ["../secret"], weights: [] }] }),
    "config.invalid",
    "a path inside the model's folder",
  ],
];

test.each(REFUSED)("%s is refused", async (_what, json, code, words) => {
  const refusal = read(json);
  await expect(refusal).rejects.toMatchObject({ code });
  await expect(refusal).rejects.toThrow(words);
});

test("a constant without values is a problem that names it", async () => {
  const { problems } = await read(graph([{ name: "kernel", op: "Const" }]));
  expect(problems).toMatchObject([{ code: "weights.missing", severity: "error" }]);
  expect(problems[0]?.message).toContain('"kernel"');
});
