/**
 * @file From a topology to the canonical model's layers and calls: layers bound for the shapes that reach them, in
 * topological order, nested models laid open ("outer/inner"), shapes and dtypes found by the shape reading.
 */

import { VernierError } from "../base/errors.ts";
import { type Json, sameJson } from "../base/json.ts";
import { bindLayer } from "../layers/bind.ts";
import type { BindContext, BoundLayer, Dialect, LayerResult, MaskRules } from "../model/layer.ts";
import type { Call, ModelInput, ModelOutput, TensorRef } from "../model/model.ts";
import type { NodeRef, NodeSpec, Topology } from "../model/topology.ts";
import { type ShapeOnly, shapeOps } from "../ops/shape.ts";
import type { Dims } from "../tensor/tensor.ts";
import { bindInnerModel } from "./inner-model.ts";
import { decodeGraph, type GraphSpec, isModel, type LayerEntry } from "./nodes.ts";
import { canonicalNodes, orderNodes } from "./order.ts";
import { decodeDims, inputDtype, topologyOf } from "./topology.ts";

export interface BuildOptions {
  /** In whose words the file is read. */
  readonly dialect: Dialect;
  /** In whose words it was written; also read so where that differs. */
  readonly writtenIn: Dialect;
  readonly maskRules: MaskRules;
  /** How many wrappers this is inside of. @default 0 */
  readonly wrapped?: number;
}

export interface BuiltLayer {
  readonly path: string;
  readonly layer: BoundLayer;
  readonly intended: BoundLayer | null;
  readonly fileConfig: Json;
}

export interface BuiltGraph {
  readonly name: string | null;
  readonly layers: readonly BuiltLayer[];
  readonly calls: readonly Call[];
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  readonly topology: Topology;
}

interface State {
  readonly options: BuildOptions;
  readonly layers: BuiltLayer[];
  readonly byPath: Map<string, number>;
  readonly calls: Call[];
  /** Per call: its outputs and masks in the shape reading. */
  readonly shapes: LayerResult<ShapeOnly>[];
  readonly invocations: Map<string, number>;
  readonly inputs: ModelInput[];
}

/** Models nest; real ones three deep (a backbone in a wrapper in a head). Stops stack exhaustion by a crafted file. */
const MAX_NESTING = 32;
/** Wrappers hold wrappers; real ones two deep. Bidirectional binds what it holds twice, so that each level doubles the work. */
const MAX_WRAPPED = 8;

/** `given`: dims that feed the model from outside (an inner model of a wrapper), in place of its own input shapes. */
export function buildGraph(
  json: unknown,
  options: BuildOptions,
  where: readonly (string | number)[],
  given?: readonly Dims[],
): BuiltGraph {
  const state: State = {
    options,
    layers: [],
    byPath: new Map(),
    calls: [],
    shapes: [],
    invocations: new Map(),
    inputs: [],
  };
  const spec = decodeGraph(json, where);
  const outputs = placedAt(where, () => {
    const refs = spec.inputs.map((ref, i) => addInput(state, spec, ref, given?.[i]));
    return buildInto(state, spec, refs, "", 0);
  });
  return {
    name: spec.name,
    layers: state.layers,
    calls: state.calls,
    inputs: state.inputs,
    outputs: outputs.map((ref) => ({
      name: `${outputName(state, ref)}${ref.output === 0 ? "" : `:${ref.output}`}`,
      ref,
    })),
    topology: topologyOf(spec, options.writtenIn),
  };
}

const outputName = (state: State, { call }: TensorRef): string => state.calls[call]?.id ?? "?";

function addInput(state: State, spec: GraphSpec, { layer }: NodeRef, given: Dims | undefined): TensorRef {
  const entry = spec.layers.find(({ name }) => name === layer);
  if (entry === undefined)
    throw new VernierError("graph.malformed", { reason: `the input layer "${layer}" does not exist` });
  const dims = given ?? decodeDims(entry);
  const dtype = inputDtype(entry);
  const call = state.calls.length;
  state.calls.push({
    id: layer,
    layer: -1,
    inputs: [],
    initial_state: [],
    masks: null,
    outputs: [{ dims, dtype }],
  });
  state.shapes.push({ outputs: [{ dims, dtype }], masks: [null] });
  state.inputs.push({ name: layer, dims, dtype, call });
  return { call, output: 0 };
}

/** Adds a model's calls; returns what its outputs are. */
function buildInto(
  state: State,
  spec: GraphSpec,
  inputs: readonly TensorRef[],
  prefix: string,
  depth: number,
): TensorRef[] {
  if (depth > MAX_NESTING)
    throw new VernierError("file.limit", {
      limit: "the depth of nested models",
      value: String(depth),
      allowed: String(MAX_NESTING),
    });
  const graph = canonicalNodes(spec, state.options.writtenIn);
  const known = new Map<string, readonly TensorRef[]>();
  for (const [i, ref] of graph.inputs.entries()) {
    const input = inputs[i];
    if (input === undefined)
      throw new VernierError("graph.malformed", { reason: `"${prefix}${ref.layer}" is fed nothing` });
    known.set(`${ref.layer}:${ref.node}`, [input]);
  }
  const at = ({ layer, node, tensor }: NodeRef): TensorRef => {
    const found = known.get(`${layer}:${node}`)?.[tensor];
    if (found === undefined)
      throw new VernierError("graph.malformed", {
        reason: `output ${tensor} of "${layer}" (call ${node}) does not exist`,
      });
    return found;
  };
  for (const { entry, node, index } of orderNodes(graph, new Set(known.keys()))) {
    known.set(`${entry.name}:${index}`, addNode(state, entry, node, at, prefix, depth));
  }
  return graph.outputs.map(at);
}

function addNode(
  state: State,
  entry: LayerEntry,
  node: NodeSpec,
  at: (ref: NodeRef) => TensorRef,
  prefix: string,
  depth: number,
): TensorRef[] {
  const path = `${prefix}${entry.name}`;
  const inputs = node.inputs.map(at);
  const json = { class_name: entry.className, config: entry.config };
  if (isModel(json)) return buildInto(state, decodeGraph(json, entry.where), inputs, `${path}/`, depth + 1);
  const layer = layerAt(
    state,
    entry,
    path,
    inputs.map((ref) => shapeAt(state, ref).dims),
  );
  const bound = state.layers[layer]?.layer;
  if (bound === undefined) throw new VernierError("internal", { reason: `layer ${path} was not kept` });
  // Keras 2 lists initial states as further inputs of a recurrent layer.
  const states = bound.states > 0 ? [...inputs.slice(1), ...node.initial_state.map(at)] : [];
  const fed = bound.states > 0 ? inputs.slice(0, 1) : inputs;
  requireYesNoMask(state, node.mask === null ? null : at(node.mask), entry);
  const call: Omit<Call, "outputs"> = {
    id: nextId(state, path),
    layer,
    inputs: fed,
    initial_state: states,
    masks:
      node.mask === null ? null : fed.map((_, i) => (i === 0 && node.mask !== null ? at(node.mask) : null)),
  };
  const shapes = shapesOf(state, bound, call, entry);
  state.shapes.push(shapes);
  state.calls.push({ ...call, outputs: shapes.outputs });
  return shapes.outputs.map((_, output) => ({ call: state.calls.length - 1, output }));
}

/** A mask of fractions weighs what it masks, otherwise in each layer and version. */
function requireYesNoMask(state: State, mask: TensorRef | null, { className, where }: LayerEntry): void {
  const dtype = mask === null ? "bool" : shapeAt(state, mask).dtype;
  if (!dtype.includes("float")) return;
  throw new VernierError(
    "layer.unsupported",
    { className, reason: `its mask is of ${dtype}, not of yes and no` },
    { where },
  );
}

function shapeAt(state: State, { call, output }: TensorRef): ShapeOnly {
  const found = state.shapes[call]?.outputs[output];
  if (found === undefined)
    throw new VernierError("graph.malformed", { reason: `output ${output} of call ${call} does not exist` });
  return found;
}

function shapesOf(
  state: State,
  layer: BoundLayer,
  call: Omit<Call, "outputs">,
  { where }: LayerEntry,
): LayerResult<ShapeOnly> {
  const weights = new Map(
    layer.weights.map(({ name, shape }) => [name, { dims: shape, dtype: "float32" as const }]),
  );
  const masks = call.inputs.map((ref, i) => {
    const own = call.masks?.[i];
    return own === undefined || own === null
      ? (state.shapes[ref.call]?.masks[ref.output] ?? null)
      : shapeAt(state, own);
  });
  const initial_state = call.initial_state.map((ref) => shapeAt(state, ref));
  return placedAt(where, () =>
    layer.evaluate(shapeOps, {
      weights,
      inputs: call.inputs.map((ref) => shapeAt(state, ref)),
      masks,
      args: initial_state.length === 0 ? {} : { initial_state },
    }),
  );
}

/** What is thrown without a place is given this one. */
function placedAt<T>(where: readonly (string | number)[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VernierError) || error.where !== "") throw error;
    throw new VernierError(error.code, error.details as never, { where, cause: error });
  }
}

function nextId(state: State, path: string): string {
  const count = state.invocations.get(path) ?? 0;
  state.invocations.set(path, count + 1);
  return count === 0 ? path : `${path}#${count}`;
}

function layerAt(state: State, entry: LayerEntry, path: string, inputs: readonly Dims[]): number {
  const known = state.byPath.get(path);
  if (known !== undefined) return known;
  const { dialect, writtenIn } = state.options;
  const json = { class_name: entry.className, config: entry.config };
  if (entry.module !== "") {
    throw new VernierError(
      "layer.unsupported",
      {
        className: `${entry.module}.${entry.className}`,
        reason: "operations of keras.ops as graph nodes come in a later release",
      },
      { where: [path] },
    );
  }
  const layer = bindLayer(json, contextFor(state.options, dialect, inputs, [path]));
  const intended =
    writtenIn === dialect ? null : bindLayer(json, contextFor(state.options, writtenIn, inputs, [path]));
  const same = intended === null || sameJson(intended.config, layer.config);
  state.byPath.set(path, state.layers.length);
  state.layers.push({ path, layer, intended: same ? null : intended, fileConfig: entry.config as Json });
  return state.layers.length - 1;
}

export function contextFor(
  options: Pick<BuildOptions, "maskRules" | "writtenIn" | "wrapped">,
  dialect: Dialect,
  inputs: readonly Dims[],
  where: readonly (string | number)[],
): BindContext {
  const wrapped = (options.wrapped ?? 0) + 1;
  return {
    dialect,
    maskRules: options.maskRules,
    inputs,
    where,
    bindInner(json, inner, place) {
      if (wrapped > MAX_WRAPPED)
        throw new VernierError(
          "file.limit",
          { limit: "the depth of wrapped layers", value: String(wrapped), allowed: String(MAX_WRAPPED) },
          { where: where.slice(0, 2) },
        );
      const held = { ...options, dialect, wrapped };
      return isModel(json)
        ? bindInnerModel(buildGraph(json, held, place, inner))
        : bindLayer(json, contextFor(held, dialect, inner, place));
    },
  };
}
