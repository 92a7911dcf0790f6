/** @file Weights that hold other numbers than A's (quantized, permuted, of another training run, …) are A's again. */

import type { Cause } from "../compare/findings.ts";
import type { Model, ModelLayer, ModelWeight } from "../model/model.ts";
import type { Repair, RepairMade } from "./repair.ts";

const id = "weights-from-a";

export const weightsFromA: Repair = {
  id,
  summary: "Weights taken from A",
  apply(model, { a, causes }) {
    const own = causes.filter(({ repair }) => repair === id);
    const made: RepairMade[] = [];
    const layers = model.layers.map((entry): ModelLayer => {
      const here = own.filter(({ layerB }) => layerB === entry.path);
      if (here.length === 0) return entry;
      const weights = entry.weights.map((weight): ModelWeight => {
        const cause = here.find(({ field }) => field === weight.spec.name);
        const found = cause === undefined ? undefined : weightOf(a, cause);
        if (cause === undefined || found === undefined) return weight;
        made.push({ id, layer: entry.path, field: cause.field, message: cause.message });
        return { ...found, spec: weight.spec };
      });
      return { ...entry, weights };
    });
    return made.length === 0 ? undefined : { model: { ...model, layers }, made };
  },
};

const weightOf = (a: Model, { layer, field }: Cause): ModelWeight | undefined =>
  a.layers.find(({ path }) => path === layer)?.weights.find(({ spec }) => spec.name === field);
