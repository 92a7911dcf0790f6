/**
 * @file Watches a TF.js model predict: every layer's `apply`, every step of every recurrent cell.
 *
 * The executor of TF.js ends in `layer.apply(inputs)` for every node of a graph, nested models included, while
 * wrappers (TimeDistributed, Bidirectional) reach their inner layers through `call`. Replacing `apply` on each
 * instance thus sees exactly the graph's calls, each with exactly its node's tensors: what `call` gets has the
 * initial states split off, and TF.js passes those of an earlier layer on to later ones.
 * Watching only reads (`dataSync`), so that the result keeps its bits.
 *
 * The executor runs a layer once for each of its outputs that is used: such repeats (same layer, inputs and outputs;
 * more than one output) are one call here.
 */

import type { layers as tfLayers } from "@tensorflow/tfjs-layers";
import type { Tensor } from "../tensor/tensor.ts";
import type { TracedCall, TracedCell } from "./engine.ts";
import { hashTensor } from "./hash.ts";
import { predict, type Tfjs, type TfModel, type TfTensor, tensorFromTf } from "./tfjs.ts";

type Layer = tfLayers.Layer;
type Direction = TracedCell["direction"];
type Values = TfTensor | TfTensor[];
/** What a layer may have inside, by the names that TF.js gives it. */
interface Insides {
  readonly layer?: Layer;
  readonly forwardLayer?: Layer;
  readonly backwardLayer?: Layer;
  readonly cell?: Layer & { readonly cells?: readonly Layer[] };
}

/** Predicts, and hands over each layer call right after it was made. The result equals `predict`'s bit for bit. */
export function trace(
  tf: Tfjs,
  model: TfModel,
  inputs: readonly Tensor[],
  onCall: (call: TracedCall) => void,
): Tensor[] {
  const unwatch: (() => void)[] = [];
  const hash = hasher();
  try {
    for (const { path, layer } of leaves(tf, model, "")) {
      const cells: TracedCell[] = [];
      for (const { cell, direction } of cellsOf(layer)) unwatch.push(watchCell(cell, direction, cells));
      unwatch.push(watchLayer(layer, path, cells, hash, onCall));
    }
    return predict(tf, model, inputs);
  } finally {
    for (const undo of unwatch) undo();
  }
}

/** Layers that compute, in the order of the file; a model inside a model stands for its own layers. */
function* leaves(tf: Tfjs, model: TfModel, prefix: string): Generator<{ path: string; layer: Layer }> {
  for (const layer of model.layers) {
    const path = prefix + layer.name;
    if (layer instanceof tf.layers.LayersModel) yield* leaves(tf, layer, `${path}/`);
    else yield { path, layer };
  }
}

/** Stacked cells are left out: their steps have no single list of states. */
function* cellsOf(layer: Layer, direction: Direction = ""): Generator<{ cell: Layer; direction: Direction }> {
  const { layer: inner, forwardLayer, backwardLayer, cell } = layer as Layer & Insides;
  if (forwardLayer !== undefined && backwardLayer !== undefined) {
    yield* cellsOf(forwardLayer, "forward");
    yield* cellsOf(backwardLayer, "backward");
  } else if (inner !== undefined) {
    yield* cellsOf(inner, direction);
  } else if (cell !== undefined && cell.cells === undefined) {
    yield { cell, direction };
  }
}

function watchLayer(
  layer: Layer,
  path: string,
  cells: TracedCell[],
  hash: (tensor: TfTensor) => string,
  onCall: (call: TracedCall) => void,
): () => void {
  const apply = layer.apply;
  const seen = new Set<string>();
  const watched: Layer["apply"] = (inputs, kwargs) => {
    cells.length = 0;
    const inputHashes = list(inputs as Values).map(hash);
    const outputs = apply.call(layer, inputs, kwargs);
    const results = list(outputs as Values);
    const outputHashes = results.map(hash);
    const invocation = [...inputHashes, ...outputHashes].join();
    if (results.length > 1 && seen.has(invocation)) return outputs;
    seen.add(invocation);
    const className = layer.getClassName();
    onCall({
      path,
      className,
      inputHashes,
      outputs: results.map(tensorFromTf),
      outputHashes,
      cells: cells.slice(),
    });
    return outputs;
  };
  return replace(layer, "apply", watched);
}

/** TF.js hands a cell `[input, ...states]` (LSTM: h, c) and gets `[output, ...new states]`. */
function watchCell(cell: Layer, direction: Direction, cells: TracedCell[]): () => void {
  const call = cell.call;
  const watched: Layer["call"] = (inputs, kwargs) => {
    const before = list(inputs).map(tensorFromTf);
    const results = call.call(cell, inputs, kwargs);
    const after = list(results).map(tensorFromTf);
    cells.push({
      direction,
      inputs: before.slice(0, 1),
      states: before.slice(1),
      outputs: after.slice(0, 1),
      newStates: after.slice(1),
    });
    return results;
  };
  return replace(cell, "call", watched);
}

/** An own property hides the method of the class; deleting it brings the method back. */
function replace<Key extends "apply" | "call">(layer: Layer, key: Key, watched: Layer[Key]): () => void {
  layer[key] = watched;
  return () => {
    Reflect.deleteProperty(layer, key);
  };
}

const list = (values: Values): TfTensor[] => (Array.isArray(values) ? values : [values]);

/** Tensors share their values through `dataId` (a reshape does), so that values are hashed once. */
function hasher(): (tensor: TfTensor) => string {
  const known = new WeakMap<object, Map<string, string>>();
  return (tensor) => {
    const ofData = known.get(tensor.dataId) ?? new Map<string, string>();
    known.set(tensor.dataId, ofData);
    const shape = tensor.shape.join("x");
    const hash = ofData.get(shape) ?? hashTensor(tensor.shape, tensor.dataSync() as Float32Array);
    ofData.set(shape, hash);
    return hash;
  };
}
