/**
 * @file One layer in another dialect's words, or why that dialect has none. Whatever is written is read back in that
 * dialect, and must mean the same: no list of what translates is kept by hand.
 */

import { isVernierError, VernierError } from "../base/errors.ts";
import { isObject, type Json, type JsonObject, sameJson } from "../base/json.ts";
import { contextFor } from "../dialects/build.ts";
import { bindLayer, definitionOf } from "../layers/bind.ts";
import type { LayerDefinition } from "../layers/define.ts";
import { LAYERS_IN_TFJS } from "../layers/in-tensorflow-js.ts";
import {
  type BoundLayer,
  type Dialect,
  KERAS2_MASKS,
  KERAS3_MASKS,
  type KnownFault,
  type MaskRules,
} from "../model/layer.ts";
import type { Dims } from "../tensor/tensor.ts";
import { sayInnerLayer } from "./say-inner.ts";
import { type TranslatedKeys, translateTrainingKeys } from "./training-keys.ts";

export interface LayerMeaning {
  readonly className: string;
  /** Canonical. */
  readonly config: JsonObject;
  /** In words of `from`; empty for a part that no file had. */
  readonly words: JsonObject;
  readonly fed: readonly Dims[];
  /** Over how many of its inputs a mask lies. */
  readonly masks: number;
  /** Is the first input of integers? */
  readonly integers: boolean;
}

export interface Languages {
  readonly from: Dialect;
  readonly to: Dialect;
  readonly maskRules: MaskRules;
  /** Keys of training that the target's format has no room for. @default none */
  readonly without?: readonly string[];
  /** Is told what becomes of each key of a layer inside another. */
  note?(key: InsideKey): void;
}

/** A key of a layer inside another. */
export interface InsideKey {
  /** "layer/config/units"; of a model inside "layer/dense/config/units". */
  readonly path: string;
  readonly value: Json;
  readonly fate: "carried" | "translated" | "kept";
  /** To be remembered for the way back. */
  readonly kept: boolean;
}

export interface SaidLayer {
  readonly className: string;
  readonly config: JsonObject;
  readonly bound: BoundLayer;
  readonly keys: TranslatedKeys;
  /** Keys of the file that no rule knows. */
  readonly unknown: JsonObject;
  /** Of layers inside it. */
  readonly inside: readonly InsideKey[];
  /** Kernels of TF.js that are known to be wrong for it. */
  readonly faults: readonly KnownFault[];
}

export const NAME_OF: Partial<Record<Dialect, string>> = {
  tfjs: "TensorFlow.js",
  keras2: "Keras 2",
  keras3: "Keras 3",
};

/** Throws `convert.inexpressible` or `convert.unsupported`. */
export function sayLayer(meaning: LayerMeaning, languages: Languages): SaidLayer {
  const { className, config, fed } = meaning;
  const { to, maskRules } = languages;
  const { said, ...words } = wordsFor(meaning, languages);
  const context = contextFor({ maskRules, writtenIn: to }, to, fed, [className]);
  const bound = withClass(className, () => bindLayer({ class_name: className, config: said }, context));
  const lost = Object.keys(config).find((key) => !sameJson(bound.config[key], config[key]));
  if (lost !== undefined)
    throw new VernierError("convert.inexpressible", {
      className,
      key: definitionOf(className)?.about(lost) ?? lost,
      value: short(config[lost]),
      target: NAME_OF[to] ?? to,
    });
  const faults =
    to === "tfjs" ? ["tfjs:cpu", "tfjs:wasm"].flatMap((engine) => bound.knownFaults(engine, fed)) : [];
  return { ...words, bound, faults };
}

/**
 * A layer's words without a look at what they mean to the target: of a layer inside another, whose own meaning holds
 * them and is looked at.
 */
export function wordsFor(
  { className, config, words, fed, masks, integers }: LayerMeaning,
  languages: Languages,
): Omit<SaidLayer, "bound" | "faults"> & { readonly said: JsonObject } {
  const { from, to, without = [] } = languages;
  const definition = definitionOf(className);
  if (definition === undefined || (to === "tfjs" && !LAYERS_IN_TFJS.has(className)))
    throw unsupported(className, "it has no such layer", to);
  const inside: InsideKey[] = [];
  const inner = (held: JsonObject, raw: JsonObject): Json => {
    const place = Object.keys(words).find((key) => words[key] === raw) ?? "layer";
    const note = (key: InsideKey): void => void inside.push({ ...key, path: `${place}/${key.path}` });
    return sayInnerLayer(
      held,
      raw,
      { ...languages, note },
      innerDims(definition, words, fed, languages),
      wordsFor,
    );
  };
  const said = withClass(className, () => definition.encode(config, { to, from, fileConfig: words, inner }));
  requireSameMasks(definition, languages, masks);
  const refused =
    to === "tfjs"
      ? definition.refusedByTfjs(config, fed, { masks, integers, rules: languages.maskRules })
      : null;
  if (typeof refused === "string") throw unsupported(className, refused, to);
  if (refused !== null) throw unsupported(className, refused.reason, to, refused.hint);
  const { training, unknown } = definition.otherKeys(words, from);
  const keys = translateTrainingKeys(withoutPlace(training), className, { from, to, without });
  const others = Object.fromEntries(unknown.map((key) => [key, (words[key] ?? null) as Json]));
  return {
    className,
    config: { ...keys.written, ...(to === from ? others : {}), ...said },
    keys,
    unknown: to === from ? {} : others,
    inside,
    said,
  };
}

const MASKS: Partial<Record<Dialect, MaskRules>> = { keras2: KERAS2_MASKS, keras3: KERAS3_MASKS };

/** Keras 2 joins masks that Keras 3.4 on drops or joins otherwise. TF.js's own ways are in the layers' refusals. */
function requireSameMasks(
  { classNames: [className], maskRule }: LayerDefinition,
  { to, maskRules }: Languages,
  masks: number,
): void {
  const target = MASKS[to];
  if (maskRule === null || target === undefined || masks === 0 || target[maskRule] === maskRules[maskRule])
    return;
  throw unsupported(
    className,
    `masks reach it, and there they are ${target[maskRule]}, in the source ${maskRules[maskRule]}`,
    to,
    "take the masks away before this layer, or stay within one generation of Keras",
  );
}

/** What reaches the layer inside a wrapper. */
function innerDims(
  definition: LayerDefinition,
  words: JsonObject,
  fed: readonly Dims[],
  { from, maskRules }: Languages,
): readonly Dims[] {
  const seen: (readonly Dims[])[] = [];
  const context = contextFor({ maskRules, writtenIn: from }, from, fed, ["layer"]);
  definition.bind(words, {
    ...context,
    bindInner(json, inputs, where) {
      seen.push(inputs);
      return context.bindInner(json, inputs, where);
    },
  });
  return seen[0] ?? [];
}

const unsupported = (
  className: string,
  reason: string,
  to: Dialect,
  hint = "layers that TensorFlow.js lacks need a companion runtime, which comes in a later release",
): VernierError =>
  new VernierError("convert.unsupported", {
    className,
    target: NAME_OF[to] ?? to,
    reason,
    hint,
  });

/** Where a layer stands is not its config: the writer says it. */
const withoutPlace = (keys: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(keys).filter(([key]) => !PLACE.has(key)));
const PLACE = new Set([
  "name",
  "batch_input_shape",
  "batch_shape",
  "input_shape",
  "build_config",
  "shared_object_id",
]);

function withClass<T>(className: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isVernierError(error, "convert.inexpressible") && isObject(error.details)) {
      const details = error.details as { key: string; value: string; target: string };
      throw new VernierError("convert.inexpressible", { ...details, className });
    }
    throw error;
  }
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
};
