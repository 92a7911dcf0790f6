/** @file What two canonical models differ in, in words: the first difference of each kind. */

import { isObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { Call, Model, StoredTensor, TensorRef } from "../../src/model/model.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

export type Rename = (path: string) => string;

/** Everything that predictions depend on but the weights' values; `rename` is put on the paths of `model`. */
export function meaningOf(
  model: Model,
  rename: Rename = (path) => path,
  /** One of the two compared is of TF.js, in which masked steps of Bidirectional repeat: not a rule of the layer's. */
  repeats = false,
): unknown {
  const idOf = ({ id }: Call): string => {
    const [path = id, call] = id.split("#");
    return `${rename(path)}${call === undefined ? "" : `#${call}`}`;
  };
  const refOf = ({ call, output }: TensorRef): string => {
    const found = model.calls[call];
    return `${found === undefined ? "?" : idOf(found)}:${output}`;
  };
  return {
    layers: Object.fromEntries(
      model.layers.map(({ path, layer, weights }) => [
        rename(path),
        {
          className: layer.className,
          config: repeats ? withoutMaskRule(layer.config) : layer.config,
          weights: weights.map(({ spec, shape }) => [spec.name, shape]),
          unknown: layer.unknown,
        },
      ]),
    ),
    calls: Object.fromEntries(
      model.calls.map((call) => [
        idOf(call),
        {
          inputs: call.inputs.map(refOf),
          initial_state: call.initial_state.map(refOf),
          masks: call.masks?.map((ref) => (ref === null ? null : refOf(ref))) ?? null,
          dims: call.outputs.map(({ dims }) => dims),
        },
      ]),
    ),
    inputs: model.inputs.map(({ name, dims }) => [rename(name), dims]),
    outputs: model.outputs.map(({ ref }) => refOf(ref)),
  };
}

function withoutMaskRule(json: Json): Json {
  if (Array.isArray(json)) return json.map((item) => withoutMaskRule(item as Json));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(([key]) => key !== "zero_output_for_mask")
      .map(([key, value]) => [key, withoutMaskRule(value as Json)]),
  );
}

/** The first place where two JSON values differ; `null` where they are equal. */
export function difference(a: unknown, b: unknown, place = ""): string | null {
  if (Object.is(a, b)) return null;
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length)
    return firstOf(a.map((item, i) => () => difference(item, b[i], `${place}[${i}]`)));
  if (isObject(a) && isObject(b) && !Array.isArray(a) && !Array.isArray(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return firstOf([...keys].map((key) => () => difference(a[key], b[key], `${place}.${key}`)));
  }
  return `${place}: ${short(a)} became ${short(b)}`;
}

const firstOf = (checks: readonly (() => string | null)[]): string | null => {
  for (const check of checks) {
    const found = check();
    if (found !== null) return found;
  }
  return null;
};

const short = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 200);

/** Weights bit for bit; where the target has a wider type, as numbers. `rounded`: weights that no type there holds. */
export async function unequalWeights(
  a: Model,
  b: Model,
  rename: Rename,
  rounded: ReadonlySet<string>,
): Promise<string | null> {
  for (const { path, weights } of a.layers) {
    const other = b.layers.find((layer) => layer.path === rename(path));
    for (const { spec, read } of weights) {
      const found = other?.weights.find((weight) => weight.spec.name === spec.name);
      if (found === undefined) return `${path}/${spec.name} is missing`;
      if (rounded.size > 0) continue;
      const unequal = unequalTensors(await read(), await found.read());
      if (unequal !== null) return `${path}/${spec.name}: ${unequal}`;
    }
  }
  return null;
}

export async function unequalState(
  a: readonly StoredTensor[],
  b: readonly StoredTensor[],
): Promise<string | null> {
  if (a.length !== b.length) return `${a.length} tensors of optimizer state became ${b.length}`;
  for (const [i, { name, dtype, read }] of a.entries()) {
    const other = b[i];
    if (other === undefined || other.dtype !== dtype) return `${name}: ${dtype} became ${other?.dtype}`;
    const unequal = unequalTensors(await read(), await other.read());
    if (unequal !== null) return `${name}: ${unequal}`;
  }
  return null;
}

function unequalTensors(a: Tensor, b: Tensor): string | null {
  if (a.shape.join() !== b.shape.join()) return `shape [${a.shape}] became [${b.shape}]`;
  const at = Array.from(a.data as ArrayLike<unknown>).findIndex((x, i) => !Object.is(x, b.data[i]));
  return at < 0 ? null : `element ${at} is ${String(b.data[at])} in place of ${String(a.data[at])}`;
}

/** One form of what dialects spell otherwise: modules, policies, LeCun. */
export function plainWords(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => plainWords(item as Json));
  if (!isObject(value)) return value;
  const { class_name, config } = value;
  if (typeof class_name === "string" && /Policy/.test(class_name) && isObject(config))
    return (config["name"] ?? null) as Json;
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .filter(([key]) => key !== "module" && key !== "registered_name" && key !== "build_config")
      .map(([key, item]) => [
        key,
        key === "class_name" && typeof item === "string" ? item.replace(/^LeCun/, "Lecun") : plainWords(item),
      ]),
  );
}
