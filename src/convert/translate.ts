/**
 * @file A model → the same model in another dialect's words: each layer as it is where the dialect has it, else by an
 * exact rewrite, else refused by name. Every refusal is found before one is thrown.
 */

import { isVernierError, VernierError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { ErrorDetails } from "../base/texts.ts";
import type { Dialect } from "../model/layer.ts";
import type { Model, ModelLayer } from "../model/model.ts";
import type { NodeSpec, Topology, TopologyLayer } from "../model/topology.ts";
import { type CallFacts, callFacts, callsByLayer, type MaskedCall, requireTfjsCall } from "./call-facts.ts";
import { LedgerBook } from "./ledger-book.ts";
import { nameFor, type TargetNames } from "./names.ts";
import { placed } from "./placed.ts";
import type { Plan, PlannedLayer, PlannedTopology, RewrittenLayer } from "./plan.ts";
import { type Rewritten, rewritten } from "./rewritten.ts";
import { type Languages, NAME_OF } from "./say-layer.ts";

export interface TranslateOptions {
  readonly to: Dialect;
  /** Rewrite layers whose kernel is known to be wrong on these engines. @default ["tfjs:cpu", "tfjs:wasm"] */
  readonly engines?: readonly string[];
  /** Names stay, also those that the target's programs do not take. @default false */
  readonly keepNames?: boolean;
  /** Keys that the format of the file has no room for, though its dialect has a word for them. */
  readonly without?: readonly string[];
}

interface State {
  readonly model: Model;
  readonly languages: Languages;
  readonly engines: readonly string[];
  readonly byPath: ReadonlyMap<string, { readonly index: number; readonly entry: ModelLayer }>;
  readonly calls: ReadonlyMap<number, readonly MaskedCall[]>;
  readonly names: TargetNames;
  readonly book: LedgerBook;
  readonly refusals: { readonly path: string; readonly error: VernierError }[];
  readonly rewritten: RewrittenLayer[];
  readonly renamed: Map<string, string>;
  readonly keptKeys: Map<string, JsonObject>;
  readonly problems: Problem[];
}

/** Throws `convert.refused` with every layer that cannot be said, `weights.*` where weights are missing. */
export function translate(model: Model, options: TranslateOptions): Plan {
  const { to, engines = ["tfjs:cpu", "tfjs:wasm"], keepNames = false, without = [] } = options;
  const state: State = {
    model,
    engines: to === "tfjs" ? engines : [],
    languages: { from: wordsOf(model), to, maskRules: model.maskRules, without },
    byPath: new Map(model.layers.map((entry, index) => [entry.path, { index, entry }])),
    names: nameFor(model, keepNames ? null : to),
    calls: callsByLayer(model),
    book: new LedgerBook(),
    refusals: [],
    rewritten: [],
    renamed: new Map(),
    keptKeys: new Map(),
    problems: [],
  };
  requireWeights(model);
  const topology = planTopology(state, model.topology, "");
  refuse(state);
  return {
    source: model,
    to,
    topology,
    rewritten: state.rewritten,
    renamed: state.renamed,
    keptKeys: state.keptKeys,
    ledger: state.book.entries,
    problems: state.problems,
  };
}

/** In whose words the file's keys are read: a model.json means what TF.js makes of it. */
const wordsOf = (model: Model): Dialect => model.dialect;

function requireWeights({ layers, problems }: Model): void {
  const lacking = layers.find(({ layer, weights }) => weights.length < layer.weights.length);
  if (lacking === undefined) return;
  const problem = problems.find(({ where, severity }) => where === lacking.path && severity === "error");
  const missing = lacking.layer.weights.find(
    ({ name }) => !lacking.weights.some(({ spec }) => spec.name === name),
  );
  throw new VernierError(
    "weights.missing",
    { weight: missing?.name ?? "?", present: lacking.weights.map(({ fileName }) => fileName) },
    { where: problem === undefined ? lacking.path : `${lacking.path}: ${problem.message}` },
  );
}

function planTopology(state: State, topology: Topology, prefix: string): PlannedTopology {
  let { kind } = topology;
  const layers = topology.layers.flatMap((layer): PlannedLayer[] => {
    const name = state.names.of(layer.path);
    const path = `${prefix}${name}`;
    if (path !== layer.path) state.renamed.set(layer.path, path);
    const nodes = layer.nodes.map((node) => state.names.inNode(node, topology));
    if (layer.input !== null) return [inputLayer(state, layer, name, path)];
    if (layer.inner !== null) return [nestedModel(state, layer.inner, name, path, nodes)];
    const found = state.byPath.get(layer.path);
    if (found === undefined) {
      state.book.notNeeded(layer, "no output of the model needs this layer");
      return [];
    }
    const facts = callFacts(state.model, state.calls.get(found.index) ?? []);
    const said = sayOrRefuse(state, facts, found.entry, layer);
    if (said === null) return [];
    if (!said.isChain) kind = "Functional";
    const calls = found.entry.layer.states > 0 ? nodes.map(statesApart) : nodes;
    return placed(state, said, layer, {
      name,
      path,
      prefix,
      nodes: calls,
      entry: found.entry,
      fed: facts.inputs,
      repeats: facts.repeats,
      integers: facts.integers,
    });
  });
  return {
    name: topology.name,
    kind,
    config: topology.config,
    layers,
    inputs: topology.inputs.map((ref) => state.names.inRef(ref, topology)),
    outputs: topology.outputs.map((ref) => state.names.inRef(ref, topology)),
  };
}

/** Keras 2 and TF.js list initial states as further inputs of a recurrent layer. */
const statesApart = (node: NodeSpec): NodeSpec => ({
  ...node,
  inputs: node.inputs.slice(0, 1),
  initial_state: [...node.inputs.slice(1), ...node.initial_state],
});

function inputLayer(state: State, layer: TopologyLayer, name: string, path: string): PlannedLayer {
  // tfjs-layers engine/training_utils.ts, standardizeInputData, adds an axis to what has one alone.
  if (state.languages.to === "tfjs" && (layer.input?.dims.length ?? 0) < 2 && !path.includes("/"))
    state.refusals.push({
      path: layer.path,
      error: new VernierError("convert.unsupported", {
        className: "an input without an axis beside the batch",
        target: "TensorFlow.js",
        reason: "its predict adds an axis to such a tensor",
        hint: "give the input the shape [batch, 1], and a Reshape after it",
      }),
    });
  state.book.input(layer, path);
  return {
    name,
    path,
    className: "InputLayer",
    config: layer.config,
    nodes: layer.nodes,
    input: layer.input,
    inner: null,
    weights: [],
    bound: null,
    fed: [],
    given: layer.input === null ? [] : [layer.input.dims],
  };
}

function nestedModel(
  state: State,
  topology: Topology,
  name: string,
  path: string,
  nodes: PlannedLayer["nodes"],
): PlannedLayer {
  const inner = planTopology(state, topology, `${path}/`);
  const given = inner.outputs.map(
    (ref) => inner.layers.find((one) => one.name === ref.layer)?.given[ref.tensor] ?? [],
  );
  return {
    name,
    path,
    className: topology.kind,
    config: {},
    nodes,
    input: null,
    inner,
    weights: [],
    bound: null,
    fed: [],
    given,
  };
}

function sayOrRefuse(
  state: State,
  facts: CallFacts,
  entry: ModelLayer,
  layer: TopologyLayer,
): Rewritten | null {
  const { languages, engines } = state;
  const { inputs, outputs, repeats, masks, states, integers } = facts;
  const words = isObject(entry.fileConfig) ? (entry.fileConfig as JsonObject) : layer.config;
  try {
    if (languages.to === "tfjs") requireTfjsCall(entry.layer, facts, languages.maskRules);
    return rewritten(entry.layer, {
      words,
      languages: entry.writtenIn === undefined ? languages : { ...languages, from: entry.writtenIn },
      engines,
      inputs,
      outputs,
      repeats: languages.to === "tfjs" ? repeats : [],
      masks,
      states,
      integers,
    });
  } catch (error) {
    if (!isVernierError(error)) throw error;
    state.refusals.push({ path: layer.path, error });
    return null;
  }
}

function refuse({ refusals, languages }: State): void {
  const [first] = refusals;
  if (first === undefined) return;
  const layers = refusals.map(({ path, error }) => `${path}: ${whyOf(error)}`);
  throw new VernierError(
    "convert.refused",
    { target: NAME_OF[languages.to] ?? languages.to, layers, hint: first.error.hint },
    {
      where: refusals
        .map(({ path }) => path)
        .join(", ")
        .slice(0, 200),
      cause: first.error,
    },
  );
}

/** The target is named once, before the list. */
function whyOf({ code, details, message }: VernierError): string {
  if (code === "convert.unsupported") {
    const { className, reason } = details as ErrorDetails["convert.unsupported"];
    return `${className}: ${reason}`;
  }
  if (code === "convert.inexpressible") {
    const { className, key, value } = details as ErrorDetails["convert.inexpressible"];
    return `${className} with ${key} = ${value}`;
  }
  return message;
}
