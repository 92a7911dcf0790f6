/**
 * @file What one layer family declares, and how the rest of the project sees it.
 *
 * A definition says its config once: each field's decoder, default and spelling in every dialect. `bind` reads a
 * file's config in one dialect into a canonical one in which nothing is implicit, and closes over its type.
 *
 * Longer than 300 lines because it is mostly types: what a family declares stands in one place with its words.
 */

import { type Decoder, invalid } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject, type Json, type JsonObject, sameJson } from "../base/json.ts";
import type {
  BindContext,
  BoundLayer,
  CallArgs,
  CellStep,
  Dequantized,
  Dialect,
  KnownFault,
  LayerCall,
  LayerResult,
  MaskRules,
  WeightSpec,
} from "../model/layer.ts";
import type { Ops } from "../ops/ops.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Dims, Shape } from "../tensor/tensor.ts";
import { otherKeysOf } from "./other-keys.ts";
import {
  type Quantization,
  quantizationIn,
  quantizationRefused,
  quantizationWords,
  quantizedUnknown,
} from "./quantization.ts";
import { type Stores, storesOf } from "./stores.ts";

/** One key of a config. */
export interface Field<T> {
  decode(json: unknown, dialect: Dialect, where: readonly (string | number)[]): T;
  /** Where the key is absent; `undefined`: it must be there. */
  readonly fallback: T | undefined;
  /** Another default in some dialects. */
  readonly fallbacks: Partial<Record<Dialect, T>>;
  /** Spellings, the first that is present wins; the field's own name where a dialect is not listed. */
  readonly spellings: Partial<Record<Dialect, readonly string[]>>;
  /** Dialects whose reader does not look at the key: the fallback holds whatever the file says. */
  readonly ignoredBy: readonly Dialect[];
  /** A key that old readers of a dialect stumble over: it is written only where its value is not the default. */
  readonly rare: boolean;
  /** What a value is that no key of a file says, for messages. */
  readonly about?: string;
  /** Back into a dialect's words; the value itself where there is none. Throws `convert.inexpressible`. */
  encode?(value: T, raw: unknown, context: EncodeContext): Json | undefined;
}

/** How a layer is said in a dialect. */
export interface EncodeContext {
  readonly to: Dialect;
  /** In whose words `fileConfig` is. */
  readonly from: Dialect;
  /** The layer's config as its file has it; empty for a layer that no file had. */
  readonly fileConfig: JsonObject;
  /** A layer or model that a config holds: its canonical form, and its words in `from`. */
  inner(meaning: JsonObject, words: JsonObject): Json;
}

export interface FieldOptions<T> {
  readonly fallbacks?: Partial<Record<Dialect, T>>;
  readonly spellings?: Partial<Record<Dialect, readonly string[]>>;
  readonly ignoredBy?: readonly Dialect[];
  readonly rare?: boolean;
}

/** A decoder that may depend on the dialect ("hard_sigmoid" is two functions). */
export interface DialectDecoder<T> {
  decodeIn(json: unknown, dialect: Dialect, where: readonly (string | number)[]): T;
  encodeIn?(value: T, raw: unknown, context: EncodeContext): Json | undefined;
}

function decodes<T>(decoder: Decoder<T> | DialectDecoder<T>): Field<T>["decode"] {
  return (json, dialect, where) =>
    "decodeIn" in decoder ? decoder.decodeIn(json, dialect, where) : decoder.decode(json, where);
}

/** A key that must be there. */
export function required<T>(
  decoder: Decoder<T> | DialectDecoder<T>,
  options: FieldOptions<T> = {},
): Field<T> {
  const { fallbacks = {}, spellings = {}, ignoredBy = [], rare = false } = options;
  const encode = "encodeIn" in decoder ? decoder.encodeIn : undefined;
  return {
    decode: decodes(decoder),
    fallback: undefined,
    fallbacks,
    spellings,
    ignoredBy,
    rare,
    ...(encode === undefined ? {} : { encode }),
  };
}

/** A key with a default where the file leaves it out. */
export function optional<T>(
  decoder: Decoder<T> | DialectDecoder<T>,
  fallback: NoInfer<T>,
  options: FieldOptions<T> = {},
): Field<T> {
  return { ...required(decoder, options), fallback };
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type ConfigOf<F extends Fields> = {
  readonly [Key in keyof F]: F[Key] extends Field<infer T> ? T : never;
};

/** Made-up values of a sample's tensors: what a recorder should feed. */
export interface SampleInput {
  /** With the batch. */
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly values?: "normal" | "uniform" | "indices" | "positive" | "small" | "tiny" | "large" | "padded";
  /** Exclusive, for "indices". */
  readonly max?: number;
  /** A bool mask [batch, time] fed beside the tensor. */
  readonly mask?: "ragged" | "random";
}

/** One config on which real Keras is recorded; the list of samples is the list of what is tested. */
export interface Sample {
  /** In Keras 3's spelling; `keras2` where that differs. */
  readonly config: JsonObject;
  readonly keras2?: JsonObject;
  readonly inputs: readonly SampleInput[];
  /** Further arguments of the call, tensors as specs: `initial_state: [{ shape: [2, 3] }]`. */
  readonly args?: JsonObject;
  /** @default both */
  readonly dialects?: readonly ("keras2" | "keras3")[];
}

export interface FormulaCall<T, Config> {
  readonly config: Config;
  /** A weight that the definition lists for this config; throws `weights.missing` otherwise. */
  weight(name: string): T;
  readonly input: T;
  readonly inputs: readonly T[];
  readonly mask: T | null;
  readonly masks: readonly (T | null)[];
  readonly args: CallArgs<T>;
  readonly step: CellStep<T>;
  readonly rules: MaskRules;
  readonly inner: readonly BoundLayer[];
  /** The same call as data, for handing on to an inner layer. */
  readonly raw: LayerCall<T>;
}

/** `call<T>(ops, call)`: one output with the family's mask rule, or outputs and masks spelled out by `results`. */
export type Formula<Config> = <T>(ops: Ops<T>, call: FormulaCall<T, Config>) => LayerResult<T>;

/** A family whose weights are kept in fewer bits: other weights, another formula, the same config. */
export interface QuantizedForm<Config> {
  /** As this family takes it. */
  readonly quantization: Quantization;
  weights(config: Config, inputs: readonly Dims[]): readonly WeightSpec[];
  /** `null` where more than its weights is rounded. */
  dequantized(config: Config, inputs: readonly Dims[]): Dequantized | null;
  readonly call: Formula<Config>;
}

/** An argument of Keras's `call` that is a tensor, or a list of them. */
export type PositionalArgument = "mask" | "initial_state";

/** Why, and where there is a way around it, that; `null` where TF.js takes the layer. */
export type TfjsRefusal = string | { readonly reason: string; readonly hint: string } | null;

/** What is known of the calls of a layer beside its inputs' dims. */
export interface CallFacts {
  /** Over how many of its inputs a mask lies. */
  readonly masks: number;
  /** Is the first input of integers? */
  readonly integers: boolean;
  /** By which masks are joined where it comes from. */
  readonly rules: MaskRules;
}

export interface LayerFamily<F extends Fields> {
  /** Keras's current class name first, then older and other names. */
  readonly classNames: readonly [string, ...string[]];
  readonly config: F;
  /** Keys that only training depends on, beside those that every layer has. */
  readonly training?: readonly string[];
  /** What tensors that are given by position, after the inputs, stand for; without it there may be none. */
  readonly positional?: readonly PositionalArgument[];
  /** Its `call` takes a list of tensors, even of one. */
  readonly takesList?: boolean;
  /** Undo what remains implicit once the inputs are known: negative axes, sorted lists. */
  resolve?(
    config: ConfigOf<F>,
    inputs: readonly Dims[],
    context: BindContext,
    inner: readonly BoundLayer[],
  ): ConfigOf<F>;
  /** Layers inside this one (wrappers), bound for the inputs they will get. */
  inner?(config: ConfigOf<F>, context: BindContext): readonly BoundLayer[];
  weights?(config: ConfigOf<F>, inputs: readonly Dims[], inner: readonly BoundLayer[]): readonly WeightSpec[];
  /** Where weight files keep them, if not in the layer itself. */
  readonly stores?: Stores;
  /** How many states a recurrent layer carries. */
  states?(config: ConfigOf<F>, inner: readonly BoundLayer[]): number;
  readonly identity?: boolean | ((config: ConfigOf<F>) => boolean);
  call: Formula<ConfigOf<F>>;
  /** With weights in fewer bits; without it, or where it is `null`, such a layer is refused. */
  quantized?(quantization: Quantization): QuantizedForm<ConfigOf<F>> | null;
  /** Other formulas of the same real function that engines use (BatchNormalization folded to scale and shift). */
  readonly formulas?: readonly Formula<ConfigOf<F>>[];
  /** Kernels of engines that are known to be wrong for some configs, so that a refuted certificate can name them. */
  readonly knownFaults?: readonly (KnownFault & {
    readonly engines: readonly string[];
    applies(config: ConfigOf<F>, inputs: readonly Dims[]): boolean;
  })[];
  /** By which rule masks that reach it go on; rules differ by Keras. */
  readonly maskRule?: keyof MaskRules;
  /**
   * Why TF.js 4.22's own layer cannot load or run this config, though it has the class and the keys; `null` where it can.
   * Kernels that give wrong numbers are `knownFaults`.
   */
  refusedByTfjs?(config: ConfigOf<F>, inputs: readonly Dims[], call: CallFacts): TfjsRefusal;
  /** Keys of training at which TF.js's constructor throws. */
  readonly trainingRefusedByTfjs?: readonly string[];
  /** Rewrites by other layers that are for this one (convert/rewrites), by id. */
  readonly rewrites?: readonly string[];
  readonly samples: readonly Sample[];
}

/** A family as the rest of the project sees it. */
export interface LayerDefinition {
  readonly classNames: readonly [string, ...string[]];
  readonly positional: readonly PositionalArgument[];
  readonly takesList: boolean;
  readonly trainingRefusedByTfjs: readonly string[];
  readonly maskRule: keyof MaskRules | null;
  /** A key for messages. */
  about(key: string): string;
  readonly samples: readonly Sample[];
  bind(json: unknown, context: BindContext): BoundLayer;
  /** A canonical config in the words of `context.to`: the keys that change predictions. */
  encode(config: JsonObject, context: EncodeContext): JsonObject;
  refusedByTfjs(config: JsonObject, inputs: readonly Dims[], call: CallFacts): TfjsRefusal;
  /** The other keys of a file's config: those that only training depends on, and those that no rule knows. */
  otherKeys(
    json: JsonObject,
    dialect: Dialect,
  ): { readonly training: JsonObject; readonly unknown: readonly string[] };
}

export function defineLayer<const F extends Fields>(family: LayerFamily<F>): LayerDefinition {
  const spellings = spellingsIn(family.config);
  const otherKeys: LayerDefinition["otherKeys"] = (json, dialect) =>
    otherKeysOf(json, spellings(dialect), family.training ?? []);
  return {
    classNames: family.classNames,
    positional: family.positional ?? [],
    takesList: family.takesList ?? false,
    trainingRefusedByTfjs: family.trainingRefusedByTfjs ?? [],
    maskRule: family.maskRule ?? null,
    about: (key) => family.config[key]?.about ?? key,
    samples: family.samples,
    encode: (config, context) => ({
      ...encodeConfig(family.config, config, context),
      ...quantizationWords(family.classNames[0], config, context),
    }),
    refusedByTfjs: (config, inputs, call) =>
      quantizationRefused(config) ?? family.refusedByTfjs?.(config as ConfigOf<F>, inputs, call) ?? null,
    otherKeys,
    bind(json, context) {
      const decoded = decodeConfig(family.config, json, context);
      const inner = family.inner?.(decoded, context) ?? [];
      const resolved = family.resolve?.(decoded, context.inputs, context, inner) ?? decoded;
      const said = quantizationIn(json, family.classNames[0], context);
      const form = said === null ? null : formFor(family, said, context.where);
      const config = form === null ? resolved : { ...resolved, quantization: form.quantization };
      const weights = (form ?? family).weights?.(config, context.inputs, inner) ?? [];
      const formulas = form === null ? [family.call, ...(family.formulas ?? [])] : [form.call];
      const { training, unknown } = otherKeys(isObject(json) ? (json as JsonObject) : {}, context.dialect);
      return {
        className: family.classNames[0],
        config: config as JsonObject,
        training,
        unknown,
        states: family.states?.(config, inner) ?? 0,
        identity:
          typeof family.identity === "function" ? family.identity(config) : (family.identity ?? false),
        weights,
        dequantized: form?.dequantized(config, context.inputs) ?? null,
        rewrites: form === null ? (family.rewrites ?? []) : ["dequantized"],
        stores: (rules) => storesOf(family.stores ?? {}, weights, inner, rules),
        formulas: formulas.length,
        knownFaults: (engine, inputs) =>
          (family.knownFaults ?? []).filter(
            // "tfjs:wasm@browser" runs the kernels of "tfjs:wasm".
            (fault) =>
              fault.engines.includes(engine.split("@")[0] ?? engine) && fault.applies(config, inputs),
          ),
        evaluate<T>(ops: Ops<T>, raw: LayerCall<T>, formula = 0): LayerResult<T> {
          const run = formulas[formula] ?? formulas[0] ?? family.call;
          return run(ops, {
            config,
            weight: (name) => weightNamed(raw.weights, name, context.where),
            get input() {
              return inputAt(raw.inputs, 0, context.where);
            },
            inputs: raw.inputs,
            mask: raw.masks[0] ?? null,
            masks: raw.masks,
            args: raw.args ?? {},
            step: raw.step ?? (({ compute }) => compute()),
            rules: context.maskRules,
            inner,
            raw,
          });
        },
      };
    },
  };
}

function formFor<F extends Fields>(
  { quantized, classNames: [className] }: LayerFamily<F>,
  quantization: Quantization,
  where: readonly (string | number)[],
): QuantizedForm<ConfigOf<F>> {
  const form = quantized?.(quantization) ?? null;
  if (form === null) throw quantizedUnknown(className, quantization.mode, where);
  return form;
}

/** One output; its mask is the input's, or none. */
export const result = <T>(output: T, mask: T | null = null): LayerResult<T> => ({
  outputs: [output],
  masks: [mask],
});

/** `older`: what Keras 2 and TF.js call it, where that is another name. */
export const weight = (name: string, shape: Shape, trainable = true, older?: string): WeightSpec => ({
  name,
  shape,
  trainable,
  ...(older === undefined ? {} : { older }),
});

/** A dimension that a weight's shape needs. */
export function knownDim(dims: Dims | undefined, axis: number): number {
  const dim = dims?.at(axis);
  if (dim === undefined || dim === null) {
    throw new VernierError("layer.input", {
      expected: `an input whose axis ${axis} is known`,
      received: `[${dims?.join(", ") ?? ""}]`,
    });
  }
  return dim;
}

function decodeConfig<F extends Fields>(
  fields: F,
  json: unknown,
  { dialect, where }: BindContext,
): ConfigOf<F> {
  if (!isObject(json)) throw invalid("an object", json, where);
  const entries = Object.entries(fields).map(([name, field]) => {
    const key = spellingsOf(name, field, dialect).find((spelling) => json[spelling] !== undefined);
    const fallback = field.fallbacks[dialect] !== undefined ? field.fallbacks[dialect] : field.fallback;
    if (key === undefined || field.ignoredBy.includes(dialect)) {
      if (fallback === undefined) throw invalid(`the key "${name}"`, undefined, where);
      return [name, fallback];
    }
    return [name, field.decode(json[key], dialect, [...where, key])];
  });
  return Object.fromEntries(entries) as ConfigOf<F>;
}

/**
 * The file's own value stays where it means the same in both dialects, so that a number keeps its digits and a list its
 * form; else the canonical value is written.
 */
function encodeConfig(fields: Fields, config: JsonObject, context: EncodeContext): JsonObject {
  const { to, from, fileConfig } = context;
  const written: Record<string, Json> = {};
  for (const [name, field] of Object.entries(fields)) {
    const [spelling] = spellingsOf(name, field, to);
    const value = config[name];
    if (spelling === undefined || field.ignoredBy.includes(to) || value === undefined) continue;
    const read = field.ignoredBy.includes(from) ? [] : spellingsOf(name, field, from);
    const key = read.find((known) => fileConfig[known] !== undefined);
    const raw = key === undefined ? undefined : fileConfig[key];
    // What is said in Keras 2's words is read by Keras 3 too, which refuses some of its keys.
    const optional = to !== from || to === "keras2" || raw === undefined;
    if (field.rare && optional && sameJson(value, field.fallback)) continue;
    // Throws where the dialect has no word, also for a raw word that only looks like one.
    const encoded = field.encode === undefined ? value : field.encode(value, raw, context);
    if (raw !== undefined && isKept(field, raw, value, context)) {
      written[spelling] = raw;
      continue;
    }
    if (encoded !== undefined) written[spelling] = encoded;
  }
  return written;
}

/** Plain values whose meaning is the same in both dialects; where there is an encoder, only within one dialect. */
function isKept(field: Field<unknown>, raw: Json, value: Json, { to, from }: EncodeContext): boolean {
  if (isObject(raw) || (Array.isArray(raw) && !Array.isArray(value))) return false;
  if (field.encode !== undefined && to !== from) return false;
  const read = meaning(field, raw, to);
  return read !== undefined && sameJson(read, meaning(field, raw, from));
}

function meaning(field: Field<unknown>, raw: unknown, dialect: Dialect): unknown {
  try {
    return field.decode(raw, dialect, []);
  } catch {
    return undefined;
  }
}

const spellingsOf = (
  name: string,
  field: Pick<Field<unknown>, "spellings">,
  dialect: Dialect,
): readonly string[] => field.spellings[dialect] ?? [name];

/** Spellings of the keys that change predictions, by dialect; the same for every layer of the family. */
type Spellings = (dialect: Dialect) => ReadonlySet<string>;

function spellingsIn(fields: Fields): Spellings {
  const found = new Map<Dialect, ReadonlySet<string>>();
  return (dialect) => {
    const known = found.get(dialect);
    if (known !== undefined) return known;
    const all = Object.entries(fields).flatMap(([name, field]) => spellingsOf(name, field, dialect));
    const made = new Set(all);
    found.set(dialect, made);
    return made;
  };
}

/** Throws `weights.missing`. */
export function weightNamed<T>(
  weights: ReadonlyMap<string, T>,
  name: string,
  where: readonly (string | number)[],
): T {
  const found = weights.get(name);
  if (found === undefined)
    throw new VernierError("weights.missing", { weight: name, present: [...weights.keys()] }, { where });
  return found;
}

function inputAt<T>(inputs: readonly T[], index: number, where: readonly (string | number)[]): T {
  const found = inputs[index];
  if (found === undefined) {
    throw new VernierError(
      "layer.input",
      { expected: "an input tensor", received: `${inputs.length} inputs` },
      { where },
    );
  }
  return found;
}
