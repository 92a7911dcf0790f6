/** @file A layer or a model inside a wrapper, in another dialect's words. Rewrites do not reach there. */

import { VernierError } from "../base/errors.ts";
import { asObject, type Json, type JsonObject, sameJson } from "../base/json.ts";
import { buildGraph } from "../dialects/build.ts";
import { decodeGraph, isModel } from "../dialects/nodes.ts";
import { topologyOf } from "../dialects/topology.ts";
import type { Topology } from "../model/topology.ts";
import type { Dims } from "../tensor/tensor.ts";
import { isSaidOfModels } from "./model-keys.ts";
import type { PlannedLayer, PlannedTopology } from "./plan.ts";
import type { Languages, LayerMeaning, wordsFor as WordsFor } from "./say-layer.ts";
import { layerJson, modelJson } from "./topology-json.ts";

/** `wordsFor` says a layer, which may hold others in turn. `meaning`: `{ class_name, config }` in canonical words, of a model per path; `words` as the file has it. */
export function sayInnerLayer(
  meaning: JsonObject,
  words: JsonObject,
  languages: Languages,
  fed: readonly Dims[],
  wordsFor: typeof WordsFor,
): Json {
  const held = asObject(meaning["config"]);
  if (isModel(words)) {
    const topology = topologyOf(decodeGraph(words, ["layer"]), languages.from);
    const name = topology.name ?? "model";
    noteModel(topology, "", languages);
    return modelJson(
      planInner(topology, held, languages, dimsByPath(words, languages, fed), wordsFor),
      name,
      languages.to,
    );
  }
  const said = wordsFor(
    {
      className: String(meaning["class_name"]),
      config: held,
      words: asObject(words["config"]),
      fed,
      masks: 0,
      integers: false,
    },
    languages,
  );
  noteKeys(asObject(words["config"]), said, "", languages);
  const own = asObject(words["config"])["name"];
  // TF.js would make up a name, and look for weights under it.
  const name = typeof own === "string" ? own : said.className.toLowerCase();
  const entry = layerJson(said.className, { name, ...said.config }, languages.to);
  // Keras 3 finds a layer inside another by its module; Keras 2 passes over it.
  return languages.to === "keras2" ? { module: "keras.layers", ...entry, registered_name: null } : entry;
}

/** What reaches each layer of a model inside a wrapper. */
function dimsByPath(
  words: JsonObject,
  { from, maskRules }: Languages,
  fed: readonly Dims[],
): ReadonlyMap<string, readonly Dims[]> {
  const { layers, calls } = buildGraph(words, { dialect: from, writtenIn: from, maskRules }, ["layer"], fed);
  return new Map(
    layers.map(({ path }, index) => {
      const call = calls.find((one) => one.layer === index);
      return [path, call?.inputs.map((ref) => calls[ref.call]?.outputs[ref.output]?.dims ?? []) ?? []];
    }),
  );
}

function planInner(
  topology: Topology,
  held: JsonObject,
  languages: Languages,
  dims: ReadonlyMap<string, readonly Dims[]>,
  wordsFor: typeof WordsFor,
  prefix = "",
): PlannedTopology {
  return {
    ...topology,
    layers: topology.layers.map((layer): PlannedLayer => {
      const path = `${prefix}${layer.name}`;
      const common = {
        name: layer.name,
        path,
        nodes: layer.nodes,
        weights: [],
        bound: null,
        fed: [],
        given: [],
      };
      if (layer.input !== null || layer.inner !== null)
        return {
          ...common,
          className: layer.className,
          config: layer.config,
          input: layer.input,
          inner:
            layer.inner === null ? null : planInner(layer.inner, held, languages, dims, wordsFor, `${path}/`),
        };
      const meaning = asObject(held[path]);
      if (Object.keys(meaning).length === 0)
        throw new VernierError("graph.malformed", { reason: `nothing reaches the inner layer "${path}"` });
      const inner: LayerMeaning = {
        className: String(meaning["class_name"]),
        config: asObject(meaning["config"]),
        words: layer.config,
        fed: dims.get(path) ?? [],
        masks: 0,
        integers: false,
      };
      const said = wordsFor(inner, languages);
      noteKeys(layer.config, said, `${path}/`, languages);
      return { ...common, className: said.className, config: said.config, input: null, inner: null };
    }),
  };
}

/** Of the model's own keys, and of those of models in it. */
function noteModel({ config, layers }: Topology, place: string, languages: Languages): void {
  for (const [key, value] of Object.entries(config)) {
    const said = isSaidOfModels(key, value, languages.to) === "said";
    languages.note?.({ path: `${place}config/${key}`, value, fate: said ? "carried" : "kept", kept: !said });
  }
  for (const layer of layers)
    if (layer.inner !== null) noteModel(layer.inner, `${place}${layer.name}/`, languages);
}

/** What became of each key of the file's. */
function noteKeys(
  words: JsonObject,
  { keys, unknown, config, inside }: ReturnType<typeof WordsFor>,
  place: string,
  { note }: Languages,
): void {
  for (const [key, value] of Object.entries(words)) {
    // A wrapper in a wrapper: its layer's own keys are told below.
    if (inside.some(({ path }) => path.startsWith(`${key}/`))) continue;
    const same = sameJson(config[key], value) || key === "name";
    const lost = (key in keys.kept && !(key in keys.written)) || key in unknown;
    note?.({
      path: `${place}config/${key}`,
      value,
      fate: lost ? "kept" : same ? "carried" : "translated",
      kept: key in keys.kept || key in unknown,
    });
  }
  for (const key of inside) note?.({ ...key, path: `${place}config/${key.path}` });
}
