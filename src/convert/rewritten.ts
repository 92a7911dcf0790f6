/** @file One layer in the target's words: as it is, or by rewrites, which may need others in turn. */

import { isVernierError, VernierError } from "../base/errors.ts";
import { isObject, type JsonObject, sameJson } from "../base/json.ts";
import { contextFor } from "../dialects/build.ts";
import { bindLayer } from "../layers/bind.ts";
import { QUANTIZATION_KEYS } from "../layers/quantization.ts";
import type { BoundLayer, KnownFault } from "../model/layer.ts";
import { shapeOps } from "../ops/shape.ts";
import type { Dims } from "../tensor/tensor.ts";
import { fromLayer, type SaidWeight } from "./part-weights.ts";
import { REWRITES } from "./rewrites/index.ts";
import type { Part, PartRef, Rewrite } from "./rewrites/rewrite.ts";
import { type Languages, type SaidLayer, sayLayer } from "./say-layer.ts";
import type { TranslatedKeys } from "./training-keys.ts";

export interface SaidPart {
  readonly suffix: string;
  readonly said: SaidLayer;
  /** Per call of the part, for one call of the layer. */
  readonly calls: readonly (readonly PartRef[])[];
  readonly weights: readonly SaidWeight[];

  readonly main: boolean;
  readonly fed: readonly Dims[];
  readonly given: readonly Dims[];
}

export interface Rewritten {
  readonly parts: readonly SaidPart[];
  /** Of the rewrites that were made; none where the layer is said as it is. */
  readonly ids: readonly string[];
  /** Every part is fed the one before: it can stand in a Sequential. */
  readonly isChain: boolean;
  readonly exact: boolean;
  readonly keys: TranslatedKeys;
  readonly unknown: JsonObject;
  readonly faults: readonly KnownFault[];
}

export interface LayerToSay {
  readonly words: JsonObject;
  readonly languages: Languages;
  /** Whose wrong kernels a rewrite should go around. */
  readonly engines: readonly string[];
  readonly inputs: readonly Dims[];
  readonly outputs: readonly Dims[];
  readonly repeats: readonly number[];
  readonly masks: number;
  readonly states: boolean;
  readonly integers: boolean;
}

/** Rewrites in rewrites: an activation apart, its own layers, one of them again; more is a loop. */
const MAX_DEPTH = 4;

/** Throws as `sayLayer` does where no rewrite helps either. */
export function rewritten(layer: BoundLayer, what: LayerToSay, depth = 0): Rewritten {
  const meaning = {
    className: layer.className,
    config: layer.config,
    words: what.words,
    fed: what.inputs,
    masks: what.masks,
    integers: what.integers,
  };
  let refusal: VernierError | null = null;
  let said: SaidLayer | null = null;
  try {
    said = sayLayer(meaning, what.languages);
    const isRight = said.faults.length === 0 && what.repeats.length === 0;
    if (isRight || what.engines.length === 0) return plain(layer, said, what);
  } catch (error) {
    if (!isVernierError(error)) throw error;
    refusal = error;
  }
  if (depth < MAX_DEPTH) {
    for (const rewrite of REWRITES) {
      const made = attempt(rewrite, layer, what, depth);
      if (made !== null) return made;
    }
  }
  if (said !== null) return plain(layer, said, what);
  throw (
    refusal ?? new VernierError("internal", { reason: `${layer.className} was neither said nor refused` })
  );
}

function plain(layer: BoundLayer, said: SaidLayer, { inputs, outputs }: LayerToSay): Rewritten {
  const weights = layer.weights.map(({ name, trainable, shape, older }) => ({
    name,
    trainable,
    older: older ?? null,
    from: name,
    shape,
  }));
  const part: SaidPart = {
    suffix: "",
    said,
    calls: [inputs.map((_, input) => ({ input }))],
    weights,
    main: true,
    fed: inputs,
    given: outputs,
  };
  const { keys, unknown, faults } = said;
  return { parts: [part], ids: [], isChain: true, exact: true, keys, unknown, faults };
}

/** `null` where the rewrite does not apply, or its parts cannot be said either. */
function attempt(rewrite: Rewrite, layer: BoundLayer, what: LayerToSay, depth: number): Rewritten | null {
  // The parts of the others are said without a dtype policy.
  const isQuantized = layer.config["quantization"] !== undefined;
  if ((isQuantized || rewrite.general !== true) && !layer.rewrites.includes(rewrite.id)) return null;
  const parts = rewrite.parts(layer, what);
  if (parts === null) return null;
  try {
    return assemble(rewrite, parts, layer, what, depth);
  } catch (error) {
    if (isVernierError(error)) return null;
    throw error;
  }
}

function assemble(
  rewrite: Rewrite,
  parts: readonly Part[],
  layer: BoundLayer,
  what: LayerToSay,
  depth: number,
): Rewritten {
  const all: UnlinkedPart[] = [];
  /** Of each part of this rewrite: the index of its last in `all`, and its output's dims. */
  const ends: { readonly index: number; readonly dims: readonly Dims[] }[] = [];
  const ids = [rewrite.id];
  let { exact } = rewrite;
  let isChain = true;
  const kept: Record<string, JsonObject[string]> = {};
  const unknown: Record<string, JsonObject[string]> = {};
  const translated = new Set<string>();
  const written: Record<string, JsonObject[string]> = {};
  const faults: KnownFault[] = [];
  const main = Math.max(
    0,
    parts.findIndex((part) => part.main === true),
  );
  for (const [i, part] of parts.entries()) {
    const fed = part.inputs.map(
      (ref) => ("input" in ref ? what.inputs[ref.input] : ends[ref.part]?.dims[0]) ?? [],
    );
    const bound = bindPart(part, fed, what);
    const given = dimsAfter(bound, fed);
    const own = Object.entries(part.config).filter(([key]) => bound.config[key] === undefined);
    const words = { ...(i === main ? wordsFor(layer, bound, what.words) : {}), ...Object.fromEntries(own) };
    const said = rewritten(
      bound,
      {
        ...what,
        words,
        inputs: fed,
        outputs: given,
        repeats: [],
        masks: part.inputs.some((ref) => "input" in ref) ? what.masks : 0,
        states: false,
        // Rescaling makes numbers of integers; what only moves elements stands first.
        integers: what.integers && i === 0,
      },
      depth + 1,
    );
    const offset = all.length;
    ids.push(...said.ids);
    exact &&= said.exact;
    const calls = part.calls ?? [part.inputs];
    isChain &&=
      said.isChain && calls.length === 1 && part.inputs.length === 1 && isPrevious(part.inputs[0], i);
    Object.assign(kept, said.keys.kept);
    Object.assign(unknown, said.unknown);
    Object.assign(written, said.keys.written);
    for (const key of said.keys.translated) translated.add(key);
    faults.push(...said.faults);
    for (const [j, inner] of said.parts.entries()) {
      const isLast = j === said.parts.length - 1;
      all.push({
        ...inner,
        suffix: isLast ? part.suffix : `${part.suffix}_${inner.suffix}`,
        main: i === main && inner.main,
        calls: calls.flatMap((outer, outerCall) =>
          inner.calls.map((refs) => ({ outer, outerCall, refs, offset, said: said.parts })),
        ),
        weights: inner.weights.map((weight) => fromLayer(weight, part)),
      });
    }
    ends.push({ index: all.length - 1, dims: given });
  }
  return {
    parts: linked(all, ends),
    ids: [...new Set(ids)],
    isChain,
    exact,
    keys: { written, kept, translated },
    unknown,
    faults,
  };
}

/** A part whose references still are within its own rewrite, and those of the rewrite around it. */
type UnlinkedPart = Omit<SaidPart, "calls"> & {
  readonly calls: readonly {
    /** What the call of the part is fed that this one stands in. */
    readonly outer: readonly PartRef[];
    /** Which call of the part that is. */
    readonly outerCall: number;
    readonly refs: readonly PartRef[];
    readonly offset: number;
    readonly said: readonly SaidPart[];
  }[];
};

/** Once every part's place is known: a part may be fed by one that comes later. */
function linked(all: readonly UnlinkedPart[], ends: readonly { readonly index: number }[]): SaidPart[] {
  return all.map(
    (part): SaidPart => ({
      ...part,
      calls: part.calls.map(({ outer, outerCall, refs, offset, said }) =>
        refs.map((ref) => {
          if ("input" in ref) {
            const from = outer[ref.input];
            if (from === undefined || "input" in from) return from ?? ref;
            return { part: ends[from.part]?.index ?? 0, call: from.call ?? 0 };
          }
          const inside = said[ref.part]?.calls.length ?? 1;
          return { part: ref.part + offset, call: outerCall * inside + (ref.call ?? 0) };
        }),
      ),
    }),
  );
}

const isPrevious = (ref: PartRef | undefined, part: number): boolean =>
  ref !== undefined && (part === 0 ? "input" in ref : "part" in ref && ref.part === part - 1);

function bindPart(part: Part, fed: readonly Dims[], { languages }: LayerToSay): BoundLayer {
  const context = contextFor({ maskRules: languages.maskRules, writtenIn: "keras3" }, "keras3", fed, [
    part.className,
  ]);
  return bindLayer({ class_name: part.className, config: part.config }, context);
}

function dimsAfter(bound: BoundLayer, fed: readonly Dims[]): Dims[] {
  const weights = new Map(
    bound.weights.map(({ name, shape }) => [name, { dims: shape, dtype: "float32" as const }]),
  );
  const inputs = fed.map((dims) => ({ dims, dtype: "float32" as const }));
  const { outputs } = bound.evaluate(shapeOps, { weights, inputs, masks: fed.map(() => null) });
  return outputs.map(({ dims }) => dims);
}

/** The layer's own words where its class stays: the part keeps their digits and the keys of training. */
function wordsFor(layer: BoundLayer, part: BoundLayer, words: JsonObject): JsonObject {
  if (layer.className !== part.className) return {};
  const changed = Object.keys(part.config).filter((key) => !sameJson(part.config[key], layer.config[key]));
  // The part's weights are plain numbers.
  if (layer.config["quantization"] !== undefined) changed.push(...QUANTIZATION_KEYS);
  return isObject(words)
    ? Object.fromEntries(Object.entries(words).filter(([key]) => !changed.includes(key)))
    : {};
}
