/** @file `vernier.inspect/1`: what is in one model file, as data and as the table that `model.summary()` users know. */

import type { Problem } from "../base/problem.ts";
import { LAYERS_IN_TFJS } from "../layers/in-tensorflow-js.ts";
import type { BoundLayer } from "../model/layer.ts";
import type { Model, ModelWeight } from "../model/model.ts";
import { type Dims, sizeOf } from "../tensor/tensor.ts";
import { cutMiddle, entry, pad, plain, type Style, WIDTH, widthOf } from "./layout.ts";
import { formatCount, plural } from "./numbers.ts";

export interface TensorInfo {
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

export interface InspectReport {
  readonly schema: "vernier.inspect/1";
  readonly format: string;
  readonly dialect: string;
  readonly writer: string | null;
  readonly backend: string | null;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly layers: readonly {
    readonly name: string;
    readonly className: string;
    readonly outputShape: Dims | null;
    readonly weights: readonly TensorInfo[];
    readonly inTensorFlowJs: "built-in" | "rewrite" | "companion" | "refused";
  }[];
  readonly training: {
    readonly optimizer: string | null;
    readonly loss: unknown;
    readonly metrics: unknown;
  } | null;
  readonly problems: readonly Problem[];
}

export interface LayersInTfjs {
  /** Is there a layer of this class in TensorFlow.js? */
  has(className: string): boolean;
}

/** Of what `readModel` gives. */
export const inspect = ({ model }: { readonly model: Model }): InspectReport =>
  inspectModel(model, LAYERS_IN_TFJS);

export function inspectModel(model: Model, tfjs: LayersInTfjs): InspectReport {
  const tensors = model.outputs.map(({ name, ref }) => {
    const produced = model.calls[ref.call]?.outputs[ref.output];
    return { name, shape: produced?.dims ?? [], dtype: produced?.dtype ?? "float32" };
  });
  const inputs = model.inputs.map(({ name, dims, dtype }) => ({ name, shape: dims, dtype }));
  return {
    schema: "vernier.inspect/1",
    format: model.format,
    dialect: model.dialect,
    writer: model.writer,
    backend: model.backend,
    inputs,
    outputs: tensors,
    layers: [
      ...model.inputs.map(({ name, dims }) => ({
        name,
        className: "InputLayer",
        outputShape: dims,
        weights: [],
        inTensorFlowJs: "built-in" as const,
      })),
      ...model.layers.map(({ path, layer, weights }, index) => ({
        name: path,
        className: layer.className,
        outputShape: model.calls.find((call) => call.layer === index)?.outputs[0]?.dims ?? null,
        weights: weights.map(weightInfo),
        inTensorFlowJs: tfjs.has(layer.className) ? inTfjs(layer) : ("refused" as const),
      })),
    ],
    training:
      model.training === null
        ? null
        : { optimizer: model.training.optimizer, loss: model.training.loss, metrics: model.training.metrics },
    problems: model.problems,
  };
}

/** Weights in fewer bits are written out; inputs that are rounded cannot be. */
function inTfjs({ config, dequantized }: BoundLayer): "built-in" | "rewrite" | "refused" {
  if (config["quantization"] === undefined) return "built-in";
  return dequantized === null ? "refused" : "rewrite";
}

const weightInfo = ({ spec, shape, dtype, quantization }: ModelWeight): TensorInfo => ({
  name: spec.name,
  shape,
  dtype: quantization ?? dtype,
});

export function renderInspect(report: InspectReport, path: string, style: Style = plain): string {
  const weights = report.layers.flatMap((layer) => layer.weights);
  const count = weights.reduce((sum, { shape }) => sum + sizeOf(shape.map((dim) => dim ?? 0)), 0);
  const lines = [
    "",
    ...entry("file", path, style),
    ...entry(
      "written",
      `${report.writer ?? "unknown writer"}, read as ${report.dialect} (${report.format})`,
      style,
    ),
    ...entry(
      "holds",
      `${plural(report.layers.length, "layer")}, ${plural(count, "weight")} in ${plural(weights.length, "tensor")}`,
      style,
    ),
    ...report.inputs.flatMap((tensor) => entry("input", sayTensor(tensor), style)),
    ...report.outputs.flatMap((tensor) => entry("output", sayTensor(tensor), style)),
    ...(report.training?.optimizer == null
      ? []
      : entry("trained", `with ${report.training.optimizer}`, style)),
    "",
    ...table(report),
    ...problemLines(report.problems, style),
    "",
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

const shapeText = (shape: Dims): string => `[${shape.map((dim) => dim ?? "?").join(", ")}]`;

const sayTensor = ({ name, shape, dtype }: TensorInfo): string => `${name} ${shapeText(shape)} ${dtype}`;

/** The widest column gives way, cut in the middle, until a row fits. */
function table({ layers }: InspectReport): string[] {
  const head = ["layer", "class", "output shape", "weights", "notes"];
  const rows = layers.map(({ name, className, outputShape, weights, inTensorFlowJs }) => [
    name,
    className,
    outputShape === null ? "?" : shapeText(outputShape),
    weights.length === 0
      ? "-"
      : formatCount(weights.reduce((n, { shape }) => n + sizeOf(shape.map((dim) => dim ?? 0)), 0)),
    [
      ...new Set(weights.map(({ dtype }) => dtype).filter((dtype) => dtype !== "float32")),
      ...(inTensorFlowJs === "refused" ? ["not in TF.js"] : []),
    ].join(", "),
  ]);
  const widths = head.map((title, i) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[i] ?? ""))),
  );
  const total = (): number => widths.reduce((sum, width) => sum + width + 2, 0);
  while (total() > WIDTH) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 1) - 1;
  }
  return [head, ...rows].map(
    (row) => `  ${row.map((cell, i) => pad(cutMiddle(cell, widths[i] ?? 0), widths[i] ?? 0)).join("  ")}`,
  );
}

export function problemLines(problems: readonly Problem[], style: Style = plain): string[] {
  if (problems.length === 0) return [];
  return [
    "",
    ...problems.flatMap(({ severity, where, message, hint }) =>
      entry(
        severity,
        `${where === "" ? "" : `${where}: `}${message}${hint === "" ? "" : `\n${hint}`}`,
        style,
      ),
    ),
  ];
}
