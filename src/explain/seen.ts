/**
 * @file Predictions that somebody saw in an app or a notebook (`--seen-a`, `--seen-b`): does the model give them for the
 * input that is said to have been fed? Where it does not, something else was fed or another model ran.
 *
 * The app may have run another backend, whose rounding has no bound here. What counts as the same is what TF.js's own
 * tests take for equal (tfjs-core 4.22, test_util.ts: TEST_EPSILON_FLOAT32, TEST_EPSILON_FLOAT16), of the sample's largest
 * prediction, and half of the last digit that the numbers were written with.
 */

import { VernierError } from "../base/errors.ts";
import type { SeenRow } from "../compare/findings.ts";
import { errorOf } from "../compare/judge.ts";
import { indexOf, type RealTensor, realFromTensor, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { numbersOf } from "./inputs/numbers.ts";
import type { NamedTensor } from "./options.ts";

export const TEST_EPSILON_FLOAT32 = 1e-3;
export const TEST_EPSILON_FLOAT16 = 1e-1;

export interface SidePredictions {
  /** In the order of the model's outputs. */
  readonly outputs: readonly { readonly name: string; readonly tensor: Tensor }[];
  /** What the side computes in: "float32", "float16"; null for the reference. */
  readonly arithmetic: string | null;
}

/** One row for each output that was seen. Throws `usage.invalid` where shapes or names do not fit. */
export function compareSeen(
  side: "a" | "b",
  seen: readonly NamedTensor[],
  predicted: SidePredictions,
  other: SidePredictions | null,
): SeenRow[] {
  return pairedWith(seen, predicted, `--seen-${side}`).map(({ name, given, tensor, position }) => {
    const saw = realFromTensor(fitted(given, tensor, { name, option: `--seen-${side}` }));
    const model = realFromTensor(tensor);
    const epsilon = predicted.arithmetic === "float16" ? TEST_EPSILON_FLOAT16 : TEST_EPSILON_FLOAT32;
    const digits = numbersOf(given).grid / 2;
    const apart = worstOf(saw, model, epsilon, digits);
    const [sample = 0, ...index] = indexOf(saw.shape, apart.at);
    const beside = other?.outputs[position]?.tensor;
    return {
      side,
      output: name,
      samples: saw.shape[0] ?? 0,
      maxAbs: apart.maxAbs,
      tolerance: apart.tolerance,
      reproduced: apart.isWithin,
      at: { sample, index, seen: saw.data[apart.at] ?? 0, predicted: model.data[apart.at] ?? 0 },
      otherSide:
        beside === undefined || beside.shape.join() !== tensor.shape.join()
          ? null
          : worstOf(saw, realFromTensor(beside), epsilon, digits).maxAbs,
      feed: null,
    };
  });
}

/** By name where all names are outputs, else in their order. */
export function pairedWith(
  given: readonly NamedTensor[],
  { outputs }: Pick<SidePredictions, "outputs">,
  option: string,
): { name: string; given: Tensor; tensor: Tensor; position: number }[] {
  const positions = given.map(({ name }) => outputs.findIndex((output) => output.name === name));
  const byName = positions.every((at) => at >= 0);
  return given.map(({ tensor: one }, i) => {
    const position = byName ? (positions[i] ?? i) : i;
    const output = outputs[position];
    if (output === undefined) {
      const names = outputs.map(({ name }) => name).join(", ");
      throw new VernierError("usage.invalid", {
        reason: `${option} holds ${given.length} arrays, the model gives ${outputs.length} (${names})`,
      });
    }
    return { name: output.name, given: one, tensor: output.tensor, position };
  });
}

/** A single sample may come without its batch axis. */
function fitted(given: Tensor, output: Tensor, { name, option }: { name: string; option: string }): Tensor {
  if (given.shape.join() === output.shape.join()) return given;
  if (output.shape[0] === 1 && given.shape.join() === output.shape.slice(1).join())
    return { ...given, shape: output.shape };
  throw new VernierError("usage.invalid", {
    reason: `${option}: output "${name}" is [${output.shape.join(", ")}] for this input, the file holds [${given.shape.join(", ")}]`,
  });
}

interface Worst {
  readonly maxAbs: number;
  /** Where it is farthest beyond what is allowed there, else where it is farthest off. */
  readonly at: number;
  readonly tolerance: number;
  readonly isWithin: boolean;
}

function worstOf(seen: RealTensor, model: RealTensor, epsilon: number, digits: number): Worst {
  const row = sizeOf(model.shape.slice(1));
  let [maxAbs, at, excess, tolerance] = [0, 0, Number.NEGATIVE_INFINITY, 0];
  for (let start = 0; start < model.data.length; start += row) {
    let largest = 0;
    for (let i = start; i < start + row; i++)
      if (Number.isFinite(model.data[i])) largest = Math.max(largest, Math.abs(model.data[i] as number));
    const allowed = epsilon * largest + digits;
    for (let i = start; i < start + row; i++) {
      const [x, y] = [seen.data[i] as number, model.data[i] as number];
      // NaN equals nothing, here too.
      const error = Number.isNaN(x) || Number.isNaN(y) ? Number.POSITIVE_INFINITY : errorOf(x, y);
      maxAbs = Math.max(maxAbs, error);
      if (error - allowed <= excess) continue;
      [excess, at, tolerance] = [error - allowed, i, allowed];
    }
  }
  return { maxAbs, at, tolerance, isWithin: excess <= 0 };
}
