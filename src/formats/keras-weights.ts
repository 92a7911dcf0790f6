/**
 * @file The weights inside a `.keras` and in `.weights.h5`: variables at `layers/dense/vars/0`, found by position and
 * class, not by name. (keras/src/saving/saving_lib.py, H5IOStore and ShardedH5IOStore.)
 *
 * On Windows some versions joined steps by "\", so that one HDF5 group is called `layers\dense`: here every path has
 * "/", while datasets are read where they lie.
 */

import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";
import type { Hdf5File } from "./hdf5.ts";
import { readJson } from "./json-text.ts";
import { MAX_GROUPS, MAX_PATH_DEPTH, MAX_SHARDS, MAX_WEIGHTS, requireAtMost } from "./limits.ts";
import type { Source } from "./source.ts";

export interface StoredVariable {
  /** "layers/dense/vars/0". */
  readonly path: string;
  /** Of the object that owns it: "layers/dense"; "" for the model itself. */
  readonly group: string;
  readonly index: number;
  /** The owner's name, which Keras writes since 3.6. */
  readonly owner: string | null;
  readonly shape: Shape;
  readonly dtype: DType;
  read(): Promise<Tensor>;
  pieces(maxBytes?: number): AsyncIterable<Tensor>;
}

export interface KerasWeights {
  readonly name: string;
  /** Grouped, each group's in order. */
  readonly variables: readonly StoredVariable[];
}

/** What Keras calls the group of an object's own variables. */
const VARS = "vars";

/** Lists what is there; tensors are read when asked for. Throws `file.limit`, `file.malformed`. */
export async function readKerasWeights(file: Hdf5File): Promise<KerasWeights> {
  const variables: StoredVariable[] = [];
  await visit(file, [], variables, { groups: 0 });
  const seen = new Set<string>();
  for (const { path } of variables) {
    if (seen.has(path))
      throw new VernierError(
        "file.malformed",
        { reason: `"${path}" is in it twice` },
        { where: [file.name] },
      );
    seen.add(path);
  }
  return { name: file.name, variables };
}

async function visit(
  file: Hdf5File,
  steps: readonly string[],
  found: StoredVariable[],
  count: { groups: number },
): Promise<void> {
  requireAtMost("the depth of an HDF5 path", steps.length, MAX_PATH_DEPTH, file.name);
  // Groups that hold themselves twice are a tree without an end.
  requireAtMost("the number of groups", ++count.groups, MAX_GROUPS, file.name);
  const here = `/${steps.join("/")}`;
  for (const name of await file.group(here)) {
    const path = [...steps, name];
    if ((await file.kindOf(`/${path.join("/")}`)) !== "group") continue;
    if (name.split("\\").at(-1) === VARS) await addVariables(file, path, found);
    else await visit(file, path, found, count);
  }
}

async function addVariables(
  file: Hdf5File,
  steps: readonly string[],
  found: StoredVariable[],
): Promise<void> {
  const at = `/${steps.join("/")}`;
  const names = (await file.group(at)).filter((name) => /^\d+$/.test(name));
  requireAtMost("the number of weights", found.length + names.length, MAX_WEIGHTS, file.name);
  if (names.length === 0) return;
  const owner = (await file.attributeNames(at)).includes("name") ? await file.attribute(at, "name") : null;
  const group = steps.join("/").replaceAll("\\", "/").split("/").slice(0, -1).join("/");
  for (const name of names.toSorted((a, b) => Number(a) - Number(b))) {
    const place = `${at}/${name}`;
    if ((await file.kindOf(place)) !== "dataset") continue;
    found.push({
      path: [...(group === "" ? [] : [group]), VARS, name].join("/"),
      group,
      index: Number(name),
      owner: typeof owner === "string" ? owner : null,
      ...(await file.dataset(place)),
      read: () => file.read(place),
      pieces: (maxBytes) => file.pieces(place, maxBytes),
    });
  }
}

/** `.weights.json`: which file beside it holds what. `openShard` opens one of these; closing is the caller's. */
export async function readShardedKerasWeights(
  source: Source,
  openShard: (name: string) => Promise<Hdf5File>,
): Promise<KerasWeights> {
  const malformed = (reason: string): VernierError => malformedMap(reason, source);
  const map = await weightMapOf(source);
  const variables = new Map<string, StoredVariable>();
  for (const name of shardNames(map, source)) {
    for (const variable of (await readKerasWeights(await openShard(name))).variables) {
      if (variables.has(variable.path)) throw malformed(`"${variable.path}" is in two files`);
      variables.set(variable.path, variable);
    }
  }
  const groups = new Set([...variables.values()].map(({ group }) => group));
  const absent = Object.keys(map).find((key) => !groups.has(groupOf(key)));
  if (absent !== undefined) throw malformed(`"${absent}" is in none of its files`);
  // A group that a size limit has cut lies in several files.
  const order = new Map([...groups].map((group, i) => [group, i]));
  return {
    name: source.name,
    variables: [...variables.values()].toSorted(
      (a, b) => (order.get(a.group) ?? 0) - (order.get(b.group) ?? 0) || a.index - b.index,
    ),
  };
}

/** The names of its files, all beside it. */
export async function kerasShardNames(source: Source): Promise<readonly string[]> {
  return shardNames(await weightMapOf(source), source);
}

async function weightMapOf(source: Source): Promise<Record<string, unknown>> {
  const { json } = await readJson(source);
  const map = isObject(json) ? json["weight_map"] : undefined;
  if (!isObject(map)) throw malformedMap("it has no weight_map", source);
  return map;
}

function shardNames(map: Record<string, unknown>, source: Source): string[] {
  const shards = new Set<string>();
  for (const [group, listed] of Object.entries(map)) {
    for (const name of Array.isArray(listed) ? (listed as unknown[]) : [listed]) {
      if (typeof name !== "string" || name === "") throw malformedMap(`"${group}" names no file`, source);
      if (/[/\\\0]|^\.\.?$|^[a-z]:/i.test(name))
        throw malformedMap(`"${name}" is no plain name of a file beside this one`, source);
      shards.add(name);
    }
  }
  requireAtMost("the number of weight files", shards.size, MAX_SHARDS, source.name);
  return [...shards].toSorted();
}

const malformedMap = (reason: string, { name }: Source): VernierError =>
  new VernierError("file.malformed", { reason }, { where: [name, "weight_map"] });

/** "/layers/dense/vars" → "layers/dense". */
const groupOf = (key: string): string =>
  key
    .replaceAll("\\", "/")
    .replace(/^\/+/, "")
    .replace(/\/?vars$/, "");
