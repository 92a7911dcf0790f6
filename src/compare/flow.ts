/** @file A model's connections with everything left out that hands its input through (Dropout and its kin). */

import type { BoundLayer } from "../model/layer.ts";
import { classOf, type Model, type TensorRef } from "../model/model.ts";
import type { Dims } from "../tensor/tensor.ts";

export interface FlowNode {
  /** Index of the call in the model. */
  readonly call: number;
  /** Index of the layer; -1 for an input. */
  readonly layer: number;
  readonly className: string;
  readonly path: string;
  /** Inputs, then initial states; never of a layer that is left out. */
  readonly inputs: readonly TensorRef[];
  /** Shapes of weights and outputs, as text. */
  readonly shapes: string;
  readonly dims: readonly Dims[];
}

export interface Flow {
  readonly model: Model;
  /** In the order of the calls; `undefined` where a call is left out. */
  readonly nodes: readonly (FlowNode | undefined)[];
  /** In the order of `model.outputs`. */
  readonly outputs: readonly TensorRef[];
}

export function flowOf(model: Model): Flow {
  const source = (ref: TensorRef): TensorRef => {
    const call = model.calls[ref.call];
    const [input] = call?.inputs ?? [];
    return call !== undefined && input !== undefined && isIdentity(model, call.layer) ? source(input) : ref;
  };
  const nodes = model.calls.map((call, index): FlowNode | undefined => {
    if (isIdentity(model, call.layer)) return undefined;
    const entry = model.layers[call.layer];
    const dims = call.outputs.map((output) => output.dims);
    return {
      call: index,
      layer: call.layer,
      className: classOf(model, call),
      path: entry?.path ?? call.id,
      inputs: [...call.inputs, ...call.initial_state].map(source),
      shapes: `${weightShapes(entry?.layer)} → ${dims.map((shape) => shape.slice(1).join("×")).join()}`,
      dims,
    };
  });
  return { model, nodes, outputs: model.outputs.map(({ ref }) => source(ref)) };
}

export const isIdentity = (model: Model, layer: number): boolean =>
  model.layers[layer]?.layer.identity === true;

const weightShapes = (layer: BoundLayer | undefined): string =>
  (layer?.weights ?? []).map(({ name, shape }) => `${name}[${shape.join("×")}]`).join();
