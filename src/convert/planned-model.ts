/** @file The canonical model that a plan comes to: what a reader of the target should find, with the source's weights. */

import { buildGraph } from "../dialects/build.ts";
import type { Model, ModelLayer } from "../model/model.ts";
import { flatLayers } from "./flat-layers.ts";
import type { Plan } from "./plan.ts";
import { modelJson } from "./topology-json.ts";

export function modelFromPlan(plan: Plan): Model {
  const { source, to, topology } = plan;
  const json = modelJson(topology, topology.name ?? "model", to);
  const graph = buildGraph(json, { dialect: to, writtenIn: to, maskRules: source.maskRules }, ["plan"]);
  const planned = new Map(flatLayers(topology).map(({ layer }) => [layer.path, layer]));
  const layers = graph.layers.map((built): ModelLayer => {
    const weights = planned.get(built.path)?.weights ?? [];
    return {
      ...built,
      weights: built.layer.weights.flatMap((spec) => {
        const weight = weights.find(({ name }) => name === spec.name);
        if (weight === undefined) return [];
        const { source: from } = weight;
        const { dtype, shape } = from;
        return [
          {
            spec,
            fileName: `${built.path}/${spec.name}`,
            dtype,
            shape,
            quantization: null,
            read: () => from.read(),
            pieces: (maxBytes?: number) => from.pieces(maxBytes),
          },
        ];
      }),
    };
  });
  return { ...source, ...graph, layers, dialect: to };
}
