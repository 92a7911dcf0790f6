/** @file The table of layers against a graph: each call of the model, and the node whose output is that layer's. */

import type { Certificate, LayerRow } from "../compare/findings.ts";
import type { GraphWeights } from "../compare/graph-weights.ts";
import type { GraphNode } from "../formats/graph-def.ts";
import type { TfjsGraphFile } from "../formats/tfjs-graph.ts";
import { classOf, type Model } from "../model/model.ts";
import { IS_THE_REFERENCE } from "./verdict.ts";

export interface GraphLayers {
  /** Per call of the model: the node that gives its output; `null` where none is known. */
  readonly nodes: readonly (string | null)[];
  /** Per call: the normalization that was folded into it, so that the graph has no output of it. */
  readonly foldedInto: readonly (string | null)[];
  /** The layer whose output a node of the graph hands on; `null`: none known. */
  layerOf(node: string): string | null;
}

export function graphLayers(model: Model, graph: TfjsGraphFile, weights: GraphWeights): GraphLayers {
  const { scopes, flow } = weights;
  const outputs = new Set(graph.outputs.map(({ node }) => node));
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const folded = new Map(
    weights.found.flatMap(({ form: { layer, normalization, kind } }) =>
      kind === "folded" && normalization !== null && normalization !== layer
        ? [[layer, model.layers[normalization]?.path ?? "?"] as const]
        : [],
    ),
  );
  /** Whether what follows a node lies outside the layer's scope. */
  const leaves = ({ name }: GraphNode, layer: number): boolean =>
    outputs.has(name) || (flow.consumers.get(name) ?? []).some((next) => !scopes.isOf(layer, next.name));
  const endOf = (layer: number): string | null => {
    if (folded.has(layer) || scopes.scopes[layer] === null) return null;
    const ends = flow.order.filter(
      (node) => node.op !== "Const" && scopes.isOf(layer, node.name) && leaves(node, layer),
    );
    return ends.at(-1)?.name ?? null;
  };
  const callsOf = (layer: number): number => model.calls.filter((call) => call.layer === layer).length;
  const perLayer = model.layers.map((_, layer) => (callsOf(layer) === 1 ? endOf(layer) : null));
  const nodes = model.calls.map(({ layer, id }) => {
    if (layer >= 0) return perLayer[layer] ?? null;
    const input = graph.inputs.find(({ key, node }) => key.replace(/:0$/, "") === id || node === id);
    return input?.node ?? null;
  });
  return {
    nodes,
    foldedInto: model.calls.map(({ layer }) => folded.get(layer) ?? null),
    layerOf(node) {
      const seen = new Set<string>();
      for (let at = byName.get(node); at !== undefined && !seen.has(at.name); ) {
        seen.add(at.name);
        const layer = perLayer.indexOf(at.name);
        if (layer >= 0) return model.layers[layer]?.path ?? null;
        const [first] = at.inputs;
        at = at.op === "Identity" && first !== undefined ? byName.get(first.node) : undefined;
      }
      return null;
    },
  };
}

export const COMES_LATER = "certificates for graph models come in a later release";
/** The same in the table of layers. */
const NOT_YET = "graph, not yet";

export function graphLayerRows(
  model: Model,
  { nodes, foldedInto }: GraphLayers,
  maxAbs: ReadonlyMap<number, number>,
  {
    graphIs,
    reference,
    ran,
  }: { readonly graphIs: "a" | "b"; readonly reference: boolean; readonly ran: boolean },
): LayerRow[] {
  return model.calls.map((call, index) => {
    const node = nodes[index] ?? null;
    const into = foldedInto[index] ?? null;
    const ofModel = notRun(!ran ? NOT_RUN : reference ? IS_THE_REFERENCE : NOT_YET);
    const why = into === null ? "no node of the graph is known to be it" : `${into} is folded into it`;
    const ofGraph = notRun(!ran ? NOT_RUN : node === null ? why : NOT_YET);
    const [name, nameB] = graphIs === "b" ? [call.id, node] : [node, call.id];
    const [a, b] = graphIs === "b" ? [ofModel, ofGraph] : [ofGraph, ofModel];
    return {
      name,
      nameB,
      partsB: [],
      className: classOf(model, call),
      maxAbs: maxAbs.get(index) ?? null,
      a,
      b,
    };
  });
}

const NOT_RUN = "the side was not run";

const notRun = (explains: string): Certificate => ({
  status: "not-run",
  error: null,
  bound: null,
  index: null,
  explains,
});
