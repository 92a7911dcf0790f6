/**
 * @file How many samples each side gets right (`--labels`), as Keras's metric "accuracy" counts them
 * (keras/src/trainers/compile_utils.py, `get_metric`): of an output with one entry whether it exceeds 0.5, else which
 * entry is the largest; labels are class numbers, or have the output's own shape (one-hot).
 */

import { VernierError } from "../base/errors.ts";
import type { AccuracyRow } from "../compare/findings.ts";
import { largestAt } from "../compare/outputs.ts";
import { type RealTensor, realFromTensor } from "../tensor/tensor.ts";
import type { NamedTensor } from "./options.ts";
import { pairedWith, type SidePredictions } from "./seen.ts";

/** keras/src/metrics/accuracy_metrics.py, `binary_accuracy`. */
const THRESHOLD = 0.5;

/** Throws `usage.invalid` where labels do not fit an output, or are no classes of it. */
export function accuracyOf(
  labels: readonly NamedTensor[],
  a: SidePredictions,
  b: SidePredictions,
): AccuracyRow[] {
  return pairedWith(labels, a, "--labels").flatMap(({ name, given, tensor, position }) => {
    const other = b.outputs[position]?.tensor;
    if (other === undefined || other.shape.join() !== tensor.shape.join()) return [];
    const [predictedA, predictedB] = [realFromTensor(tensor), realFromTensor(other)];
    const wanted = classesFrom(realFromTensor(given), predictedA, name);
    const [classA, classB] = [classesOf(predictedA), classesOf(predictedB)];
    const right = (classes: Int32Array, i: number): boolean => classes[i] === wanted[i];
    let [correctA, correctB, onlyA, onlyB] = [0, 0, 0, 0];
    for (let i = 0; i < wanted.length; i++) {
      const [inA, inB] = [right(classA, i), right(classB, i)];
      if (inA) correctA++;
      if (inB) correctB++;
      if (inA && !inB) onlyA++;
      if (inB && !inA) onlyB++;
    }
    const labelled = wanted.length;
    return [{ output: name, labelled, a: correctA / labelled, b: correctB / labelled, onlyA, onlyB }];
  });
}

/** One class for each row of the last axis; -1 where a NaN leaves none. */
function classesOf({ shape, data }: RealTensor): Int32Array {
  const entries = shape.at(-1) ?? 1;
  return Int32Array.from({ length: data.length / entries }, (_, row) => {
    const largest = largestAt(data, row * entries, entries);
    return entries === 1 && largest === 0 ? Number((data[row] as number) > THRESHOLD) : largest;
  });
}

function classesFrom({ shape, data }: RealTensor, { shape: output }: RealTensor, name: string): Int32Array {
  const entries = output.at(-1) ?? 1;
  const oneHot = entries > 1 && shape.join() === output.join();
  if (oneHot) return classesOf({ shape, dtype: "float64", data });
  const rows = output.slice(0, -1).join();
  if (shape.join() !== rows && shape.join() !== [...output.slice(0, -1), 1].join())
    throw invalid(
      name,
      `the output is [${output.join(", ")}], the labels are [${shape.join(", ")}]; class numbers are [${rows}]`,
    );
  const last = Math.max(2, entries) - 1;
  const wrong = data.find((label) => !Number.isInteger(label) || label < 0 || label > last);
  if (wrong !== undefined) throw invalid(name, `${wrong} is no class number from 0 to ${last}`);
  return Int32Array.from(data);
}

const invalid = (name: string, reason: string): VernierError =>
  new VernierError("usage.invalid", { reason: `--labels for "${name}": ${reason}` });
