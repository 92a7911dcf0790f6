/**
 * @file Layers whose config means something else than A's mean the same again: A's layer takes the place of B's. Its
 * words are A's own; they are translated when the model is written, by a rewrite where B's format has no word for it.
 */

import type { Cause } from "../compare/findings.ts";
import { showValue } from "../explain/causes/shown-value.ts";
import type { Model, ModelLayer } from "../model/model.ts";
import type { Repair, RepairMade } from "./repair.ts";

const id = "config-from-a";

export const configFromA: Repair = {
  id,
  summary: "Config taken from A",
  apply(model, { a, causes }) {
    const own = causes.filter(({ repair }) => repair === id);
    const made: RepairMade[] = [];
    const layers = model.layers.map((entry): ModelLayer => {
      const here = own.filter(({ layerB }) => layerB === entry.path);
      const trusted = a.layers.find(({ path }) => path === here[0]?.layer);
      if (trusted === undefined) return entry;
      made.push(
        ...here.map(({ field, valueA, valueB }) => ({
          id,
          layer: entry.path,
          field,
          message:
            field === null
              ? "weights in A's shapes"
              : `${field} ${showValue(valueB, LONGEST)} → ${showValue(valueA, LONGEST)}`,
        })),
      );
      return layerOf(a, trusted, entry);
    });
    if (made.length === 0) return undefined;
    return { model: withDims({ ...model, layers }, a, own), made };
  },
};

/** Weights stay B's where their shapes are A's; which numbers they hold is another repair's business. */
function layerOf(a: Model, trusted: ModelLayer, { path, layer, weights }: ModelLayer): ModelLayer {
  const sameWeights =
    JSON.stringify(layer.weights.map(nameAndShape)) ===
    JSON.stringify(trusted.layer.weights.map(nameAndShape));
  return {
    path,
    layer: trusted.layer,
    intended: null,
    weights: sameWeights ? weights : trusted.weights,
    fileConfig: trusted.fileConfig,
    writtenIn: trusted.writtenIn ?? a.dialect,
  };
}

const nameAndShape = ({ name, shape }: { name: string; shape: readonly number[] }) => [name, shape];

/** Another config may give another shape (strides, units); what comes after it is then A's shape too. */
function withDims(model: Model, a: Model, causes: readonly Cause[]): Model {
  const pathInA = new Map(causes.map(({ layer, layerB }) => [layerB, layer]));
  const calls = model.calls.map((call) => {
    const [path = "", count] = call.id.split("#");
    const from = pathInA.get(path) ?? path;
    const trusted = a.calls.find(
      ({ id: known }) => known === (count === undefined ? from : `${from}#${count}`),
    );
    return trusted === undefined || trusted.outputs.length !== call.outputs.length
      ? call
      : { ...call, outputs: trusted.outputs };
  });
  return { ...model, calls };
}

const LONGEST = 40;
