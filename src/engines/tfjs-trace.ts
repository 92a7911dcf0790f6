/**
 * @file Watches a TF.js model predict: every layer's `apply`, every step of every recurrent cell.
 *
 * The executor of TF.js ends in `layer.apply(inputs)` for every node of a graph, nested models included, while
 * wrappers (TimeDistributed, Bidirectional) reach their inner layers through `call`. Replacing `apply` on each
 * instance thus sees exactly the graph's calls, each with exactly its node's tensors: what `call` gets has the
 * initial states split off, and TF.js passes those of an earlier layer on to later ones.
 * Watching only reads, so that the result keeps its bits: at once where the backend can, else what each call gave is
 * kept until the run is over.
 *
 * The executor runs a layer once for each of its outputs that is used: such repeats (same layer, inputs and outputs;
 * more than one output) are one call here.
 */

import type { layers as tfLayers } from "@tensorflow/tfjs-layers";
import type { Tensor } from "../tensor/tensor.ts";
import type { TracedCall, TracedCell } from "./engine.ts";
import { hashTensor } from "./hash.ts";
import {
  fetchValues,
  predict,
  readsAtOnce,
  type Tfjs,
  type TfModel,
  type TfTensor,
  tensorFromTf,
} from "./tfjs.ts";

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

/** Takes note of tensors while they live; what it returns tells their values and hashes once they can be read. */
interface Observer {
  tensors(of: readonly TfTensor[]): () => Tensor[];
  hashes(of: readonly TfTensor[]): () => string[];
  /** Both, for one reading of the values. */
  results(of: readonly TfTensor[]): () => { readonly tensor: Tensor; readonly hash: string }[];
  /** A call is over: `tell` when everything noted since the last one can be read. */
  sees(tell: () => void): void;
}

/** Predicts, and hands over each layer call in the order in which they were made. The result equals `predict`'s bit for bit. */
export async function trace(
  tf: Tfjs,
  model: TfModel,
  inputs: readonly Tensor[],
  onCall: (call: TracedCall) => void,
): Promise<Tensor[]> {
  const unwatch: (() => void)[] = [];
  const later: { tell: () => void; kept: TfTensor[] }[] = [];
  const observer = readsAtOnce(tf) ? observeAtOnce() : observeLater(tf, later);
  try {
    for (const { path, layer } of leaves(tf, model, "")) {
      const cells: (() => TracedCell)[] = [];
      for (const { cell, direction } of cellsOf(layer))
        unwatch.push(watchCell(cell, direction, cells, observer));
      unwatch.push(watchLayer(layer, path, cells, observer, onCall));
    }
    const outputs = await predict(tf, model, inputs);
    for (const { tell, kept } of later) {
      await fetchValues(tf, kept);
      tell();
      tf.core.dispose(kept);
    }
    return outputs;
  } finally {
    for (const undo of unwatch) undo();
  }
}

function observeAtOnce(): Observer {
  const hash = hasher();
  const noted = <T>(of: readonly TfTensor[], read: (tensor: TfTensor) => T): (() => T[]) => {
    const values = of.map(read);
    return () => values;
  };
  return {
    tensors: (of) => noted(of, tensorFromTf),
    hashes: (of) => noted(of, (tensor) => hash(tensor)),
    results: (of) => noted(of, (tensor) => readOnce(tensor, hash)),
    sees: (tell) => tell(),
  };
}

function observeLater(tf: Tfjs, later: { tell: () => void; kept: TfTensor[] }[]): Observer {
  const hash = hasher();
  const kept: TfTensor[] = [];
  const noted = <T>(of: readonly TfTensor[], read: (tensor: TfTensor) => T): (() => T[]) => {
    const held = of.map((tensor) => tf.core.keep(tensor.clone()));
    kept.push(...held);
    return () => held.map(read);
  };
  return {
    tensors: (of) => noted(of, tensorFromTf),
    hashes: (of) => noted(of, (tensor) => hash(tensor)),
    results: (of) => noted(of, (tensor) => readOnce(tensor, hash)),
    sees: (tell) => void later.push({ tell, kept: kept.splice(0) }),
  };
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
  cells: (() => TracedCell)[],
  observer: Observer,
  onCall: (call: TracedCall) => void,
): () => void {
  const apply = layer.apply;
  const seen = new Set<string>();
  const watched: Layer["apply"] = (inputs, kwargs) => {
    cells.length = 0;
    const fed = observer.hashes(list(inputs as Values));
    const results = apply.call(layer, inputs, kwargs);
    const given = observer.results(list(results as Values));
    const steps = cells.slice();
    observer.sees(() => {
      const [inputHashes, outputs] = [fed(), given()];
      const outputHashes = outputs.map(({ hash }) => hash);
      const invocation = [...inputHashes, ...outputHashes].join();
      if (outputHashes.length > 1 && seen.has(invocation)) return;
      seen.add(invocation);
      onCall({
        path,
        className: layer.getClassName(),
        inputHashes,
        outputs: outputs.map(({ tensor }) => tensor),
        outputHashes,
        cells: steps.map((step) => step()),
      });
    });
    return results;
  };
  return replace(layer, "apply", watched);
}

/** TF.js hands a cell `[input, ...states]` (LSTM: h, c) and gets `[output, ...new states]`. */
function watchCell(
  cell: Layer,
  direction: Direction,
  cells: (() => TracedCell)[],
  observer: Observer,
): () => void {
  const call = cell.call;
  const watched: Layer["call"] = (inputs, kwargs) => {
    const before = observer.tensors(list(inputs));
    const results = call.call(cell, inputs, kwargs);
    const after = observer.tensors(list(results));
    cells.push(() => {
      const [given, got] = [before(), after()];
      return {
        direction,
        inputs: given.slice(0, 1),
        states: given.slice(1),
        outputs: got.slice(0, 1),
        newStates: got.slice(1),
      };
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

/** Of values that were read already, or that are read for it. */
type Hash = (tensor: TfTensor, values?: Tensor["data"]) => string;

function readOnce(tensor: TfTensor, hash: Hash): { readonly tensor: Tensor; readonly hash: string } {
  const read = tensorFromTf(tensor);
  return { tensor: read, hash: hash(tensor, read.data) };
}

/** Tensors share their values through `dataId` (a reshape does), so that values are hashed once. */
function hasher(): Hash {
  const known = new WeakMap<object, Map<string, string>>();
  return (tensor, values) => {
    const ofData = known.get(tensor.dataId) ?? new Map<string, string>();
    known.set(tensor.dataId, ofData);
    const shape = tensor.shape.join("x");
    const hash = ofData.get(shape) ?? hashTensor(tensor.shape, values ?? (tensor.dataSync() as Float32Array));
    ofData.set(shape, hash);
    return hash;
  };
}
