/** @file Which inputs and outputs of a graph are which of a model: by name, by shape, else by position. */

import type { GraphTensor } from "../formats/graph-def.ts";
import type { TfjsGraphFile } from "../formats/tfjs-graph.ts";
import { KERAS3_MASKS } from "../model/layer.ts";
import type { Model, ModelInput } from "../model/model.ts";
import type { Dims } from "../tensor/tensor.ts";

export interface BoundaryPair {
  /** Positions in the model's list and in the graph's. */
  readonly model: number;
  readonly graph: number;
  readonly by: "name" | "shape" | "position";
}

interface Named {
  readonly names: readonly string[];
  readonly dims: Dims | null;
}

export function pairInputs(model: Model, graph: TfjsGraphFile): BoundaryPair[] {
  return pairUp(
    model.inputs.map(({ name, dims }) => ({ names: [name], dims })),
    graph.inputs.map((tensor) => ({ names: namesOf(tensor), dims: tensor.dims })),
  );
}

/** `layerOf`: the layer whose output a node of the graph hands on. */
export function pairOutputs(
  model: Model,
  graph: TfjsGraphFile,
  layerOf: (node: string) => string | null,
): BoundaryPair[] {
  return pairUp(
    model.outputs.map(({ name, ref }) => ({
      names: [name],
      dims: model.calls[ref.call]?.outputs[ref.output]?.dims ?? null,
    })),
    graph.outputs.map((tensor) => {
      const layer = layerOf(tensor.node);
      return { names: [...namesOf(tensor), ...(layer === null ? [] : [layer])], dims: tensor.dims };
    }),
  );
}

/** "input_1:0" is what "input_1" is. */
const namesOf = ({ key, node }: GraphTensor): string[] => [key, key.replace(/:0$/, ""), node];

function pairUp(ofModel: readonly Named[], ofGraph: readonly Named[]): BoundaryPair[] {
  const pairs: BoundaryPair[] = [];
  const open = (side: "model" | "graph", i: number): boolean => pairs.every((pair) => pair[side] !== i);
  const take = (by: BoundaryPair["by"], fits: (x: Named, y: Named) => boolean, onlyOne: boolean): void => {
    for (const [model, x] of ofModel.entries()) {
      if (!open("model", model)) continue;
      const found = [...ofGraph.keys()].filter(
        (graph) => open("graph", graph) && fits(x, ofGraph[graph] as Named),
      );
      const rivals = ofModel.filter(
        (other, i) => open("model", i) && found.some((j) => fits(other, ofGraph[j] as Named)),
      );
      const [first] = found;
      if (first !== undefined && (!onlyOne || (found.length === 1 && rivals.length === 1)))
        pairs.push({ model, graph: first, by });
    }
  };
  take("name", (x, y) => x.names.some((name) => y.names.includes(name)) && mayBe(x.dims, y.dims), true);
  take("shape", (x, y) => mayBe(x.dims, y.dims), true);
  take("position", (x, y) => mayBe(x.dims, y.dims), false);
  return pairs.sort((x, y) => x.model - y.model);
}

/** Equal but for the batch and what is left open. */
export const mayBe = (x: Dims | null, y: Dims | null): boolean =>
  x === null ||
  y === null ||
  (x.length === y.length &&
    x.every((extent, axis) => axis === 0 || extent === null || y[axis] === null || extent === y[axis]));

/** The graph as the feeder takes a model: what it takes in, and nothing of what it computes. */
export function boundaryModel(graph: TfjsGraphFile): Model {
  const inputs = graph.inputs.map((tensor, call): ModelInput => {
    const { dtype } = tensor;
    const known = dtype === null || dtype === "complex64" ? "float32" : dtype;
    return { name: tensor.key, dims: tensor.dims ?? [], dtype: known, call };
  });
  return {
    name: null,
    format: "tfjs-graph",
    dialect: "tfjs",
    writer: writerOf(graph),
    backend: null,
    layers: [],
    calls: inputs.map(({ name, dims, dtype }) => ({
      id: name,
      layer: -1,
      inputs: [],
      initial_state: [],
      masks: null,
      outputs: [{ dims, dtype }],
    })),
    inputs,
    outputs: [],
    topology: { name: null, kind: "Functional", layers: [], inputs: [], outputs: [], config: {} },
    maskRules: KERAS3_MASKS,
    optimizerWeights: [],
    kept: null,
    training: null,
    problems: graph.problems,
  };
}

/** "TensorFlow.js Converter v1.4.0, TensorFlow 1.15.0". */
export function writerOf({ convertedBy, generatedBy }: TfjsGraphFile): string | null {
  const tensorflow =
    generatedBy === null ? null : /^\d/.test(generatedBy) ? `TensorFlow ${generatedBy}` : generatedBy;
  return [convertedBy, tensorflow].filter((part) => part !== null).join(", ") || null;
}
