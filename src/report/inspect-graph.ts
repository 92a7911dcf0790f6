/** @file `vernier.inspect/1` of a graph model: its operations where a model has layers, and what makes it special. */

import type { ConstructUse } from "../formats/graph-constructs.ts";
import type { GraphTensor } from "../formats/graph-def.ts";
import type { TfjsGraphFile } from "../formats/tfjs-graph.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { type InspectReport, problemLines, type TensorInfo } from "./inspect.ts";
import { cutMiddle, entry, pad, plain, type Style, WIDTH } from "./layout.ts";
import { formatCount, plural } from "./numbers.ts";

/** The fields of every inspection, `layers` being empty, and those that only graphs have. */
export interface InspectGraphReport extends InspectReport {
  readonly graph: {
    /** In the order of the file; constants are in `weights`. */
    readonly nodes: readonly {
      readonly name: string;
      readonly op: string;
      readonly inputs: readonly string[];
    }[];
    readonly functions: readonly string[];
    readonly weights: readonly TensorInfo[];
    /** How often each operation occurs, functions included. */
    readonly operations: Readonly<Record<string, number>>;
    readonly controlFlow: readonly ConstructUse[];
    readonly hashTables: readonly ConstructUse[];
    readonly initializer: boolean;
  };
}

export function inspectGraph(graph: TfjsGraphFile, writer: string | null): InspectGraphReport {
  const named = graph.nodes.filter(({ op }) => op !== "Const");
  const all = [...graph.nodes, ...graph.initializer, ...graph.functions.flatMap(({ nodes }) => nodes)];
  const counts = new Map<string, number>();
  for (const { op } of all) if (op !== "Const") counts.set(op, (counts.get(op) ?? 0) + 1);
  return {
    schema: "vernier.inspect/1",
    format: "tfjs-graph",
    dialect: "tfjs",
    writer,
    backend: null,
    inputs: graph.inputs.map(tensorInfo),
    outputs: graph.outputs.map(tensorInfo),
    layers: [],
    training: null,
    problems: graph.problems,
    graph: {
      nodes: named.map(({ name, op, inputs }) => ({
        name,
        op,
        inputs: inputs
          .filter(({ control }) => !control)
          .map(({ node, output }) => (output === 0 ? node : `${node}:${output}`)),
      })),
      functions: graph.functions.map(({ name }) => name),
      weights: graph.weights.map(({ name, shape, dtype, quantization }) => ({
        name,
        shape,
        dtype: quantization?.dtype ?? dtype,
      })),
      operations: Object.fromEntries([...counts].sort(([, x], [, y]) => y - x)),
      controlFlow: graph.controlFlow,
      hashTables: graph.hashTables,
      initializer: graph.initializer.length > 0,
    },
  };
}

const tensorInfo = ({ key, dims, dtype }: GraphTensor): TensorInfo => ({
  name: key,
  shape: dims ?? [],
  dtype: dtype ?? "unknown",
});

export function renderInspectGraph(report: InspectGraphReport, path: string, style: Style = plain): string {
  const { graph, inputs, outputs, writer } = report;
  const count = graph.weights.reduce((sum, { shape }) => sum + sizeOf(shape.map((dim) => dim ?? 0)), 0);
  const stored = [...new Set(graph.weights.map(({ dtype }) => dtype))].join(", ");
  const say = ({ name, shape, dtype }: TensorInfo): string =>
    `${name} [${shape.map((dim) => dim ?? "?").join(", ")}] ${dtype}`;
  const lines = [
    "",
    ...entry("file", path, style),
    ...entry("written", `${writer ?? "unknown writer"} (tfjs-graph: load it with tf.loadGraphModel)`, style),
    ...entry(
      "holds",
      `${plural(graph.nodes.length, "node")}, ${plural(count, "weight")} in ${plural(graph.weights.length, "constant")}${stored === "" ? "" : ` (${stored})`}`,
      style,
    ),
    ...inputs.flatMap((tensor) => entry("input", say(tensor), style)),
    ...outputs.flatMap((tensor) => entry("output", say(tensor), style)),
    ...uses("control", graph.controlFlow, "the page has to call executeAsync", style),
    ...uses("tables", graph.hashTables, "filled by the initializer before the first prediction", style),
    ...(graph.functions.length === 0 ? [] : entry("functions", listed(graph.functions), style)),
    "",
    ...operationsTable(graph.operations),
    ...problemLines(report.problems, style),
    "",
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function uses(label: string, found: readonly ConstructUse[], what: string, style: Style): string[] {
  if (found.length === 0) return [];
  const named = found.map(
    ({ op, node, function: inside }) => `${op} "${node}"${inside === null ? "" : ` in ${inside}`}`,
  );
  return entry(label, `${listed(named)}; ${what}`, style);
}

/** Names listed one by one. */
const SHOWN = 6;

function listed(names: readonly string[]): string {
  const left = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(", ")}${left > 0 ? ` and ${left} more (--json lists all)` : ""}`;
}

/** "name count" in as many columns as fit. */
function operationsTable(operations: Readonly<Record<string, number>>): string[] {
  const cells = Object.entries(operations).map(
    ([op, count]) => `${cutMiddle(op, 28)} ${count === 1 ? "" : `×${formatCount(count)}`}`,
  );
  const width = Math.max(10, ...cells.map((cell) => cell.length)) + 2;
  const columns = Math.max(1, Math.floor((WIDTH - 2) / width));
  const rows = Array.from({ length: Math.ceil(cells.length / columns) }, (_, i) =>
    cells.slice(i * columns, (i + 1) * columns),
  );
  return ["  operations", ...rows.map((row) => `    ${row.map((cell) => pad(cell, width)).join("")}`)];
}
