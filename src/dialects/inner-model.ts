/** @file A whole model as one layer: what TimeDistributed and other wrappers hold. */

import { VernierError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { BoundLayer, LayerCall, LayerResult } from "../model/layer.ts";
import type { TensorRef } from "../model/model.ts";
import type { Ops } from "../ops/ops.ts";
import type { BuiltGraph } from "./build.ts";
import { kerasWeightPaths, layersByPath } from "./weight-paths.ts";

/** Weights are named "layer/kernel", trainable ones of all layers first, as Keras lists a model's weights. */
export function bindInnerModel(graph: BuiltGraph): BoundLayer {
  const all = graph.layers.flatMap(({ path, layer }) =>
    layer.weights.map((spec) => ({ ...spec, name: `${path}/${spec.name}` })),
  );
  return {
    className: "Functional",
    config: Object.fromEntries(
      graph.layers.map(({ path, layer }) => [path, { class_name: layer.className, config: layer.config }]),
    ) as JsonObject,
    training: {},
    unknown: graph.layers.flatMap(({ path, layer }) => layer.unknown.map((key) => `${path}.${key}`)),
    states: 0,
    identity: false,
    dequantized: null,
    rewrites: [],
    weights: [...all.filter(({ trainable }) => trainable), ...all.filter(({ trainable }) => !trainable)],
    stores: (rules) =>
      [...kerasWeightPaths(graph.topology, layersByPath(graph.layers), rules)].flatMap(([path, stores]) =>
        stores.map(({ group, weights }) => ({ group, weights: weights.map((name) => `${path}/${name}`) })),
      ),
    formulas: Math.max(1, ...graph.layers.map(({ layer }) => layer.formulas)),
    knownFaults: (engine, _inputs) =>
      graph.layers.flatMap(({ layer }, i) => layer.knownFaults(engine, dimsInto(graph, i))),
    evaluate: (ops, call, formula) => run(graph, ops, call, formula),
  };
}

const dimsInto = (graph: BuiltGraph, layer: number) =>
  graph.calls
    .find((call) => call.layer === layer)
    ?.inputs.map((ref) => graph.calls[ref.call]?.outputs[ref.output]?.dims ?? []) ?? [];

function run<T>(
  graph: BuiltGraph,
  ops: Ops<T>,
  { weights, inputs, masks }: LayerCall<T>,
  formula = 0,
): LayerResult<T> {
  const results: LayerResult<T>[] = [];
  const at = <V>(list: readonly V[] | undefined, ref: TensorRef): V => {
    const found = list?.[ref.output];
    if (found === undefined)
      throw new VernierError("graph.malformed", {
        reason: `output ${ref.output} of call ${ref.call} does not exist`,
      });
    return found;
  };
  for (const [index, call] of graph.calls.entries()) {
    const built = graph.layers[call.layer];
    if (built === undefined) {
      const position = graph.inputs.findIndex((input) => input.call === index);
      const fed = inputs[position];
      if (fed === undefined)
        throw new VernierError("input.invalid", { reason: `nothing is fed to "${call.id}"` });
      results.push({ outputs: [fed], masks: [masks[position] ?? null] });
      continue;
    }
    const own = new Map(
      built.layer.weights.flatMap(({ name }) => {
        const value = weights.get(`${built.path}/${name}`);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
    results.push(
      built.layer.evaluate(
        ops,
        {
          weights: own,
          inputs: call.inputs.map((ref) => at(results[ref.call]?.outputs, ref)),
          masks: call.inputs.map((ref) => at(results[ref.call]?.masks, ref)),
          args:
            call.initial_state.length === 0
              ? {}
              : { initial_state: call.initial_state.map((ref) => at(results[ref.call]?.outputs, ref)) },
        },
        Math.min(formula, built.layer.formulas - 1),
      ),
    );
  }
  return {
    outputs: graph.outputs.map(({ ref }) => at(results[ref.call]?.outputs, ref)),
    masks: graph.outputs.map(({ ref }) => at(results[ref.call]?.masks, ref)),
  };
}
