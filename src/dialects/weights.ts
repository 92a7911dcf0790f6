/**
 * @file Which stored weight is which weight of which layer.
 *
 * A Keras `.h5` keeps one group per outermost layer, its weights in the order trainable, then the others; a nested
 * model's group holds the weights of all its layers. A `model.json` names them: TF.js takes the exact name, else the
 * name without its second-to-last part, which is a recurrent cell's (tfjs-layers engine/container.ts, loadWeights).
 */

import { VernierError } from "../base/errors.ts";
import { groupBy } from "../base/group-by.ts";
import { isObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { WeightSpec } from "../model/layer.ts";
import type { ModelLayer, ModelWeight } from "../model/model.ts";
import type { Topology } from "../model/topology.ts";
import type { BuiltLayer } from "./build.ts";
import { withAdapters } from "./lora.ts";
import { lastOf, most, type Stored, stepsOf, stepsShared } from "./stored.ts";
import { tfjsVariableName } from "./variable-names.ts";

export interface Assigned {
  readonly layers: readonly ModelLayer[];
  readonly problems: readonly Problem[];
}

/** `groups`: the stored weights of each outermost layer. */
export function assignByGroup(
  { layers, topology }: { readonly layers: readonly BuiltLayer[]; readonly topology: Topology },
  groups: ReadonlyMap<string, readonly Stored[]>,
): Assigned {
  const frozen = new Set(frozenIn(topology));
  const isTrained = ({ spec, layer }: Want): boolean => spec.trainable && !frozen.has(layer.path);
  const outerOf = outermost(groups);
  const pairs = [...groupBy(layers, ({ path }) => outerOf(path))].flatMap(([outer, inside]): Pair[] => {
    const own = groups.get(outer) ?? [];
    const present = withAdapters(inside, own);
    const wanted = inside.flatMap((layer) => layer.layer.weights.map((spec) => ({ layer, spec, present })));
    // A layer with an adapter or with quantized weights lists its own in another order than its definition does.
    const isPlain =
      inside.length === 1 &&
      present === own &&
      wanted.every(({ spec }) => spec.dtype === undefined && spec.early !== true);
    const named = isPlain ? null : byName(wanted, present);
    if (named !== null) return named;
    if (present !== own) throw adaptersUnnamed(outer, inside);
    const ordered = isPlain ? wanted : inOrderOfH5(wanted, ({ spec }) => spec.early === true, isTrained);
    return ordered.map((want, i) => ({ ...want, found: present[i] }));
  });
  return assignPairs(layers, pairs);
}

const adaptersUnnamed = (where: string, [first]: readonly BuiltLayer[]): VernierError =>
  new VernierError(
    "layer.unsupported",
    {
      className: first?.layer.className ?? where,
      reason: "its adapters (LoRA) lie beside weights whose names do not say which is which",
    },
    { where },
  );

/** Trainable weights, then the others, each as Keras made them (keras/src/legacy/saving/legacy_h5_format.py, `_legacy_weights`). */
export function inOrderOfH5<T>(
  weights: readonly T[],
  isEarly: (one: T) => boolean,
  isTrained: (one: T) => boolean,
): readonly T[] {
  const made = [...weights.filter(isEarly), ...weights.filter((one) => !isEarly(one))];
  return [...made.filter(isTrained), ...made.filter((one) => !isTrained(one))];
}

/** The outermost layer that a path is in; names of Keras 2 may have "/" in them themselves. */
function outermost(groups: ReadonlyMap<string, unknown>): (path: string) => string {
  return (path) => {
    if (groups.has(path)) return path;
    const steps = path.split("/");
    const ends = steps.map((_, i) => steps.slice(0, steps.length - i).join("/"));
    return ends.find((name) => groups.has(name)) ?? steps[0] ?? path;
  };
}

interface Want {
  readonly layer: BuiltLayer;
  readonly spec: WeightSpec;
}

interface Pair extends Want {
  readonly found: Stored | undefined;
  /** What the file has there, for messages. */
  readonly present: readonly Stored[];
}

/** Paths of the layers that do not train, or that a model around them keeps from it. */
function frozenIn({ layers, config }: Topology, isFrozen = false): string[] {
  const all = isFrozen || config["trainable"] === false;
  return layers.flatMap(({ path, inner, config: own }) =>
    inner === null ? (all || own["trainable"] === false ? [path] : []) : frozenIn(inner, all),
  );
}

/**
 * By the layers' names in the stored ones, of several that name which has most of the layer's path; `null` where that does
 * not find each exactly once.
 */
function byName<W extends Want>(
  wanted: readonly W[],
  stored: readonly Stored[],
): (W & { found: Stored })[] | null {
  const used = new Set<Stored>();
  const pairs: (W & { found: Stored })[] = [];
  for (const want of wanted) {
    const candidates = stored.filter((entry) => !used.has(entry) && names(entry.name, want));
    const [found, ...others] = most(candidates, ({ name }) => stepsShared(name, want.layer.path));
    if (found === undefined || others.length > 0) return null;
    used.add(found);
    pairs.push({ ...want, found });
  }
  return pairs;
}

/** "lstm/lstm_cell/kernel:0" names kernel of a layer "lstm"; "both/forward_lstm/lstm_cell/kernel" its "forward/kernel". */
function names(stored: string, { layer, spec }: Want): boolean {
  const parts = stepsOf(stored);
  const own = stepsOf(spec.name);
  if (parts.at(-1) !== own.at(-1) || !parts.slice(0, -1).includes(lastOf(layer.path))) return false;
  const side = own.find((part) => part === "forward" || part === "backward");
  return side === undefined || parts.some((part) => part === side || part.startsWith(`${side}_`));
}

export function assignByName(layers: readonly BuiltLayer[], stored: readonly Stored[]): Assigned {
  // Of two with one name TF.js keeps the last.
  const byName = new Map(stored.map((entry) => [entry.name, entry]));
  const byShortName = new Map(stored.map((entry) => [shortened(entry.name), entry]));
  const used = new Set<Stored>();
  const pairs = layers.flatMap((layer) =>
    layer.layer.weights.map((spec): Pair => {
      const exact = variableNames(layer, spec).flatMap(
        (name) => byName.get(name) ?? byShortName.get(name) ?? [],
      )[0];
      const found =
        exact ??
        stored.find((entry) => !used.has(entry) && names(entry.name, { layer, spec })) ??
        underLongerName(layer, spec, stored);
      if (found !== undefined) used.add(found);
      return { layer, spec, found, present: stored };
    }),
  );
  const unused = stored
    .filter((entry) => !used.has(entry))
    .map(({ name }) => ({
      code: "weights.unused",
      where: name,
      message: `the weight "${name}" belongs to no layer`,
      hint: "TensorFlow.js refuses to load a file with a weight that no layer takes",
      severity: "warning" as const,
    }));
  const assigned = assignPairs(layers, pairs);
  return { layers: assigned.layers, problems: [...assigned.problems, ...unused] };
}

/**
 * Keras 2 and TF.js call "depthwise_kernel" what Keras 3 calls "kernel": the longer name, where no weight of the layer
 * has the plain one.
 */
function underLongerName(
  { path, layer }: BuiltLayer,
  spec: WeightSpec,
  stored: readonly Stored[],
): Stored | undefined {
  const others = layer.weights.filter((other) => other !== spec).map(({ name }) => lastOf(name));
  return stored.find(
    ({ name }) =>
      stepsShared(name, path) > 0 &&
      lastOf(name).endsWith(`_${lastOf(spec.name)}`) &&
      !others.includes(lastOf(name)),
  );
}

/** Without the second-to-last part. */
const shortened = (name: string): string => {
  const parts = name.split("/");
  return [...parts.slice(0, -2), parts.at(-1)].join("/");
};

function variableNames({ path, fileConfig }: BuiltLayer, spec: WeightSpec): string[] {
  // The layer's own name, which of Keras 2 may have "/" in itself: "conv1/bn" is not "bn".
  const own = isObject(fileConfig) ? fileConfig["name"] : undefined;
  const name = typeof own === "string" ? own : lastOf(path);
  return [
    `${name}/${spec.name}`,
    tfjsVariableName(name, fileConfig, spec),
    tfjsVariableName(path, fileConfig, spec),
  ];
}

/** What is missing or other than the layer wants is a problem. */
export function assignPairs(layers: readonly BuiltLayer[], pairs: readonly Pair[]): Assigned {
  const judged = pairs.map((pair) => ({ ...pair, error: unfit(pair) }));
  const ofLayer = groupBy(judged, ({ layer }) => layer);
  return {
    layers: layers.map((built) => ({
      ...built,
      weights: built.layer.weights.flatMap((spec) => {
        const pair = ofLayer.get(built)?.find((one) => one.spec === spec);
        return pair?.found === undefined || pair.error !== null ? [] : [weightOf(spec, pair.found)];
      }),
    })),
    problems: judged.flatMap(({ error }) => error?.problem ?? []),
  };
}

function unfit({ layer: { path }, spec, found, present }: Pair): VernierError | null {
  const where = path;
  if (found === undefined) {
    const names = present.map(({ name }) => name).slice(0, 8);
    return new VernierError("weights.missing", { weight: `${path}/${spec.name}`, present: names }, { where });
  }
  const { name: weight, shape, dtype } = found;
  if (shape.join() !== spec.shape.join())
    return new VernierError("weights.shape", { weight, expected: spec.shape, received: shape }, { where });
  if (spec.dtype !== undefined && dtype !== spec.dtype)
    return new VernierError("weights.dtype", { weight, expected: spec.dtype, received: dtype }, { where });
  return null;
}

const weightOf = (spec: WeightSpec, found: Stored): ModelWeight => ({
  spec,
  fileName: found.name,
  ...(found.pieces === undefined ? {} : { pieces: found.pieces }),
  dtype: found.dtype,
  shape: found.shape,
  quantization: found.quantization,
  read: () => found.read(),
});
