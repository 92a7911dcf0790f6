/** @file Where an engine is cut off from the reference after it, and that masks hold across the cut. */

import { describe, expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import { evaluate } from "../model/evaluate.ts";
import { weightCache } from "../model/weights.ts";
import { float64Ops } from "../ops/float64.ts";
import { type RealTensor, real } from "../tensor/tensor.ts";
import { chooseCuts, cutByCut } from "./environment.ts";

describe("where to cut", () => {
  const even = new Array<number>(10).fill(10);
  const none: readonly number[] = [];

  test("a small model is cut everywhere", () => {
    expect(chooseCuts(even, none, none, { most: 10, least: 2, work: 1000 })).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  test("refuted calls come first; calls that cost too much are passed over for cheaper ones", () => {
    expect(chooseCuts(even, [1], [2, 8, 3], { most: 8, least: 3, work: 200 })).toEqual([0, 1, 7, 8, 9]);
    expect(chooseCuts(even, [1], [2, 8, 3], { most: 8, least: 4, work: 0 })).toEqual([0, 1, 2, 9]);
  });

  test("there are never more than asked for, but for the second side of the last", () => {
    expect(chooseCuts(even, [5, 3, 7], none, { most: 4, least: 4, work: 1e9 })).toEqual([2, 3, 4, 5, 9]);
  });
});

test("a mask that an early layer makes still holds behind a cut", async () => {
  const builder = new ModelBuilder(3);
  let x = builder.input("x", [null, 4, 2]);
  x = builder.layer("masking", { class_name: "Masking", config: { mask_value: 0 } }, x);
  x = builder.layer("dense", { class_name: "Dense", config: { units: 3 } }, x);
  x = builder.layer("rnn", { class_name: "SimpleRNN", config: { units: 2 } }, x);
  const model = builder.output(x).build();
  const ops = float64Ops();
  const weights = weightCache();
  const weightsOf = (layer: number) => weights.weightsOf(model, layer);
  const inputs = [real([1, 4, 2], [1, 2, -1, 0.5, 0, 0, 0, 0])];
  const activations: RealTensor[][] = [];
  const wanted = await evaluate<RealTensor>(model, ops, {
    inputs,
    weightsOf,
    onCall: (call, { outputs }) => {
      activations[call] = [...outputs];
    },
  });
  const read = ([output]: readonly RealTensor[]): number => output?.data[0] ?? Number.NaN;
  const cuts = model.calls.map((_, call) => call);
  const { reference, values } = await cutByCut({ model, ops, weightsOf, inputs, activations, read }, cuts);
  // The engine is the reference itself: every continuation gives its number, which a lost mask would change.
  expect([reference, ...values]).toEqual([reference, ...cuts].map(() => read(wanted)));
  const unmasked = await evaluate<RealTensor>(model, ops, {
    inputs,
    weightsOf,
    known: (call) => (call < 3 ? { outputs: activations[call] ?? inputs, masks: [null] } : undefined),
  });
  expect(read(unmasked)).not.toBe(read(wanted));
});
