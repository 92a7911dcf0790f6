/**
 * @file TF.js's graph model: `model.json` with TensorFlow nodes in place of layers, read as TF.js 4.22 reads it.
 *
 * What a model takes and gives is what TF.js makes of the file (operation_mapper.ts, `transformGraph`): the signature
 * in `userDefinedMetadata`, else the one beside the topology, else every placeholder and every node that none takes in.
 */

import { invalid } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject, type Json } from "../base/json.ts";
import type { Place, Problem } from "../base/problem.ts";
import { type ConstructUse, controlFlowIn, hashTablesIn } from "./graph-constructs.ts";
import {
  checkConnections,
  decodeFunctions,
  decodeNodes,
  decodeSignature,
  type GraphFunction,
  type GraphNode,
  type GraphTensor,
  graphDType,
  shapeFrom,
} from "./graph-def.ts";
import { bareNumbersProblem, readJson } from "./json-text.ts";
import type { Source } from "./source.ts";
import type { TfjsWeight } from "./tfjs-layers.ts";
import { decodeManifest } from "./tfjs-manifest.ts";
import { openShards } from "./tfjs-shards.ts";
import { locateWeights, readTfjsWeight } from "./tfjs-weights.ts";

export interface TfjsGraphFile {
  /** The version of TensorFlow. */
  readonly generatedBy: string | null;
  readonly convertedBy: string | null;
  /** In the order of the file. */
  readonly nodes: readonly GraphNode[];
  /** What control flow calls. */
  readonly functions: readonly GraphFunction[];
  /** Run once before the first prediction: fills hash tables. */
  readonly initializer: readonly GraphNode[];
  /** In the order in which TF.js takes them; without what the initializer makes. */
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  /** Operations that branch or loop, of the graph and its functions. */
  readonly controlFlow: readonly ConstructUse[];
  /** Operations that make or use hash tables. */
  readonly hashTables: readonly ConstructUse[];
  readonly weights: readonly GraphWeight[];
  readonly userDefinedMetadata: Json;
  readonly problems: readonly Problem[];
}

/** A constant, by the name of its node. */
export type GraphWeight = Pick<TfjsWeight, "name" | "shape" | "dtype" | "quantization" | "read">;

/** `openShard` resolves a path relative to `model.json`; it has been checked to stay in that folder. */
export async function readTfjsGraph(
  source: Source,
  openShard: (path: string) => Promise<Source>,
): Promise<TfjsGraphFile> {
  const { json, hasBareNumbers } = await readJson(source);
  if (!isObject(json)) throw invalid("an object", json, [source.name]);
  const where = [source.name];
  const topology = json["modelTopology"];
  if (!isObject(topology)) throw invalid("a graph", topology, [...where, "modelTopology"]);
  const nodes = decodeNodes(topology["node"], [...where, "modelTopology", "node"]);
  checkConnections(nodes, [...where, "modelTopology"]);
  const functions = decodeFunctions(topology["library"], [...where, "modelTopology", "library"]);
  const initializer = initializerOf(json["modelInitializer"], [...where, "modelInitializer"]);
  const { inputs, outputs } = boundaryOf(json, nodes, where);
  const manifest = decodeManifest(json["weightsManifest"] ?? [], [...where, "weightsManifest"]);
  const shards = await openShards(manifest, openShard, source.name);
  const located = await locateWeights(manifest, shards, source.name);
  const weights = located.weights.map((weight) => ({
    ...weight.entry,
    read: () => readTfjsWeight(weight, shards),
  }));
  const all = [{ name: null, nodes }, { name: null, nodes: initializer }, ...functions];
  const problems = [
    ...located.problems,
    ...(hasBareNumbers ? [bareNumbersProblem(source.name, "error")] : []),
    ...missingConstants(
      all.flatMap((graph) => graph.nodes),
      new Set(weights.map(({ name }) => name)),
      source.name,
    ),
  ];
  return {
    generatedBy: textOrNull(json["generatedBy"]),
    convertedBy: textOrNull(json["convertedBy"]),
    nodes,
    functions,
    initializer,
    inputs: inputs.filter(({ resource }) => !resource),
    outputs,
    controlFlow: controlFlowIn(all),
    hashTables: hashTablesIn(all),
    weights,
    userDefinedMetadata: (json["userDefinedMetadata"] ?? null) as Json,
    problems,
  };
}

function initializerOf(json: unknown, where: Place): readonly GraphNode[] {
  if (!isObject(json)) return [];
  const nodes = decodeNodes(json["node"] ?? [], [...where, "node"]);
  checkConnections(nodes, where);
  return nodes;
}

function boundaryOf(
  json: Record<string, unknown>,
  nodes: readonly GraphNode[],
  where: Place,
): { inputs: readonly GraphTensor[]; outputs: readonly GraphTensor[] } {
  const metadata = json["userDefinedMetadata"];
  const inner = isObject(metadata) ? (metadata["signature"] ?? null) : null;
  const signature = inner ?? json["signature"] ?? null;
  const place = [...where, ...(inner === null ? [] : ["userDefinedMetadata"]), "signature"];
  if (signature !== null && !isObject(signature)) throw invalid("an object", signature, place);
  const names = new Set(nodes.map(({ name }) => name));
  const said = (part: "inputs" | "outputs"): readonly GraphTensor[] => {
    const tensors = decodeSignature(signature?.[part], [...place, part]);
    // TF.js leaves out, in silence, what its signature names and the graph lacks.
    const missing = tensors.find(({ node, resource }) => !resource && !names.has(node));
    if (missing === undefined) return tensors;
    const reason = `the signature names "${missing.node}", which does not exist`;
    throw new VernierError("graph.malformed", { reason }, { where: [...place, part, missing.key] });
  };
  const [inputs, outputs] = [said("inputs"), said("outputs")];
  return {
    inputs: inputs.length > 0 ? inputs : placeholdersOf(nodes, [...where, "modelTopology"]),
    outputs: outputs.length > 0 ? outputs : endsOf(nodes),
  };
}

function placeholdersOf(nodes: readonly GraphNode[], where: Place): GraphTensor[] {
  return nodes.flatMap(({ name, op, attrs }) => {
    if (!op.startsWith("Placeholder")) return [];
    const [shape, type] = [attrs["shape"], attrs["dtype"]];
    const dims = isObject(shape) ? shapeFrom(shape["shape"], [...where, name, "shape"]) : null;
    const dtype = isObject(type) ? graphDType(type["type"]) : null;
    return [{ key: name, node: name, output: 0, dims, dtype, resource: false }];
  });
}

function endsOf(nodes: readonly GraphNode[]): GraphTensor[] {
  const taken = new Set(nodes.flatMap(({ inputs }) => inputs.map(({ node }) => node)));
  return nodes.flatMap(({ name }) =>
    taken.has(name)
      ? []
      : [{ key: name, node: name, output: 0, dims: null, dtype: "float32" as const, resource: false }],
  );
}

function missingConstants(nodes: readonly GraphNode[], stored: ReadonlySet<string>, name: string): Problem[] {
  return nodes
    .filter((node) => node.op === "Const" && !stored.has(node.name))
    .map((node) => ({
      code: "weights.missing",
      where: `${name}: ${node.name}`,
      message: `the graph has a constant "${node.name}" for which weightsManifest has no values`,
      hint: "a group of weightsManifest was lost; convert the model again",
      severity: "error" as const,
    }));
}

const textOrNull = (json: unknown): string | null => (typeof json === "string" ? json : null);
