/** @file A rewritten layer's own weights, from those of its parts and from what was kept. */

import { asList, isObject, type JsonObject } from "../base/json.ts";
import { wholeTensor } from "../formats/output.ts";
import type { BoundLayer } from "../model/layer.ts";
import { isDType } from "../tensor/dtype.ts";
import { type Shape, sizeOf, type Tensor } from "../tensor/tensor.ts";
import type { SaidWeight } from "./part-weights.ts";
import type { PlannedLayer, PlannedWeight } from "./plan.ts";
import type { Rewritten } from "./rewritten.ts";
import { wholeFrom } from "./weight-blocks.ts";

/** The parts are no longer what the rewrite makes. */
export class Changed extends Error {}

export function weightsBack(
  bound: BoundLayer,
  { parts: said }: Rewritten,
  parts: readonly PlannedLayer[],
  kept: JsonObject,
): PlannedWeight[] {
  return bound.weights.map(({ name, trainable, older, shape }) => {
    const blocks = said.flatMap((part, i) =>
      part.weights.flatMap(({ from, block, name: stored }) => {
        const weight = parts[i]?.weights.find((one) => one.name === stored);
        return from === name && block !== undefined && weight !== undefined ? [{ block, weight }] : [];
      }),
    );
    if (blocks.length > 0) {
      const dtype = blocks[0]?.weight.source.dtype ?? "float32";
      const read = async (): Promise<Tensor> =>
        wholeFrom(
          shape,
          await Promise.all(
            blocks.map(async ({ block, weight }) => ({ block, tensor: await weight.source.read() })),
          ),
        );
      return { name, trainable, older: older ?? null, source: wholeTensor(shape, dtype, read) };
    }
    const own = keptTensor(kept[name], shape);
    if (own !== null)
      return {
        name,
        trainable,
        older: older ?? null,
        source: wholeTensor(own.shape, own.dtype, async () => own),
      };
    for (const [i, part] of said.entries()) {
      const own: SaidWeight | undefined = part.weights.find(({ from }) => from === name);
      const stored = parts[i]?.weights.find((weight) => weight.name === own?.name);
      if (own === undefined || stored === undefined) continue;
      const { source } = stored;
      const { back } = own;
      if (own.map !== undefined && back === undefined) break;
      const undone =
        back === undefined
          ? source
          : { shape, dtype: source.dtype, ...undoing(async () => back(await source.read())) };
      return { name, trainable, older: older ?? null, source: undone };
    }
    throw new Changed(`its weight "${name}" cannot be found in them`);
  });
}

/** A small weight as numbers, if they fit. */
function keptTensor(json: unknown, shape: Shape): Tensor | null {
  if (!isObject(json) || typeof json["dtype"] !== "string" || !isDType(json["dtype"])) return null;
  const values = asList(json["values"]).map(Number);
  const { dtype } = { dtype: json["dtype"] };
  if (values.length !== sizeOf(shape) || asList(json["shape"]).join() !== shape.join()) return null;
  switch (dtype) {
    case "int64":
      return { shape, dtype, data: BigInt64Array.from(values, (value) => BigInt(Math.trunc(value))) };
    case "int8":
      return { shape, dtype, data: Int8Array.from(values) };
    case "int32":
      return { shape, dtype, data: Int32Array.from(values) };
    case "float64":
      return { shape, dtype, data: Float64Array.from(values) };
    case "float32":
    case "float16":
    case "bfloat16":
      return { shape, dtype, data: Float32Array.from(values) };
    default:
      return null;
  }
}

function undoing(read: () => Promise<Tensor>) {
  return {
    read,
    async *pieces() {
      const { dtype, data } = await read();
      yield { shape: [data.length], dtype, data } satisfies Tensor;
    },
  };
}
