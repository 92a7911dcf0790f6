/**
 * @file The budget over random models with random faults: columns evaluated on their own sum to their brackets, the
 * hybrids end in the other side's reference, the planted fault gets the term, the residual keeps INTERFACE's limit.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import { matchModels } from "../compare/match.ts";
import { evaluate } from "../model/evaluate.ts";
import type { Model } from "../model/model.ts";
import { weightCache } from "../model/weights.ts";
import { randomFrom } from "../numerics/random.ts";
import { float64Ops } from "../ops/float64.ts";
import { type RealTensor, realFromTensor, type Tensor } from "../tensor/tensor.ts";
import { formBudget } from "./budget.ts";
import { findDifferences } from "./differences.ts";
import type { SideEvidence } from "./evidence.ts";

const ops = float64Ops();

/** A branch, a shared layer and an element-wise join, as deep as asked. */
function model(depth: number, seed: number): Model {
  const builder = new ModelBuilder(seed);
  let x = builder.input("x", [null, 4]);
  for (let i = 0; i < depth; i++) {
    const y = builder.layer(
      `dense_${i}`,
      { class_name: "Dense", config: { units: 4, activation: i % 2 === 0 ? "tanh" : "linear" } },
      x,
    );
    const z = builder.layer("shared", { class_name: "Dense", config: { units: 4 } }, y);
    x = builder.layer(`add_${i}`, { class_name: "Add" }, x, z);
  }
  return builder.output(builder.layer("out", { class_name: "Dense", config: { units: 2 } }, x)).build();
}

/** The same model with one number of one weight changed. */
function withFault(base: Model, layer: number, weight: number, at: number, by: number): Model {
  return {
    ...base,
    layers: base.layers.map((entry, i) =>
      i !== layer
        ? entry
        : {
            ...entry,
            weights: entry.weights.map((stored, j) =>
              j !== weight
                ? stored
                : {
                    ...stored,
                    async read(): Promise<Tensor> {
                      const { data, ...rest } = realFromTensor(await stored.read());
                      const changed = data.slice();
                      const index = at % changed.length;
                      changed[index] = Math.fround((changed[index] ?? 0) + by);
                      return { ...rest, data: changed };
                    },
                  },
            ),
          },
    ),
  };
}

/** An engine that rounds every layer's output to float32 and, at one call, adds `error`. */
async function engineOf(
  which: Model,
  inputs: readonly Tensor[],
  wrongCall: number,
  error: number,
  name: string,
): Promise<SideEvidence> {
  const weights = weightCache();
  const activations: RealTensor[][] = [];
  const run = async (known: boolean): Promise<RealTensor[]> =>
    evaluate<RealTensor>(which, ops, {
      inputs: inputs.map(realFromTensor),
      weightsOf: (layer) => weights.weightsOf(which, layer),
      ...(known ? { given: (call: number) => activations[call] } : {}),
      onCall(call, { outputs }) {
        activations[call] ??= outputs.map(({ data, ...rest }) => ({
          ...rest,
          data: data.map((value) => Math.fround(value + (call === wrongCall ? error : 0))),
        }));
      },
    });
  // Call by call, so that each sees the rounded outputs of those before it.
  activations[0] = inputs.map(realFromTensor);
  for (let upTo = 1; upTo < which.calls.length; upTo++) {
    const kept = activations.slice(0, upTo);
    activations.length = upTo;
    await evaluate<RealTensor>(which, ops, {
      inputs: inputs.map(realFromTensor),
      weightsOf: (layer) => weights.weightsOf(which, layer),
      given: (call) => kept[call],
      onCall(call, { outputs }) {
        if (call === upTo)
          activations[call] = outputs.map(({ data, ...rest }) => ({
            ...rest,
            data: data.map((value) => Math.fround(value + (call === wrongCall ? error : 0))),
          }));
      },
    });
  }
  const predictions = await run(true);
  return {
    model: which,
    engine: name,
    arithmetic: { name } as never,
    inputs,
    predictions,
    activations,
    certificates: [],
  };
}

const LIMIT = 8 * 2 ** -53;
const columnOf = (values: readonly number[]): { sum: number; scale: number } => ({
  sum: values.reduce((total, value) => total + value, 0),
  scale: values.reduce((total, value) => total + Math.abs(value), 0),
});

describe("the budget closes", () => {
  test("over random models with one planted weight fault and one planted engine fault each", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.nat(100),
        fc.nat(100),
        fc.constantFrom(2 ** -20, 0.01, 1),
        async (depth, seed, whichLayer, where, size) => {
          const a = model(depth, seed);
          const layer = whichLayer % a.layers.length;
          const target = a.layers[layer]?.weights.length === 0 ? 0 : layer;
          const b = withFault(a, target, 0, where, size);
          const random = randomFrom(seed);
          const x: Tensor = {
            shape: [1, 4],
            dtype: "float32",
            data: Float32Array.from({ length: 4 }, () => random.normal()),
          };
          const weights = weightCache();
          const matching = await matchModels(a, b);
          const { differences } = await findDifferences(a, b, matching, weights);
          expect(differences.map(({ layerA }) => layerA)).toEqual([target]);
          const wrong = 1 + (where % (b.calls.length - 1));
          const sideA = await engineOf(a, [x], -1, 0, "a");
          const sideB = await engineOf(b, [x], wrong, size, "b");
          const at = { outputA: 0, outputB: 0, name: "out", sample: 0, index: [where % 2] };
          const evidence = { a: sideA, b: sideB, matching, weights };
          const { budget, effects } = await formBudget({
            evidence,
            ops,
            at,
            differences,
            switchable: true,
            inputsForA: [0],
          });

          expect(Math.abs(budget.residual)).toBeLessThanOrEqual(LIMIT * budget.scale);
          for (const [bracket, column] of [
            [budget.environmentB, budget.byLayer.map((line) => line.environmentB)],
            [budget.serialization, budget.byLayer.map((line) => line.serialization)],
            [budget.environmentA - budget.fusionA, budget.byLayer.map((line) => line.environmentA)],
          ] as const) {
            const { sum, scale } = columnOf(column);
            // The values that the terms are differences of are rounded once each: that is the scale of the split.
            expect(Math.abs(sum - bracket)).toBeLessThanOrEqual(LIMIT * (scale + budget.scale));
          }
          // The one difference has the whole serialization term, and repairing it alone undoes it.
          expect(effects[0]?.contribution).toBe(budget.serialization);
          const path = a.layers[target]?.path;
          expect(
            budget.byLayer.filter((line) => line.serialization !== 0).every((line) => line.layer === path),
          ).toBe(true);
          // A gross engine fault dominates its own line.
          if (size === 1) {
            const worst = budget.byLayer.toSorted(
              (p, q) => Math.abs(q.environmentB) - Math.abs(p.environmentB),
            )[0];
            const faulty = b.calls[wrong]?.id;
            const own = budget.byLayer.find((line) => line.layer === faulty)?.environmentB ?? 0;
            if (own !== 0) expect(worst?.layer).toBe(faulty);
          }
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });
});
