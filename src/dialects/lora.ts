/**
 * @file Adapters (LoRA) that an `.h5` keeps beside the weight that they adapt, which a `.keras` does not: Keras adds them up
 * as it writes that (keras/src/layers/core/dense.py, `_get_kernel_with_merged_lora`).
 */

import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { add, multiply, scalar } from "../ops/derived.ts";
import { float64Ops } from "../ops/float64.ts";
import { realFromTensor, type Tensor } from "../tensor/tensor.ts";
import type { BuiltLayer } from "./build.ts";
import { lastOf, most, type Stored, stepsShared } from "./stored.ts";

const ops = float64Ops();

/**
 * `stored`: of the group of `layers`. The same list where it holds no adapter. Throws `layer.unsupported` where the weight
 * itself is quantized, or no config says by what an adapter is multiplied.
 */
export function withAdapters(layers: readonly BuiltLayer[], stored: readonly Stored[]): readonly Stored[] {
  const byName = new Map(stored.map((entry) => [entry.name, entry]));
  const adapters = stored.flatMap((a) => {
    const [, within, adapted] = /^(.*\/)lora_([a-z]+)_a$/.exec(a.name) ?? [];
    const b = byName.get(`${within}lora_${adapted}_b`);
    const large = byName.get(`${within}${adapted}`);
    return b === undefined || large === undefined ? [] : [{ a, b, large }];
  });
  if (adapters.length === 0) return stored;
  const scales = layers.flatMap(({ path, fileConfig }) => scalesIn(fileConfig, path));
  const sums = new Map(adapters.map((adapter) => [adapter.large, summed(adapter, layers, scales)]));
  const halves = new Set(adapters.flatMap(({ a, b }) => [a, b]));
  return stored.filter((entry) => !halves.has(entry)).map((entry) => sums.get(entry) ?? entry);
}

interface Adapter {
  /** [..., rank]. */
  readonly a: Stored;
  /** [rank, last]. */
  readonly b: Stored;
  /** [..., last]. */
  readonly large: Stored;
}

/** By what the adapters of a layer are multiplied. */
interface Scale {
  readonly path: string;
  readonly value: number;
}

function summed({ a, b, large }: Adapter, layers: readonly BuiltLayer[], scales: readonly Scale[]): Stored {
  const [scale, ...others] = most(scales, ({ path }) => stepsShared(large.name, path));
  if (scale === undefined || others.some(({ value }) => value !== scale.value))
    throw refused(large, layers, "no config says by what its adapter (LoRA) is multiplied");
  if (large.dtype === "int8")
    throw refused(
      large,
      layers,
      "its adapter (LoRA) lies beside weights that are quantized; a .keras file holds them added up",
    );
  const { pieces: _pieces, ...rest } = large;
  const read = async (): Promise<Tensor> => {
    const product = ops.matmul(realFromTensor(await a.read()), realFromTensor(await b.read()));
    const scaled = multiply(ops, product, scalar(ops, scale.value));
    const { shape, dtype, data } = add(ops, realFromTensor(await large.read()), scaled);
    return { shape, dtype, data: Float32Array.from(data) };
  };
  return { ...rest, read };
}

/** Of a layer and of those in its config. Keras's own loading forgets `lora_alpha`; what was saved computed with it. */
function scalesIn(json: unknown, path: string): Scale[] {
  if (Array.isArray(json)) return json.flatMap((item) => scalesIn(item, path));
  if (!isObject(json)) return [];
  const { lora_rank: rank, lora_alpha: alpha } = json;
  const own = typeof rank === "number" && rank > 0 ? [{ path, value: Number(alpha ?? rank) / rank }] : [];
  const inner = Object.values(json).flatMap((value) => {
    const name = isObject(value) && isObject(value["config"]) ? value["config"]["name"] : undefined;
    return scalesIn(value, typeof name === "string" ? `${path}/${name}` : path);
  });
  return [...own, ...inner];
}

function refused(large: Stored, layers: readonly BuiltLayer[], reason: string): VernierError {
  const [layer] = most(layers, ({ path }) => stepsShared(large.name, path));
  return new VernierError(
    "layer.unsupported",
    { className: layer?.layer.className ?? lastOf(large.name), reason },
    { where: layer?.path ?? large.name },
  );
}
