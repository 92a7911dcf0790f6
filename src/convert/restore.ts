/**
 * @file The way back: a model that an earlier conversion made of another, as that other was. Names, keys that the format
 * had no word for, and rewritten layers come back from what was kept; a layer only where the parts in the file still are
 * what the rewrite makes of it. What was changed since stays as it is.
 */

import { isVernierError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import { contextFor } from "../dialects/build.ts";
import { bindLayer } from "../layers/bind.ts";
import type { BoundLayer, Dialect } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import type { NodeSpec } from "../model/topology.ts";
import type { Dims, Tensor } from "../tensor/tensor.ts";
import type { Plan, PlannedLayer, PlannedTopology, PlannedWeight } from "./plan.ts";
import { modelFromPlan } from "./planned-model.ts";
import { keysOfOne, mergedKeys, renamed, withKeys } from "./restored-words.ts";
import { type Rewritten, rewritten, type SaidPart } from "./rewritten.ts";
import { translate } from "./translate.ts";

/** What was kept of one rewritten layer. */
interface KeptRewrite {
  readonly path: string;
  readonly className: string;
  readonly config: JsonObject;
  readonly parts: readonly string[];
}

export interface Restored {
  readonly model: Model;
  readonly problems: readonly Problem[];
}

/** The model itself where nothing was kept. */
export function restored(model: Model): Restored {
  const { kept } = model;
  const dialect = originOf(kept);
  if (kept === null || dialect === null) return { model, problems: [] };
  const problems: Problem[] = [];
  try {
    const plan = translate(model, { to: dialect, keepNames: true });
    const topology = withLayers(plan, keptRewrites(kept), dialect, problems);
    const names = objectOf(kept["names"]);
    const known = keysOfOne(plan, dialect);
    const whole = withKeys(renamed(topology, names), mergedKeys(known, objectOf(kept["keys"])), names);
    const back = modelFromPlan({ ...plan, topology: whole });
    return { model: { ...back, dialect, kept }, problems };
  } catch (error) {
    if (!isVernierError(error)) throw error;
    problems.push(notRestored("the model", error.message));
    return { model, problems };
  }
}

function originOf(kept: JsonObject | null): "keras2" | "keras3" | null {
  const dialect = objectOf(objectOf(kept)["source"])["dialect"];
  return dialect === "keras2" || dialect === "keras3" ? dialect : null;
}

function keptRewrites(kept: JsonObject): KeptRewrite[] {
  const list = kept["rewritten"];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown): KeptRewrite[] => {
    if (!isObject(entry)) return [];
    const { path, className, config, parts } = entry;
    const names = Array.isArray(parts)
      ? parts.filter((part): part is string => typeof part === "string")
      : [];
    return typeof path === "string" && typeof className === "string" && names.length > 0
      ? [{ path, className, config: objectOf(config), parts: names }]
      : [];
  });
}

function withLayers(
  plan: Plan,
  rewrites: readonly KeptRewrite[],
  dialect: Dialect,
  problems: Problem[],
): PlannedTopology {
  return rewrites.reduce((topology, rewrite) => {
    try {
      return withLayer(plan, topology, rewrite, dialect);
    } catch (error) {
      if (!isVernierError(error) && !(error instanceof Changed)) throw error;
      problems.push(notRestored(rewrite.path, error.message));
      return topology;
    }
  }, plan.topology);
}

class Changed extends Error {}

function withLayer(
  plan: Plan,
  topology: PlannedTopology,
  rewrite: KeptRewrite,
  dialect: Dialect,
): PlannedTopology {
  const [first = ""] = rewrite.parts;
  const nested = topology.layers.find(({ inner, path }) => inner !== null && first.startsWith(`${path}/`));
  if (nested?.inner != null) {
    const inner = withLayer(plan, nested.inner, rewrite, dialect);
    return {
      ...topology,
      layers: topology.layers.map((layer) => (layer === nested ? { ...layer, inner } : layer)),
    };
  }
  const parts = rewrite.parts.map((path) => topology.layers.find((layer) => layer.path === path));
  const found = parts.filter((part) => part !== undefined);
  const last = found.at(-1);
  if (found.length < parts.length || last === undefined)
    throw new Changed("its parts are no longer all there");
  return {
    ...topology,
    layers: replaced(topology.layers, found, original(plan, found, last, rewrite, dialect)),
  };
}

function replaced(
  layers: readonly PlannedLayer[],
  parts: readonly PlannedLayer[],
  layer: PlannedLayer,
): PlannedLayer[] {
  const last = parts.at(-1);
  return layers.flatMap((one) => (one === last ? [layer] : parts.includes(one) ? [] : [one]));
}

/** The layer as it was, if rewriting it gives exactly these parts. */
function original(
  plan: Plan,
  parts: readonly PlannedLayer[],
  last: PlannedLayer,
  { className, config }: KeptRewrite,
  dialect: Dialect,
): PlannedLayer {
  const { maskRules } = plan.source;
  const names = parts.map(({ name }) => name);
  const outside = last.nodes.map((_, call) => inputsAt(parts, names, call));
  const fed = inputDims(parts, names);
  const bound = bindLayer(
    { class_name: className, config },
    contextFor({ maskRules, writtenIn: dialect }, dialect, fed, [className]),
  );
  const languages = { from: dialect, to: plan.source.dialect, maskRules };
  const engines = ["tfjs:cpu", "tfjs:wasm"];
  const said = rewritten(bound, { words: config, languages, engines, inputs: fed, outputs: last.given });
  if (!sameParts(said, parts)) throw new Changed("its parts were changed since");
  const order = readOrder(said);
  const nodes = outside.map((inputs, call): NodeSpec => {
    const main = parts[said.parts.findIndex((part) => part.main)]?.nodes[call];
    return {
      inputs: order.toSorted((a, b) => a - b).flatMap((input) => inputs[order.indexOf(input)] ?? []),
      initial_state: main?.initial_state ?? [],
      mask: main?.mask ?? null,
      constants: main?.constants ?? {},
    };
  });
  const { name: _name, ...words } = config;
  return { ...last, className, config: words, nodes, bound, fed, weights: weightsBack(bound, said, parts) };
}

/** References that parts make to what is none of them, each once, in the order in which they are read. */
function inputsAt(
  parts: readonly PlannedLayer[],
  names: readonly string[],
  call: number,
): NodeSpec["inputs"] {
  const seen = new Map<string, NodeSpec["inputs"][number]>();
  // A layer may be fed its own output of an earlier call.
  for (const { nodes } of parts)
    for (const ref of nodes[call]?.inputs ?? [])
      if (!names.includes(ref.layer) || ref.node !== call)
        seen.set(`${ref.layer}:${ref.node}:${ref.tensor}`, ref);
  return [...seen.values()];
}

function inputDims(parts: readonly PlannedLayer[], names: readonly string[]): Dims[] {
  const seen = new Map<string, Dims>();
  for (const { nodes, fed } of parts)
    for (const [i, ref] of (nodes[0]?.inputs ?? []).entries())
      if (!names.includes(ref.layer)) seen.set(`${ref.layer}:${ref.node}:${ref.tensor}`, fed[i] ?? []);
  return [...seen.values()];
}

const readOrder = ({ parts }: Rewritten): number[] => [
  ...new Set(parts.flatMap(({ inputs }) => inputs.flatMap((ref) => ("input" in ref ? [ref.input] : [])))),
];

function sameParts(said: Rewritten, parts: readonly PlannedLayer[]): boolean {
  return (
    said.parts.length === parts.length &&
    said.parts.every(({ said: one }, i) => {
      const { bound } = parts[i] ?? {};
      return (
        bound != null &&
        one.className === bound.className &&
        JSON.stringify(one.bound.config) === JSON.stringify(bound.config)
      );
    })
  );
}

function weightsBack(
  bound: BoundLayer,
  { parts: said }: Rewritten,
  parts: readonly PlannedLayer[],
): PlannedWeight[] {
  return bound.weights.map(({ name, trainable, older, shape }) => {
    for (const [i, part] of said.entries()) {
      const own: SaidPart["weights"][number] | undefined = part.weights.find(({ from }) => from === name);
      const stored = parts[i]?.weights.find((weight) => weight.name === own?.name);
      if (own === undefined || stored === undefined) continue;
      const { source } = stored;
      const { back } = own;
      if (own.map !== undefined && back === undefined) break;
      const undone =
        back === undefined
          ? source
          : { shape, dtype: source.dtype, ...undoing(async () => back(await source.read())) };
      return { name, trainable, older: older ?? null, source: undone };
    }
    throw new Changed(`its weight "${name}" cannot be found in them`);
  });
}

function undoing(read: () => Promise<Tensor>) {
  return {
    read,
    async *pieces() {
      const { dtype, data } = await read();
      yield { shape: [data.length], dtype, data } satisfies Tensor;
    },
  };
}

const notRestored = (where: string, reason: string): Problem => ({
  code: "convert.not-restored",
  where,
  message: `it was made from another layer or model, which could not be restored: ${reason}`,
  hint: "it is converted as it is now",
  severity: "note",
});

const objectOf = (json: unknown): JsonObject => (isObject(json) ? (json as JsonObject) : {});
