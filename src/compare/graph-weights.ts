/**
 * @file Which constant of a graph holds which weight of a model: by their numbers, whatever they are called; what is
 * left by the layer's name in the constant's, else by order among those of one shape.
 *
 * Numbers decide first, since names lie: Keras 3 exports its "conv2d" as "conv2d_1" and its "conv2d_1" as "conv2d_1_2".
 */

import { groupBy } from "../base/group-by.ts";
import type { GraphNode } from "../formats/graph-def.ts";
import type { GraphWeight, TfjsGraphFile } from "../formats/tfjs-graph.ts";
import type { Model } from "../model/model.ts";
import type { WeightCache } from "../model/weights.ts";
import { roundToFloat16 } from "../numerics/formats.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import { type GraphFlow, graphFlow } from "./graph-flow.ts";
import { type LayerScopes, layerScopes } from "./graph-names.ts";
import { isTelling, type WeightForm, weightForms, weightKey } from "./weight-forms.ts";

export interface GraphConstant {
  readonly name: string;
  readonly shape: Shape;
  /** As TF.js holds it; of a matrix that its consumer transposes, transposed. */
  readonly values: Float32Array;
  readonly quantization: GraphWeight["quantization"];
}

export interface FoundWeight {
  readonly form: WeightForm;
  readonly constant: GraphConstant;
  /** Equal within the form's bound; else the same up to how the file quantizes it. */
  readonly exact: boolean;
}

export interface GraphWeights {
  /** The best constant of each form that has one. */
  readonly found: readonly FoundWeight[];
  /** Weights whose numbers are nowhere in the graph, with the constant that stands in their place. */
  readonly replaced: readonly (FoundWeight & { readonly by: "name" | "only" | "order" })[];
  /** Weights that nothing in the graph was found for. */
  readonly missing: readonly { readonly layer: number; readonly weight: string; readonly shape: Shape }[];
  /** Of `missing`: kernels in whose place a product takes one of another size. */
  readonly reshaped: readonly {
    readonly layer: number;
    readonly weight: string;
    readonly shape: Shape;
    readonly constant: GraphConstant;
  }[];
  readonly scopes: LayerScopes;
  readonly flow: GraphFlow;
  /** How many weights the model has. */
  readonly total: number;
}

export async function matchGraphWeights(
  model: Model,
  graph: TfjsGraphFile,
  weights: WeightCache,
): Promise<GraphWeights> {
  const flow = graphFlow(graph.nodes);
  const constants = await constantsOf(graph, flow);
  const forms = await weightForms(model, weights);
  const bySize = groupBy(constants, ({ values }) => values.length);
  const found = forms.flatMap((form) => bestOf(form, bySize.get(form.size) ?? []) ?? []);
  const accounted = new Set(found.flatMap(({ form }) => form.accounts));
  const used = new Set(found.map(({ constant }) => constant));
  const scopes = layerScopes(model, graph.nodes, found);
  const all = model.layers.flatMap(({ layer: { weights: specs } }, layer) =>
    specs.map(({ name, shape }) => ({ layer, weight: name, shape })),
  );
  const open = all.filter(({ layer, weight }) => !accounted.has(weightKey(layer, weight)));
  const left = constants.filter((constant) => !used.has(constant) && constant.shape.length > 0);
  const replaced = replacements(model, open, left, forms, scopes);
  const placed = new Set(replaced.flatMap(({ form }) => form.accounts));
  const missing = open.filter(({ layer, weight }) => !placed.has(weightKey(layer, weight)));
  const taken = new Set(replaced.map(({ constant }) => constant));
  const free = left.filter((constant) => !taken.has(constant));
  return {
    found,
    replaced,
    missing,
    reshaped: reshapedKernels(missing, free, scopes, flow),
    scopes,
    flow,
    total: all.length,
  };
}

/** Of floating point, in the order in which the graph first needs them. */
async function constantsOf(graph: TfjsGraphFile, flow: GraphFlow): Promise<GraphConstant[]> {
  const first = (name: string): number =>
    (flow.consumers.get(name) ?? []).reduce(
      (least, node) => Math.min(least, flow.position.get(node.name) ?? Infinity),
      Infinity,
    );
  const constants: (GraphConstant & { first: number })[] = [];
  for (const weight of graph.weights.filter(({ dtype }) => dtype === "float32")) {
    const { shape, data } = await weight.read();
    if (!(data instanceof Float32Array)) continue;
    const turned = isTransposed(weight.name, flow.consumers.get(weight.name) ?? []);
    const [rows = 1, columns = 1] = shape;
    constants.push({
      name: weight.name,
      shape: turned ? [columns, rows] : shape,
      values: turned ? data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)] ?? 0) : data,
      quantization: weight.quantization,
      first: first(weight.name),
    });
  }
  // Infinity − Infinity is no order.
  return constants.sort((x, y) => (x.first === y.first ? 0 : x.first - y.first));
}

/** Taken in by matrix products alone, all of which turn it. */
function isTransposed(name: string, consumers: readonly GraphNode[]): boolean {
  return (
    consumers.length > 0 &&
    consumers.every(({ inputs, attrs }) => {
      const turned = attrs["transpose_b"] ?? attrs["adj_y"];
      const says = typeof turned === "object" && turned !== null && "b" in turned && turned["b"] === true;
      return inputs[1]?.node === name && says;
    })
  );
}

function bestOf(form: WeightForm, constants: readonly GraphConstant[]): FoundWeight | null {
  const exact = constants.find((constant) => within(form, constant, false));
  if (exact !== undefined) return { form, constant: exact, exact: true };
  const near = constants.find(
    (constant) => constant.quantization !== null && within(form, constant, true) && isTelling(form),
  );
  return near === undefined ? null : { form, constant: near, exact: false };
}

/** Numbers alike in flat order: converters put in and take out axes of one element, and join or split axes. */
function within(form: WeightForm, constant: GraphConstant, quantized: boolean): boolean {
  const given = constant.values;
  const slack = quantized ? slackOf(constant) : () => 0;
  for (let i = 0; i < form.size; i++) {
    const [value, other] = [form.valueAt(i), given[i] as number];
    if (value === other || (Number.isNaN(value) && Number.isNaN(other))) continue;
    if (!(Math.abs(value - other) <= form.boundAt(i) + slack(value))) return false;
  }
  return true;
}

/**
 * How far storing may take a number: of float16 its own rounding; of integers one step, since the range may be nudged
 * by up to half a step beside the rounding (tensorflowjs quantization.py), and the float32 roundings of reading.
 */
function slackOf({ quantization, values }: GraphConstant): (value: number) => number {
  if (quantization === null) return () => 0;
  if (quantization.dtype === "float16") return (value) => Math.abs(value - roundToFloat16(value));
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = quantization.scale + 2 ** -22 * largest;
  return () => step;
}

type Open = GraphWeights["missing"][number];

function replacements(
  model: Model,
  open: readonly Open[],
  left: readonly GraphConstant[],
  forms: readonly WeightForm[],
  scopes: LayerScopes,
): GraphWeights["replaced"] {
  const replaced: GraphWeights["replaced"][number][] = [];
  const taken = new Set<GraphConstant>();
  const rest: Open[] = [];
  const place = (weight: Open, constant: GraphConstant, by: "name" | "only" | "order"): void => {
    const form = nearest(forms, weight, constant);
    if (form === undefined) return;
    taken.add(constant);
    replaced.push({ form, constant, exact: false, by });
  };
  for (const weight of open) {
    const alike = (other: { readonly shape: Shape }): boolean =>
      squeezed(other.shape) === squeezed(weight.shape);
    const candidates = left.filter(
      (constant) => alike(constant) && !taken.has(constant) && scopes.isOf(weight.layer, constant.name),
    );
    const rivals = open.filter((other) => other.layer === weight.layer && alike(other));
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1 && rivals.length === 1) place(weight, only, "name");
    else rest.push(weight);
  }
  const firstCall = (layer: number): number => model.calls.findIndex((call) => call.layer === layer);
  const groups = groupBy(rest, ({ shape }) => squeezed(shape));
  for (const [shape, group] of groups) {
    const constants = left.filter((constant) => !taken.has(constant) && squeezed(constant.shape) === shape);
    if (constants.length !== group.length) continue;
    const inOrder = group.toSorted((x, y) => firstCall(x.layer) - firstCall(y.layer));
    for (const [i, weight] of inOrder.entries()) {
      const constant = constants[i];
      if (constant !== undefined) place(weight, constant, group.length === 1 ? "only" : "order");
    }
  }
  return replaced;
}

/** Products that take their kernel second. */
const PRODUCT = /MatMul|Conv2D|Conv3D|DepthwiseConv2dNative/;

/** The only kernel of a layer that is missing, and the only one that a product in the layer's scope has left. */
function reshapedKernels(
  missing: readonly Open[],
  free: readonly GraphConstant[],
  scopes: LayerScopes,
  { consumers }: GraphFlow,
): GraphWeights["reshaped"] {
  const rankOf = ({ shape }: { readonly shape: Shape }): number =>
    shape.filter((extent) => extent !== 1).length;
  const kernels = missing.filter((weight) => rankOf(weight) >= 2);
  return kernels.flatMap(({ layer, weight, shape }) => {
    const inLayer = free.filter(
      (constant) =>
        scopes.isOf(layer, constant.name) &&
        rankOf(constant) === rankOf({ shape }) &&
        (consumers.get(constant.name) ?? []).some(
          ({ op, inputs }) => PRODUCT.test(op) && inputs[1]?.node === constant.name,
        ),
    );
    const [constant] = inLayer;
    const alone = inLayer.length === 1 && kernels.filter((other) => other.layer === layer).length === 1;
    return constant === undefined || !alone || constant.values.length === sizeOf(shape)
      ? []
      : [{ layer, weight, shape, constant }];
  });
}

/** Without axes of one element; a single number keeps one axis. */
const squeezed = (shape: Shape): string =>
  sizeOf(shape) === 1 ? "1" : shape.filter((extent) => extent !== 1).join(" ");

/** Of the forms that a weight may have, the one whose numbers are the least away. */
function nearest(
  forms: readonly WeightForm[],
  { layer, weight }: Open,
  constant: GraphConstant,
): WeightForm | undefined {
  const key = weightKey(layer, weight);
  const candidates = forms.filter(
    ({ accounts, size }) => accounts.includes(key) && size === constant.values.length,
  );
  const away = new Map(
    candidates.map((form) => {
      const apart = constant.values.reduce((sum, value, i) => sum + Math.abs(form.valueAt(i) - value), 0);
      return [form, apart] as const;
    }),
  );
  return candidates.toSorted((x, y) => (away.get(x) ?? 0) - (away.get(y) ?? 0))[0];
}
