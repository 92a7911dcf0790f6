/** @file Layers of two models pair by path, position or weights; what is left is structure. */

import { expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import type { Model } from "../model/model.ts";
import { matchModels } from "./match.ts";

const dense = (units: number, activation = "tanh") => ({
  class_name: "Dense",
  config: { units, activation },
});
const drop = { class_name: "Dropout" };

function chain(names: readonly string[], { seed = 1, dropout = false } = {}): Model {
  const m = new ModelBuilder(seed);
  let x = m.input("x", [null, 4]);
  for (const name of names) {
    x = m.layer(name, dense(4), x);
    if (dropout) x = m.layer(`${name}_drop`, drop, x);
  }
  return m.output(x).build();
}

const names = (a: Model, b: Model, { layers }: Awaited<ReturnType<typeof matchModels>>): string[] =>
  layers.map((match) => `${a.layers[match.a ?? -1]?.path}=${b.layers[match.b ?? -1]?.path} ${match.by}`);

test("equal names pair by path, and Dropout on one side is no difference", async () => {
  const [a, b] = [chain(["p", "q"], { dropout: true }), chain(["p", "q"])];
  const matching = await matchModels(a, b);
  expect(matching.structure).toEqual([]);
  expect(names(a, b, matching)).toEqual([
    "p=p path",
    "p_drop=undefined null",
    "q=q path",
    "q_drop=undefined null",
  ]);
  expect(matching.outputs).toEqual([{ a: 0, b: 0 }]);
});

test("every call of a shared layer that changes nothing has its twin", async () => {
  const build = (): Model => {
    const m = new ModelBuilder();
    const once = m.layer("same", drop, m.layer("p", dense(4), m.input("x", [null, 4])));
    return m.output(m.layer("same", drop, m.layer("q", dense(4), once))).build();
  };
  const [a, b] = [build(), build()];
  const { callB, structure } = await matchModels(a, b);
  expect(structure).toEqual([]);
  expect(callB).toEqual(a.calls.map((_, call) => call));
});

test("names that Keras counted up further name other layers: the connections decide", async () => {
  const [a, b] = [chain(["dense", "dense_1", "dense_2"]), chain(["dense_1", "dense_2", "dense_3"])];
  const matching = await matchModels(a, b);
  expect(matching.structure).toEqual([]);
  expect(names(a, b, matching)).toEqual([
    "dense=dense_1 position",
    "dense_1=dense_2 position",
    "dense_2=dense_3 position",
  ]);
});

test("a nested layer pairs with the flat one", async () => {
  const [a, b] = [chain(["inner/p", "top"]), chain(["p", "top"])];
  expect((await matchModels(a, b)).structure).toEqual([]);
});

test("one output against three: the layers pair, the other outputs are structure", async () => {
  const build = (all: boolean): Model => {
    const m = new ModelBuilder();
    const p = m.layer("p", dense(4), m.input("x", [null, 4]));
    const q = m.layer("q", dense(3), p);
    const r = m.layer("r", dense(2), q);
    return (all ? m.output(p, q, r) : m.output(r)).build();
  };
  const matching = await matchModels(build(false), build(true));
  expect(matching.outputs).toEqual([{ a: 0, b: 2 }]);
  expect(matching.structure.map(({ kind, nameB }) => `${kind} ${nameB}`)).toEqual(["outputs p", "outputs q"]);
});

test("swapped outputs pair by the layer that produces them", async () => {
  const build = (swapped: boolean): Model => {
    const m = new ModelBuilder();
    const x = m.input("x", [null, 4]);
    const [p, q] = [m.layer("p", dense(2), x), m.layer("q", dense(2), x)];
    return (swapped ? m.output(q, p) : m.output(p, q)).build();
  };
  expect((await matchModels(build(false), build(true))).outputs).toEqual([
    { a: 0, b: 1 },
    { a: 1, b: 0 },
  ]);
});

test("a layer too many, another class and another connection are named", async () => {
  const m = new ModelBuilder();
  const x = m.input("x", [null, 4]);
  const p = m.layer("p", dense(4), x);
  m.output(m.layer("q", dense(4), m.layer("extra", { class_name: "ReLU" }, p)));
  const extra = await matchModels(chain(["p", "q"]), m.build());
  expect(extra.structure).toEqual(
    expect.arrayContaining([expect.objectContaining({ kind: "extra-layer", nameA: null, nameB: "extra" })]),
  );
  expect(extra.layers.filter((match) => match.a !== null && match.b !== null)).toHaveLength(2);

  const residual = (from: 0 | 1, className: string): Model => {
    const n = new ModelBuilder();
    const start = n.input("x", [null, 4]);
    const first = n.layer("first", dense(4), start);
    const second = n.layer("second", dense(4), first);
    return n
      .output(n.layer("join", { class_name: className }, second, [start, first][from] ?? start))
      .build();
  };
  const kinds = async (b: Model) =>
    (await matchModels(residual(0, "Add"), b)).structure.map(({ kind, nameA }) => `${kind} ${nameA}`);
  expect(await kinds(residual(1, "Add"))).toEqual(["connections join"]);
  expect(await kinds(residual(0, "Multiply"))).toContain("class join");
});

test("layers that only their weights tell apart pair by them", async () => {
  const build = (order: readonly string[], extra: boolean): Model => {
    const m = new ModelBuilder();
    const x = m.input("x", [null, 4]);
    const start = extra ? m.layer("more", { class_name: "ReLU" }, x) : x;
    return m.output(...order.map((name) => m.layer(name, dense(4), start))).build();
  };
  const [a, b] = [build(["p", "q"], false), build(["s", "t"], true)];
  expect(names(a, b, await matchModels(a, b))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^p=s/), expect.stringMatching(/^q=t/)]),
  );
});
