/** @file The weights of a `.keras` or `.weights.h5`: found by where Keras keeps them, not by name. */

import { groupBy } from "../base/group-by.ts";
import type { Problem } from "../base/problem.ts";
import type { KerasWeights, StoredVariable } from "../formats/keras-weights.ts";
import type { StoreRules, WeightStore } from "../model/layer.ts";
import type { StoredTensor } from "../model/model.ts";
import type { Topology } from "../model/topology.ts";
import type { BuiltLayer } from "./build.ts";
import type { Stored } from "./stored.ts";
import { kerasWeightPaths, layersByPath, STORE_RULES } from "./weight-paths.ts";
import { type Assigned, assignPairs } from "./weights.ts";

export interface AssignedByPath extends Assigned {
  /** `optimizer/vars/…`, in order. The state of metrics starts anew in every run and is not kept. */
  readonly optimizerWeights: readonly StoredTensor[];
}

export function assignByPath(
  { layers, topology }: { readonly layers: readonly BuiltLayer[]; readonly topology: Topology },
  weights: KerasWeights,
): AssignedByPath {
  const groups = groupBy(weights.variables, ({ group }) => group);
  const paths = pathsIn(layers, topology, groups);
  const used = new Set<StoredVariable>();
  const pairs = layers.flatMap((layer) =>
    (paths.get(layer.path) ?? []).flatMap(({ group, weights: names }) => {
      const present = groups.get(group) ?? [];
      return names.flatMap((name, i) => {
        const spec = layer.layer.weights.find((one) => one.name === name);
        const found = present.find(({ index }) => index === i);
        if (found !== undefined) used.add(found);
        const stored = found === undefined ? undefined : storedOf(found);
        return spec === undefined ? [] : [{ layer, spec, found: stored, present: present.map(storedOf) }];
      });
    }),
  );
  const assigned = assignPairs(layers, pairs);
  const optimizer = weights.variables.filter(({ group }) => isBelow(group, "optimizer"));
  return {
    layers: assigned.layers,
    optimizerWeights: optimizer.map(storedOf),
    problems: [...assigned.problems, ...unused(weights.variables, used)],
  };
}

const storedOf = ({ path, shape, dtype, read, pieces }: StoredVariable): Stored => ({
  name: path,
  shape,
  dtype,
  quantization: null,
  read,
  pieces,
});

/** By the rules of the version that wrote the file: those under which most groups are there. */
function pathsIn(
  layers: readonly BuiltLayer[],
  topology: Topology,
  groups: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, readonly WeightStore[]> {
  const byPath = layersByPath(layers);
  const candidates = STORE_RULES.map((rules: StoreRules) => {
    const paths = kerasWeightPaths(topology, byPath, rules);
    const present = [...paths.values()].flat().filter(({ group }) => groups.has(group)).length;
    return { paths, present };
  });
  return candidates.reduce((best, one) => (one.present > best.present ? one : best)).paths;
}

const isBelow = (group: string, root: string): boolean => group === root || group.startsWith(`${root}/`);

function unused(variables: readonly StoredVariable[], used: ReadonlySet<StoredVariable>): Problem[] {
  const roots = ["", ...STORE_RULES.map(({ root }) => root)];
  return variables
    .filter((one) => !used.has(one) && roots.some((root) => isBelow(one.group, root)))
    .map(({ path, owner }) => ({
      code: "weights.unused",
      where: path,
      message: `the weight "${path}"${owner === null ? "" : ` of "${owner}"`} belongs to no layer`,
      hint: "the weights may be those of another model; Keras passes over what it does not look for",
      severity: "warning" as const,
    }));
}
