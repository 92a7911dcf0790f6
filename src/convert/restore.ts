/**
 * @file The way back: a model that an earlier conversion made of another, as that other was. Names, keys that the format
 * had no word for, and rewritten layers come back from what was kept; a layer only where the parts in the file still are
 * what the rewrite makes of it. What was changed since stays as it is.
 */

import { isVernierError } from "../base/errors.ts";
import { asList, asObject, isObject, type JsonObject, sameJson } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import { contextFor } from "../dialects/build.ts";
import { bindLayer } from "../layers/bind.ts";
import type { Dialect } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import type { NodeSpec } from "../model/topology.ts";
import type { Dims } from "../tensor/tensor.ts";
import { withModelKeys } from "./model-keys.ts";
import type { Plan, PlannedLayer, PlannedTopology } from "./plan.ts";
import { modelFromPlan } from "./planned-model.ts";
import { Changed, weightsBack } from "./restored-weights.ts";
import { keysOfOne, mergedKeys, renamed, withKeys } from "./restored-words.ts";
import { type Rewritten, rewritten } from "./rewritten.ts";
import { translate } from "./translate.ts";

/** What was kept of one rewritten layer. */
interface KeptRewrite {
  readonly path: string;
  readonly className: string;
  readonly config: JsonObject;
  readonly parts: readonly string[];
  readonly fed: readonly Dims[];
  readonly repeats: readonly number[];
  readonly integers: boolean;
  /** Small weights that no part gives back. */
  readonly weights: JsonObject;
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
    const names = asObject(kept["names"]);
    const known = keysOfOne(plan, dialect);
    const whole = withKeys(renamed(topology, names), mergedKeys(known, asObject(kept["keys"])), names);
    const topologyBefore = withModelKeys(whole, asObject(kept["models"]));
    const back = modelFromPlan({ ...plan, topology: topologyBefore });
    return { model: { ...back, dialect, kept }, problems };
  } catch (error) {
    if (!isVernierError(error)) throw error;
    problems.push(notRestored("the model", error.message));
    return { model, problems };
  }
}

function originOf(kept: JsonObject | null): "keras2" | "keras3" | null {
  const dialect = asObject(asObject(kept)["source"])["dialect"];
  return dialect === "keras2" || dialect === "keras3" ? dialect : null;
}

function keptRewrites(kept: JsonObject): KeptRewrite[] {
  const list = kept["rewritten"];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown): KeptRewrite[] => {
    if (!isObject(entry)) return [];
    const { path, className, config, parts, fed, repeats, integers, weights } = entry;
    const names = Array.isArray(parts)
      ? parts.filter((part): part is string => typeof part === "string")
      : [];
    return typeof path === "string" && typeof className === "string" && names.length > 0
      ? [
          {
            path,
            className,
            config: asObject(config),
            parts: names,
            fed: asList(fed).map((dims) => asList(dims).map((dim) => (typeof dim === "number" ? dim : null))),
            repeats: asList(repeats).filter((input) => typeof input === "number"),
            integers: integers === true,
            weights: asObject(weights),
          },
        ]
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
  { className, config, fed, repeats, integers, weights }: KeptRewrite,
  dialect: Dialect,
): PlannedLayer {
  const { maskRules } = plan.source;
  const bound = bindLayer(
    { class_name: className, config },
    contextFor({ maskRules, writtenIn: dialect }, dialect, fed, [className]),
  );
  const languages = { from: dialect, to: plan.source.dialect, maskRules };
  const said = rewritten(bound, {
    words: config,
    languages,
    engines: ["tfjs:cpu", "tfjs:wasm"],
    inputs: fed,
    outputs: last.given,
    repeats,
    masks: 0,
    states: false,
    integers,
  });
  if (!sameParts(said, parts)) throw new Changed("its parts were changed since");
  const nodes = last.nodes.map((_, call): NodeSpec => {
    const main = parts[said.parts.findIndex((part) => part.main)]?.nodes[call];
    return {
      inputs: inputsAt(said, parts, fed.length, call),
      initial_state: main?.initial_state ?? [],
      mask: main?.mask ?? null,
      constants: main?.constants ?? {},
    };
  });
  const { name: _name, ...words } = config;
  return {
    ...last,
    className,
    config: words,
    nodes,
    bound,
    fed,
    weights: weightsBack(bound, said, parts, weights),
  };
}

/** What the parts that read the layer's own inputs are fed. */
function inputsAt(
  { parts: said }: Rewritten,
  parts: readonly PlannedLayer[],
  count: number,
  call: number,
): NodeSpec["inputs"] {
  return Array.from({ length: count }, (_, input) => {
    for (const [i, part] of said.entries()) {
      for (const [own, refs] of part.calls.entries()) {
        const at = refs.findIndex((ref) => "input" in ref && ref.input === input);
        const ref = at < 0 ? undefined : parts[i]?.nodes[call * part.calls.length + own]?.inputs[at];
        if (ref !== undefined) return ref;
      }
    }
    throw new Changed(`its input ${input} is read by no part`);
  });
}

function sameParts(said: Rewritten, parts: readonly PlannedLayer[]): boolean {
  return (
    said.parts.length === parts.length &&
    said.parts.every(({ said: one }, i) => {
      const { bound } = parts[i] ?? {};
      return bound != null && one.className === bound.className && sameJson(one.bound.config, bound.config);
    })
  );
}

const notRestored = (where: string, reason: string): Problem => ({
  code: "convert.not-restored",
  where,
  message: `it was made from another layer or model, which could not be restored: ${reason}`,
  hint: "it is converted as it is now",
  severity: "note",
});
