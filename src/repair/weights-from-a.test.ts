/** @file Weights taken from A: those that differ and no others, and B's words stay. */

import { expect, test } from "vitest";
import { change, kerasFixture, openPlanted, planted } from "../../test/planted.ts";
import { fixModel } from "./fix-model.ts";
import { weightsFromA } from "./weights-from-a.ts";

test.each([
  ["negated", (value: number) => -value],
  ["dropped", () => 0],
  ["another training run", (_: number, i: number) => Math.sin(i)],
  ["one value a little off", (value: number, i: number) => (i === 3 ? value + 2 ** -20 : value)],
])("a kernel that is %s is A's again, and the repaired model agrees", async (_, to) => {
  await using a = await kerasFixture("mlp");
  await using b = await openPlanted(planted("mlp", (model) => change(model, "narrow/kernel", to)));
  const fixed = await fixModel({ a, b, engine: "reference" });
  expect(fixed.report.causes).toMatchObject([{ kind: "weights", repair: "weights-from-a" }]);
  expect(fixed.repairs).toMatchObject([{ id: "weights-from-a", layer: "narrow", field: "kernel" }]);
  expect(fixed).toMatchObject({ yours: [], problems: [], after: { verdict: "agree" } });
  expect(fixed.files.map(({ name }) => name)).toEqual(["group1-shard1of1.bin", "model.json"]);
});

test("weights that are A's already are B's own still, and a pass without causes does nothing", async () => {
  await using a = await kerasFixture("mlp");
  await using b = await openPlanted(planted("mlp", (model) => change(model, "narrow/kernel", (x) => -x)));
  const { report } = await fixModel({ a, b, engine: "reference" });
  const context = { a: a.model, causes: report.causes, refusal: null };
  const after = weightsFromA.apply(b.model, context)?.model;
  const changed = b.model.layers.flatMap(({ path, weights }, i) =>
    weights.flatMap(({ spec, read }, j) =>
      read === after?.layers[i]?.weights[j]?.read ? [] : [`${path}/${spec.name}`],
    ),
  );
  expect(changed).toEqual(["narrow/kernel"]);
  expect(weightsFromA.apply(b.model, { ...context, causes: [] })).toBeUndefined();
});
