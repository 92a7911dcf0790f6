/** @file Everything in which two matched files differ in meaning: the steps of the hybrids, and their causes. */

import { type Ahead, inAdvance } from "../base/in-advance.ts";
import type { Matching } from "../compare/match.ts";
import { refusedLayers } from "../convert/sayable.ts";
import type { Model, ModelLayer } from "../model/model.ts";
import { READ_AHEAD_NUMBERS, type WeightCache } from "../model/weights.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { configFindings, differingKeys } from "./causes/config.ts";
import { equalValues, weightFinding } from "./causes/weights.ts";
import type { FileDifference } from "./evidence.ts";
import type { Finding } from "./finding.ts";

export interface FileDifferences {
  /** In topological order of A: config of a layer before its weights, those in file order. */
  readonly differences: readonly FileDifference[];
  readonly findings: readonly Finding[];
}

const AHEAD: Ahead<{ readonly entryA: ModelLayer }> = {
  sizeOf: ({ entryA }) => entryA.weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  limit: READ_AHEAD_NUMBERS,
};

export async function findDifferences(
  a: Model,
  b: Model,
  matching: Matching,
  weights: WeightCache,
): Promise<FileDifferences> {
  const differences: FileDifference[] = [];
  const findings: Finding[] = [];
  let refused: ReadonlySet<string> | null = null;
  const pairs = matchedInOrder(a, matching).flatMap(({ layerA, layerB }) => {
    const [entryA, entryB] = [a.layers[layerA], b.layers[layerB]];
    if (entryA === undefined || entryB === undefined) return [];
    const [shapesA, shapesB] = [entryA, entryB].map(({ layer }) => layer.weights.map(shapeOf).join());
    return [{ layerA, layerB, entryA, entryB, sameWeights: shapesA === shapesB }];
  });
  const read = async ({ layerA, layerB, sameWeights }: (typeof pairs)[number]) =>
    sameWeights ? { a: await weights.weightsOf(a, layerA), b: await weights.weightsOf(b, layerB) } : null;
  for await (const [pair, values] of inAdvance(pairs, read, AHEAD)) {
    const { layerA, layerB, entryA, entryB, sameWeights } = pair;
    const keys = differingKeys(entryA.layer, entryB.layer);
    if (keys.length > 0 || !sameWeights) {
      const difference = { kind: sameWeights ? "config" : "layer", layerA, layerB, keys } as const;
      differences.push(difference);
      refused ??= refusedLayers(a, b.dialect);
      const sayable = !refused.has(entryA.path);
      if (keys.length > 0) findings.push(...configFindings(entryA, entryB, difference, sayable));
      if (keys.length === 0) findings.push(shapeFinding(entryA.path, entryB.path, difference, sayable));
    }
    if (values === null) continue;
    for (const { name } of entryA.layer.weights) {
      const valueA = values.a.get(name);
      const valueB = values.b.get(name);
      const stored = entryB.weights.find((weight) => weight.spec.name === name);
      if (valueA === undefined || valueB === undefined || stored === undefined || equalValues(valueA, valueB))
        continue;
      const difference = { kind: "weight", layerA, layerB, name } as const;
      differences.push(difference);
      findings.push(weightFinding(entryA, entryB, stored, { a: valueA, b: valueB }, difference));
    }
  }
  return { differences, findings };
}

function matchedInOrder(a: Model, { layers }: Matching): { layerA: number; layerB: number }[] {
  const firstCall = new Map<number, number>();
  for (const [index, call] of a.calls.entries())
    if (!firstCall.has(call.layer)) firstCall.set(call.layer, index);
  return layers
    .flatMap((match) => (match.a === null || match.b === null ? [] : [{ layerA: match.a, layerB: match.b }]))
    .sort((x, y) => (firstCall.get(x.layerA) ?? 0) - (firstCall.get(y.layerA) ?? 0));
}

const shapeOf = ({ name, shape }: { name: string; shape: readonly number[] }): string =>
  `${name}[${shape.join(" ")}]`;

function shapeFinding(path: string, pathB: string, difference: FileDifference, sayable: boolean): Finding {
  return {
    kind: "structure",
    // The layer before it gives another width, which is repaired with it.
    repair: sayable ? "config-from-a" : null,
    side: "between",
    layer: path,
    layerB: pathB,
    detail: "weight-shapes",
    message: `the weights of ${path} have other shapes in the other file`,
    hint: "the layers take inputs of different sizes; convert the model again from the file that you trust",
    difference,
  };
}
