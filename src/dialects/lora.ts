/**
 * @file Adapters (LoRA) that an `.h5` keeps beside the weight that they adapt, which a `.keras` does not: Keras adds them up
 * as it writes that (keras/src/layers/core/dense.py, `_get_kernel_with_merged_lora`).
 */

import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import type { BuiltLayer } from "./build.ts";
import type { Stored } from "./weights.ts";

/** Has the layer one, by its config? Whether its file has it is another thing. */
export const hasAdapter = ({ fileConfig }: BuiltLayer): boolean =>
  isObject(fileConfig) && typeof fileConfig["lora_rank"] === "number" && fileConfig["lora_rank"] > 0;

/** `stored`: of the layer's group. Throws `layer.unsupported` where the weight itself is quantized. */
export function withAdapters(layers: readonly BuiltLayer[], stored: readonly Stored[]): readonly Stored[] {
  return layers.filter(hasAdapter).reduce((entries, layer) => merged(layer, entries), stored);
}

function merged(layer: BuiltLayer, stored: readonly Stored[]): readonly Stored[] {
  const own = stored.filter(({ name }) => isOf(layer, name));
  const [a, b] = ["a", "b"].map((half) =>
    own.find(({ name }) => new RegExp(`/lora_[a-z]+_${half}(:0)?$`).test(name)),
  );
  const adapted = /\/lora_([a-z]+)_a/.exec(a?.name ?? "")?.[1];
  const large = own.find(({ name }) => lastOf(name) === adapted);
  if (a === undefined || b === undefined || large === undefined) return stored;
  if (layer.layer.config["quantization"] !== undefined)
    throw new VernierError(
      "layer.unsupported",
      {
        className: layer.layer.className,
        reason:
          "its adapter (LoRA) lies beside weights that are quantized; a .keras file holds them added up",
      },
      { where: layer.path },
    );
  const { lora_rank: rank, lora_alpha: alpha = rank } = layer.fileConfig as Record<string, number>;
  const read = async (): Promise<Tensor> =>
    sum(await large.read(), await a.read(), await b.read(), Number(alpha) / Number(rank));
  const { pieces: _pieces, ...rest } = large;
  return stored.flatMap((entry) => {
    if (entry === large) return [{ ...rest, read }];
    return entry === a || entry === b ? [] : [entry];
  });
}

const lastOf = (name: string): string => name.replace(/:\d+$/, "").split("/").at(-1) ?? name;

const isOf = ({ path }: BuiltLayer, name: string): boolean =>
  name
    .split("/")
    .slice(0, -1)
    .includes(path.split("/").at(-1) ?? path);

/** w + scale · a·b, in float64, rounded once: a [..., rank], b [rank, last]. */
function sum(w: Tensor, a: Tensor, b: Tensor, scale: number): Tensor {
  const [rank = 1, last = 1] = b.shape;
  const rows = sizeOf(w.shape) / last;
  const [x, y, z] = [w, a, b].map(({ data }) => data as ArrayLike<number>) as [
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
  ];
  const data = new Float32Array(rows * last);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < last; j++) {
      let product = 0;
      for (let r = 0; r < rank; r++) product += Number(y[i * rank + r]) * Number(z[r * last + j]);
      data[i * last + j] = Number(x[i * last + j]) + scale * product;
    }
  return { shape: w.shape, dtype: "float32", data };
}
