/** @file What in a graph is more than arithmetic: branches and loops, hash tables. Operations as TF.js 4.22 lists them. */

import type { GraphNode } from "./graph-def.ts";

export interface ConstructUse {
  readonly op: string;
  /** In which function of the library; `null`: in the graph itself or the initializer. */
  readonly function: string | null;
  readonly node: string;
}

/** tfjs-converter operations/op_list/control.ts; tensor arrays and lists only carry what loops make. */
const CONTROL_FLOW: ReadonlySet<string> = new Set([
  "If",
  "StatelessIf",
  "While",
  "StatelessWhile",
  "LoopCond",
  "Switch",
  "Merge",
  "Enter",
  "Exit",
  "NextIteration",
]);

/** tfjs-converter operations/op_list/hash_table.ts. */
const HASH_TABLES: ReadonlySet<string> = new Set([
  "HashTable",
  "HashTableV2",
  "InitializeTable",
  "InitializeTableV2",
  "LookupTableImport",
  "LookupTableImportV2",
  "LookupTableFind",
  "LookupTableFindV2",
  "LookupTableSize",
  "LookupTableSizeV2",
]);

export const isControlFlow = (op: string): boolean => CONTROL_FLOW.has(op);
export const isHashTable = (op: string): boolean => HASH_TABLES.has(op);

interface NamedNodes {
  readonly name: string | null;
  readonly nodes: readonly GraphNode[];
}

export const controlFlowIn = (graphs: readonly NamedNodes[]): ConstructUse[] => usesOf(graphs, CONTROL_FLOW);
export const hashTablesIn = (graphs: readonly NamedNodes[]): ConstructUse[] => usesOf(graphs, HASH_TABLES);

const usesOf = (graphs: readonly NamedNodes[], ops: ReadonlySet<string>): ConstructUse[] =>
  graphs.flatMap(({ name, nodes }) =>
    nodes.flatMap((node) => (ops.has(node.op) ? [{ op: node.op, function: name, node: node.name }] : [])),
  );
