/**
 * @file Which name scope of a graph is which layer. TensorFlow names a node by the calls that made it:
 * "StatefulPartitionedCall/model/outer/conv2d/Conv2D". Keras 3 counts the names of an export anew ("conv2d" becomes
 * "conv2d_1", "conv2d_1" becomes "conv2d_1_2"), so that equal names may be other layers: where the numbers of weights
 * contradict them, layers of one stem are taken in their order instead.
 */

import { groupBy } from "../base/group-by.ts";
import type { GraphNode } from "../formats/graph-def.ts";
import type { Model } from "../model/model.ts";
import type { FoundWeight } from "./graph-weights.ts";
import { isTelling } from "./weight-forms.ts";

export interface LayerScopes {
  /** Scope per layer of the model; `null` where the graph shows none. */
  readonly scopes: readonly (string | null)[];
  /** Is a node of this name inside the scope of the layer? */
  isOf(layer: number, node: string): boolean;
}

export function layerScopes(
  model: Model,
  nodes: readonly GraphNode[],
  found: readonly FoundWeight[],
): LayerScopes {
  const names = nodes.map(({ name }) => partsOf(name));
  const proofs = found.filter(({ form, exact }) => exact && isTelling(form));
  let best: { scopes: (string | null)[]; score: number } = { scopes: [], score: Number.NEGATIVE_INFINITY };
  for (const skip of [0, 1]) {
    for (const way of [byName, byOrder]) {
      const scopes = way(model, names, skip);
      const score = scoreOf(model, scopes, proofs, skip);
      if (score > best.score) best = { scopes, score };
    }
  }
  const scopes = model.layers.map((_, layer) => best.scopes[layer] ?? null);
  const inside = new Map(nodes.map(({ name }, i) => [name, `${names[i]?.join("/")}/`]));
  return {
    scopes,
    isOf(layer, node) {
      const scope = scopes[layer];
      return scope !== null && scope !== undefined && inside.get(node)?.startsWith(`${scope}/`) === true;
    },
  };
}

/** Without the call of the exported function, which names every node. */
function partsOf(name: string): string[] {
  const parts = name.split("/");
  const start = parts.findIndex((part) => !/^(Stateful)?PartitionedCall(_\d+)?$/.test(part));
  return parts.slice(Math.max(start, 0));
}

/** Scopes of as many steps as a layer's path, in the order of the graph; `skip`: the model's own name comes first. */
function scopesAt(names: readonly (readonly string[])[], depth: number, skip: number): string[] {
  const scopes = names.flatMap((parts) =>
    parts.length > skip + depth ? [parts.slice(0, skip + depth).join("/")] : [],
  );
  return [...new Set(scopes)];
}

const depthOf = (path: string): number => path.split("/").length;

function byName(model: Model, names: readonly (readonly string[])[], skip: number): (string | null)[] {
  const known = new Map<number, string[]>();
  return model.layers.map(({ path }) => {
    const depth = depthOf(path);
    const scopes = known.get(depth) ?? scopesAt(names, depth, skip);
    known.set(depth, scopes);
    const ends = scopes.filter((scope) => scope.split("/").slice(skip).join("/") === path);
    return ends.length === 1 ? (ends[0] ?? null) : null;
  });
}

/** "conv2d_1_2" → "conv2d". */
const stemOf = (name: string): string => name.replace(/(_\d+)+$/, "");

function byOrder(model: Model, names: readonly (readonly string[])[], skip: number): (string | null)[] {
  const result: (string | null)[] = model.layers.map(() => null);
  const groups = groupBy(model.layers.entries(), ([, { path }]) => path.split("/").map(stemOf).join("/"));
  for (const [stem, layers] of groups) {
    const scopes = scopesAt(names, depthOf(stem), skip).filter(
      (scope) => scope.split("/").slice(skip).map(stemOf).join("/") === stem,
    );
    if (scopes.length !== layers.length) continue;
    const sorted = scopes.toSorted((x, y) => lastNumber(x) - lastNumber(y));
    for (const [i, [layer]] of layers.entries()) result[layer] = sorted[i] ?? null;
  }
  return result;
}

/** What a name that was counted up ends in: 2 of "conv2d_1_2". "conv2d_1" alone of its stem comes first. */
function lastNumber(scope: string): number {
  const [, counted] = /_\d+_(\d+)$/.exec(scope) ?? [];
  return counted === undefined ? 0 : Number(counted);
}

/** Layers that have a scope, and those whose weights' numbers say so too; one that they contradict outweighs many. */
function scoreOf(
  model: Model,
  scopes: readonly (string | null)[],
  proofs: readonly FoundWeight[],
  skip: number,
): number {
  let score = scopes.filter((scope) => scope !== null).length;
  for (const { form, constant } of proofs) {
    const scope = scopes[form.layer];
    const path = model.layers[form.layer]?.path;
    if (scope === null || scope === undefined || path === undefined) continue;
    const actual = partsOf(constant.name)
      .slice(0, skip + depthOf(path))
      .join("/");
    score += actual === scope ? 1 : -model.layers.length;
  }
  return score;
}
