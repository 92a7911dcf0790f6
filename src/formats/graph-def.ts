/**
 * @file TensorFlow's GraphDef as TF.js writes it in JSON, decoded: nodes, their connections, functions, signatures.
 *
 * Attributes are kept as the file has them; what is read out of them is what TF.js reads
 * (tfjs-converter 4.22 operation_mapper.ts).
 */

import { type Decoder, invalid, listOf, nullable, string } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import type { Place } from "../base/problem.ts";
import type { Dims } from "../tensor/tensor.ts";
import { MAX_GRAPH_FUNCTIONS, MAX_GRAPH_NODES, MAX_RANK, requireAtMost } from "./limits.ts";

/** Output `output` of a node; a control input only says "after it". */
export interface GraphEdge {
  readonly node: string;
  readonly output: number;
  readonly control: boolean;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly GraphEdge[];
  readonly attrs: JsonObject;
}

export interface GraphFunction {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
}

/** The types that TF.js holds; `null`: one that it does not know ("resource", "variant"). */
export type GraphDType = "float32" | "int32" | "bool" | "string" | "complex64" | null;

/** An input or output of the model, under the name that callers use. */
export interface GraphTensor {
  readonly key: string;
  /** The node and its output that the key stands for. */
  readonly node: string;
  readonly output: number;
  /** `null`: the rank is not said. */
  readonly dims: Dims | null;
  readonly dtype: GraphDType;
  /** Of a hash table that the initializer makes: callers feed nothing. */
  readonly resource: boolean;
}

export function decodeNodes(json: unknown, where: Place): readonly GraphNode[] {
  const nodes = listOf(node).decode(json, where);
  requireAtMost("the number of graph nodes", nodes.length, MAX_GRAPH_NODES, String(where[0] ?? ""));
  return nodes;
}

/** Every input must lead to a node of the same graph: TF.js reads past a missing one and fails without its name. */
export function checkConnections(nodes: readonly GraphNode[], where: Place): void {
  const names = new Set<string>();
  for (const { name } of nodes) {
    if (names.has(name))
      throw new VernierError("graph.malformed", { reason: `two nodes have the name "${name}"` }, { where });
    names.add(name);
  }
  for (const { name, inputs } of nodes) {
    const missing = inputs.find((edge) => !names.has(edge.node));
    if (missing === undefined) continue;
    const reason = `"${name}" takes in "${missing.node}", which does not exist`;
    throw new VernierError("graph.malformed", { reason }, { where });
  }
}

const node: Decoder<GraphNode> = {
  decode(json, where = []) {
    if (!isObject(json)) throw invalid("an object", json, where);
    const attrs = json["attr"] ?? {};
    if (!isObject(attrs)) throw invalid("an object", attrs, [...where, "attr"]);
    return {
      name: string.decode(json["name"], [...where, "name"]),
      op: string.decode(json["op"], [...where, "op"]),
      inputs: (nullable(listOf(string)).decode(json["input"], [...where, "input"]) ?? []).map(edgeFrom),
      attrs: attrs as JsonObject,
    };
  },
};

/** "name", "name:1", in functions "name:output:0"; "^name" for a control input. */
export function edgeFrom(text: string): GraphEdge {
  const control = text.startsWith("^");
  const [name = "", ...rest] = (control ? text.slice(1) : text).split(":");
  const last = rest.at(-1);
  return { node: name, output: last !== undefined && /^\d+$/.test(last) ? Number(last) : 0, control };
}

export function decodeFunctions(json: unknown, where: Place): readonly GraphFunction[] {
  if (!isObject(json)) return [];
  const list = json["function"] ?? [];
  if (!Array.isArray(list)) throw invalid("a list", list, [...where, "function"]);
  requireAtMost("the number of graph functions", list.length, MAX_GRAPH_FUNCTIONS, String(where[0] ?? ""));
  return list.map((entry: unknown, i) => {
    const place = [...where, "function", i];
    if (!isObject(entry)) throw invalid("an object", entry, place);
    const signature = entry["signature"];
    if (!isObject(signature)) throw invalid("an object", signature, [...place, "signature"]);
    return {
      name: string.decode(signature["name"], [...place, "signature", "name"]),
      nodes: decodeNodes(entry["nodeDef"] ?? [], [...place, "nodeDef"]),
    };
  });
}

/** `inputs` or `outputs` of a signature, in the order of the file, which is the order in which TF.js takes them. */
export function decodeSignature(json: unknown, where: Place): readonly GraphTensor[] {
  if (json === undefined || json === null) return [];
  if (!isObject(json)) throw invalid("an object", json, where);
  return Object.entries(json).map(([key, info]) => {
    const place = [...where, key];
    if (!isObject(info)) throw invalid("an object", info, place);
    const { node: name, output } = edgeFrom(string.decode(info["name"], [...place, "name"]));
    return {
      key,
      node: name,
      output,
      dims: shapeFrom(info["tensorShape"], [...place, "tensorShape"]),
      dtype: graphDType(info["dtype"]),
      resource: "resourceId" in info,
    };
  });
}

/** TensorShapeProto: `{ dim: [{ size: "28" }] }`, -1 for any; without `dim` a scalar. */
export function shapeFrom(json: unknown, where: Place): Dims | null {
  if (!isObject(json) || json["unknownRank"] === true) return null;
  const dims = json["dim"] ?? [];
  if (!Array.isArray(dims)) throw invalid("a list of dimensions", dims, [...where, "dim"]);
  requireAtMost("the number of axes", dims.length, MAX_RANK, String(where[0] ?? ""));
  return dims.map((dim: unknown, axis) => {
    const size = isObject(dim) ? Number(dim["size"] ?? 0) : Number.NaN;
    if (!Number.isSafeInteger(size) || size < -1) throw invalid("a size", dim, [...where, "dim", axis]);
    return size === -1 ? null : size;
  });
}

/** DataType by its name, or by the number of the enum (tensorflow/core/framework/types.proto). */
export function graphDType(json: unknown): GraphDType {
  switch (json) {
    case "DT_FLOAT":
    case "DT_HALF":
    case "DT_DOUBLE":
    case 1:
    case 2:
    case 19:
      return "float32";
    case "DT_INT32":
    case "DT_INT64":
    case "DT_INT8":
    case "DT_UINT8":
    case 3:
    case 4:
    case 6:
    case 9:
      return "int32";
    case "DT_BOOL":
    case 10:
      return "bool";
    case "DT_STRING":
    case 7:
      return "string";
    case "DT_COMPLEX64":
    case "DT_COMPLEX128":
    case 8:
    case 18:
      return "complex64";
    default:
      return null;
  }
}
