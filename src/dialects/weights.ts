/**
 * @file Which stored weight is which weight of which layer.
 *
 * A Keras `.h5` keeps one group per outermost layer, its weights in the order trainable, then the others; a nested
 * model's group holds the weights of all its layers. A `model.json` names them: TF.js takes the exact name, else the
 * name without its second-to-last part, which is a recurrent cell's (tfjs-layers engine/container.ts, loadWeights).
 */

import { VernierError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import type { WeightSpec } from "../model/layer.ts";
import type { ModelLayer, ModelWeight } from "../model/model.ts";
import type { Topology } from "../model/topology.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import type { BuiltLayer } from "./build.ts";
import { hasAdapter, withAdapters } from "./lora.ts";
import { tfjsVariableName } from "./variable-names.ts";

export interface Stored {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly quantization: string | null;
  read(): Promise<Tensor>;
  pieces?(maxBytes?: number): AsyncIterable<Tensor>;
}

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
  const problems: Problem[] = [];
  const assigned = new Map<BuiltLayer, ModelWeight[]>();
  const outerOf = outermost(groups);
  const byOuter = new Map<string, BuiltLayer[]>();
  for (const layer of layers) {
    const outer = outerOf(layer.path);
    const inside = byOuter.get(outer);
    if (inside === undefined) byOuter.set(outer, [layer]);
    else inside.push(layer);
  }
  for (const [outer, inside] of byOuter) {
    const stored = withAdapters(inside, groups.get(outer) ?? []);
    const wanted = inside.flatMap((layer) => layer.layer.weights.map((spec) => ({ layer, spec })));
    if (wanted.length === 0) continue;
    // A layer with an adapter or with quantized weights lists its own in another order than its definition does.
    const isPlain =
      inside.length === 1 &&
      !inside.some(hasAdapter) &&
      wanted.every(({ spec }) => spec.dtype === undefined && spec.early !== true);
    const pairs =
      (isPlain ? null : byName(wanted, stored)) ??
      (isPlain ? wanted : inOrderOfH5(wanted, ({ spec }) => spec.early === true, isTrained)).map(
        (want, i) => ({
          ...want,
          found: stored[i],
        }),
      );
    for (const { layer, spec, found } of pairs) put(assigned, problems, layer, spec, found, stored);
  }
  return finish(layers, assigned, problems);
}

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

/** Paths of the layers that do not train, or that a model around them keeps from it. */
function frozenIn({ layers, config }: Topology, isFrozen = false): string[] {
  const all = isFrozen || config["trainable"] === false;
  return layers.flatMap(({ path, inner, config: own }) =>
    inner === null ? (all || own["trainable"] === false ? [path] : []) : frozenIn(inner, all),
  );
}

/** Inner layers' weights by the layer's own name in the stored one; `null` where that does not find each exactly once. */
function byName(wanted: readonly Want[], stored: readonly Stored[]): (Want & { found: Stored })[] | null {
  const used = new Set<Stored>();
  const pairs: (Want & { found: Stored })[] = [];
  for (const want of wanted) {
    const candidates = stored.filter((entry) => !used.has(entry) && names(entry.name, want));
    const [found] = candidates;
    if (found === undefined || candidates.length > 1) return null;
    used.add(found);
    pairs.push({ ...want, found });
  }
  return pairs;
}

/** "lstm/lstm_cell/kernel:0" names kernel of a layer "lstm"; "both/forward_lstm/lstm_cell/kernel" its "forward/kernel". */
function names(stored: string, { layer, spec }: Want): boolean {
  const parts = stored.replace(/:\d+$/, "").split("/");
  const own = spec.name.split("/");
  const leaf = layer.path.split("/").at(-1) ?? "";
  if (parts.at(-1) !== own.at(-1) || !parts.slice(0, -1).includes(leaf)) return false;
  const side = own.find((part) => part === "forward" || part === "backward");
  return side === undefined || parts.some((part) => part === side || part.startsWith(`${side}_`));
}

export function assignByName(layers: readonly BuiltLayer[], stored: readonly Stored[]): Assigned {
  const problems: Problem[] = [];
  const assigned = new Map<BuiltLayer, ModelWeight[]>();
  // Of two with one name TF.js keeps the last.
  const byName = new Map(stored.map((entry) => [entry.name, entry]));
  const byShortName = new Map(stored.map((entry) => [shortened(entry.name), entry]));
  const used = new Set<Stored>();
  for (const layer of layers) {
    for (const spec of layer.layer.weights) {
      const exact = variableNames(layer, spec).flatMap(
        (name) => byName.get(name) ?? byShortName.get(name) ?? [],
      )[0];
      const found =
        exact ??
        stored.find((entry) => !used.has(entry) && names(entry.name, { layer, spec })) ??
        underLongerName(layer, spec, stored);
      if (found !== undefined) used.add(found);
      put(assigned, problems, layer, spec, found, stored);
    }
  }
  for (const entry of stored) {
    if (used.has(entry)) continue;
    problems.push({
      code: "weights.unused",
      where: entry.name,
      message: `the weight "${entry.name}" belongs to no layer`,
      hint: "TensorFlow.js refuses to load a file with a weight that no layer takes",
      severity: "warning",
    });
  }
  return finish(layers, assigned, problems);
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
  const leaf = path.split("/").at(-1) ?? path;
  const last = (name: string): string => name.replace(/:\d+$/, "").split("/").at(-1) ?? name;
  const others = layer.weights.filter((other) => other !== spec).map(({ name }) => last(name));
  return stored.find(
    ({ name }) =>
      name.split("/").slice(0, -1).includes(leaf) &&
      last(name).endsWith(`_${last(spec.name)}`) &&
      !others.includes(last(name)),
  );
}

/** Where each weight lies is known; what is missing or of another shape is a problem. */
export function assignPairs(
  layers: readonly BuiltLayer[],
  pairs: readonly {
    readonly layer: BuiltLayer;
    readonly spec: WeightSpec;
    readonly found: Stored | undefined;
    /** For the message. */
    readonly present: readonly Stored[];
  }[],
): Assigned {
  const problems: Problem[] = [];
  const assigned = new Map<BuiltLayer, ModelWeight[]>();
  for (const { layer, spec, found, present } of pairs) put(assigned, problems, layer, spec, found, present);
  return finish(layers, assigned, problems);
}

/** Without the second-to-last part. */
const shortened = (name: string): string => {
  const parts = name.split("/");
  return [...parts.slice(0, -2), parts.at(-1)].join("/");
};

function variableNames({ path, fileConfig }: BuiltLayer, spec: WeightSpec): string[] {
  const leaf = path.split("/").at(-1) ?? path;
  return [
    `${leaf}/${spec.name}`,
    tfjsVariableName(leaf, fileConfig, spec),
    tfjsVariableName(path, fileConfig, spec),
  ];
}

function put(
  assigned: Map<BuiltLayer, ModelWeight[]>,
  problems: Problem[],
  layer: BuiltLayer,
  spec: WeightSpec,
  found: Stored | undefined,
  present: readonly Stored[],
): void {
  if (found === undefined) {
    problems.push(
      new VernierError(
        "weights.missing",
        { weight: `${layer.path}/${spec.name}`, present: present.map(({ name }) => name).slice(0, 8) },
        { where: layer.path },
      ).problem,
    );
    return;
  }
  if (found.shape.join() !== spec.shape.join()) {
    problems.push(
      new VernierError(
        "weights.shape",
        { weight: found.name, expected: spec.shape, received: found.shape },
        { where: layer.path },
      ).problem,
    );
    return;
  }
  if (spec.dtype !== undefined && found.dtype !== spec.dtype) {
    problems.push(
      new VernierError(
        "weights.dtype",
        { weight: found.name, expected: spec.dtype, received: found.dtype },
        { where: layer.path },
      ).problem,
    );
    return;
  }
  const weight: ModelWeight = {
    spec,
    fileName: found.name,
    ...(found.pieces === undefined ? {} : { pieces: found.pieces }),
    dtype: found.dtype,
    shape: found.shape,
    quantization: found.quantization,
    read: () => found.read(),
  };
  const list = assigned.get(layer) ?? [];
  list.push(weight);
  assigned.set(layer, list);
}

function finish(
  layers: readonly BuiltLayer[],
  assigned: ReadonlyMap<BuiltLayer, readonly ModelWeight[]>,
  problems: readonly Problem[],
): Assigned {
  return {
    layers: layers.map((built) => ({
      ...built,
      weights: built.layer.weights.flatMap(
        ({ name }) => assigned.get(built)?.find(({ spec }) => spec.name === name) ?? [],
      ),
    })),
    problems,
  };
}
