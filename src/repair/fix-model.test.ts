/** @file The library's fix: when there is nothing to do, when a proof fails, and what stays the user's. */

import { expect, test } from "vitest";
import { change, type Faulty, kerasFixture, layerIn, openPlanted, planted } from "../../test/planted.ts";
import type { CheckedModel, InputSpec } from "../explain/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fixModel } from "./fix-model.ts";

const negated = (model: Faulty) => change(model, "narrow/kernel", (x) => -x);

test("models that agree are left alone", async () => {
  await using a = await kerasFixture("mlp");
  await using b = await openPlanted(planted("mlp"));
  const fixed = await fixModel({ a, b, engine: "reference" });
  expect(fixed).toMatchObject({
    report: { verdict: "agree" },
    repairs: [],
    yours: [],
    files: [],
    after: null,
  });
});

test("what is accepted is left as it is; the rest is repaired", async () => {
  await using a = await kerasFixture("mlp");
  const two = planted("mlp", (model) => {
    negated(model);
    layerIn(model, "hidden").config["activation"] = "elu";
  });
  await using b = await openPlanted(two);
  const fixed = await fixModel({ a, b, engine: "reference", accept: ["config:hidden"] });
  expect(fixed.repairs.map(({ id }) => id)).toEqual(["weights-from-a"]);
  expect(fixed.files).not.toEqual([]);
  expect(fixed.after?.causes).toMatchObject([{ kind: "config", layer: "hidden", accepted: true }]);
});

test("another input is the user's to repair; the file is repaired and proved on A's input", async () => {
  await using a = await kerasFixture("mlp");
  await using b = await openPlanted(planted("mlp", negated));
  const fed = (factor: number) =>
    [
      {
        name: null,
        tensor: {
          shape: [1, 6],
          dtype: "float32",
          data: Float32Array.from([0, 1, 2, 3, 4, 5], (x) => x * factor),
        },
      },
    ] as const;
  const input: InputSpec = { source: "files", a: fed(1), b: fed(255) };
  const fixed = await fixModel({ a, b, engine: "reference", input });
  expect(fixed.yours).toMatchObject([{ kind: "input", hint: expect.stringContaining("255") }]);
  expect(fixed).toMatchObject({ after: { verdict: "agree", causes: [] }, problems: [] });
  expect(fixed.files).not.toEqual([]);
});

test("other layers are beyond repair: nothing is made, and the way out is a conversion", async () => {
  await using a = await kerasFixture("cnn-residual");
  await using b = await openPlanted(
    planted("cnn-residual", (model) => {
      layerIn(model, "a_add").class_name = "Multiply";
      change(model, "stem/kernel", (x) => -x);
    }),
  );
  const fixed = await fixModel({ a, b, engine: "reference" });
  expect(fixed).toMatchObject({ repairs: [], files: [], after: null });
  expect(fixed.yours).toContainEqual(
    expect.objectContaining({
      kind: "structure",
      hint: expect.stringContaining("vernier convert cnn-residual.h5"),
    }),
  );
});

test("a weight that is written wrong fails the proof, and no file is handed out", async () => {
  await using a = await kerasFixture("mlp");
  await using b = await openPlanted(planted("mlp", negated));
  const fixed = await fixModel({ a: writtenWrong(a), b, engine: "reference" });
  expect(fixed.files).toEqual([]);
  expect(fixed.after?.verdict).toBe("differ");
  expect(fixed.problems).toContainEqual(expect.objectContaining({ code: "fix.differs", severity: "error" }));
});

/** Writers take weights in pieces, checks take them whole: here the pieces are wrong by one. */
function writtenWrong(side: CheckedModel): CheckedModel {
  const plusOne = (tensor: Tensor): Tensor => ({
    ...tensor,
    data: (tensor.data as Float32Array).map((value) => value + 1),
  });
  const layers = side.model.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({
      ...weight,
      async *pieces() {
        yield plusOne(await weight.read());
      },
    })),
  }));
  return { ...side, model: { ...side.model, layers } };
}
