/**
 * @file Optimizer state that a conversion kept for the way back, found by what `kept.optimizer` says: a path, and each
 * tensor's name, shape and dtype in the order in which they lie there.
 */

import { integer, invalid, listOf, string } from "../base/decode.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import { type DType, isDType } from "../tensor/dtype.ts";
import { type Shape, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { BYTES_PER_ELEMENT, tensorFromBytes } from "./elements.ts";
import type { Hdf5File } from "./hdf5.ts";
import { MAX_RANK, MAX_TENSOR_BYTES, MAX_WEIGHTS, requireAtMost } from "./limits.ts";
import type { Source } from "./source.ts";

export interface KeptTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  read(): Promise<Tensor>;
}

interface Said {
  readonly path: string;
  readonly tensors: readonly Omit<KeptTensor, "read">[];
}

/** In a file of its own, little-endian, end to end. `open` resolves a path beside the model; it stays in the folder. */
export async function keptInFile(
  kept: JsonObject | null,
  open: (path: string) => Promise<Source>,
  where: string,
): Promise<readonly KeptTensor[]> {
  const said = decode(kept, where);
  if (said === null) return [];
  if (/^[/\\]|\.\.|[:\0]/.test(said.path)) throw invalid("a file beside the model", said.path, [where]);
  let offset = 0;
  return said.tensors.map((tensor) => {
    const at = offset;
    const { shape, dtype } = tensor;
    const sizeBytes = dtype === "string" ? 0 : sizeOf(shape) * BYTES_PER_ELEMENT[dtype];
    offset += sizeBytes;
    return {
      ...tensor,
      async read() {
        if (dtype === "string") throw invalid("numbers", dtype, [where]);
        const source = await open(said.path);
        return tensorFromBytes(await source.read(at, sizeBytes), { shape, dtype });
      },
    };
  });
}

/** Datasets "0", "1", … of a group in an HDF5 file. */
export function keptInHdf5(kept: JsonObject | null, file: Hdf5File): readonly KeptTensor[] {
  const said = decode(kept, file.name);
  if (said === null) return [];
  return said.tensors.map((tensor, i) => ({ ...tensor, read: () => file.read(`/${said.path}/vars/${i}`) }));
}

function decode(kept: JsonObject | null, where: string): Said | null {
  const json = kept?.["optimizer"];
  if (!isObject(json)) return null;
  const place = [where, "optimizer"];
  const list = json["weights"];
  if (!Array.isArray(list)) throw invalid("a list", list, place);
  requireAtMost("the number of weights", list.length, MAX_WEIGHTS, where);
  return {
    path: string.decode(json["path"], [...place, "path"]),
    tensors: list.map((entry: unknown, i) => {
      if (!isObject(entry)) throw invalid("an object", entry, [...place, i]);
      const shape = listOf(integer(0)).decode(entry["shape"], [...place, i, "shape"]);
      const dtype = string.decode(entry["dtype"], [...place, i, "dtype"]);
      requireAtMost("the number of axes", shape.length, MAX_RANK, where);
      requireAtMost("the size of a weight in bytes", 8 * sizeOf(shape), MAX_TENSOR_BYTES, where);
      if (!isDType(dtype)) throw invalid("a dtype", dtype, [...place, i, "dtype"]);
      return { name: string.decode(entry["name"], [...place, i, "name"]), shape, dtype };
    }),
  };
}
