/** @file What writers hand over: files made of pieces, so that a large tensor is never in memory as a whole. */

import type { DType } from "../tensor/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";

/** A file to be written. `pieces` may be called again and gives the same bytes; one is good until the next is asked for. */
export interface OutputFile {
  /** Relative to the destination, steps separated by "/". */
  readonly name: string;
  readonly sizeBytes: number;
  pieces(): AsyncIterable<Uint8Array>;
}

/** A tensor that is read when it is needed, whole or in flat row-major pieces that follow each other. */
export interface TensorSource {
  readonly shape: Shape;
  readonly dtype: DType;
  read(): Promise<Tensor>;
  /** Each piece is 1-D, of `dtype`, and good until the next is asked for. @param maxBytes about as much at once; default 4 MiB */
  pieces(maxBytes?: number): AsyncIterable<Tensor>;
}

/** What a tensor is read by, where only whole tensors can be read. */
export function wholeTensor(shape: Shape, dtype: DType, read: () => Promise<Tensor>): TensorSource {
  return {
    shape,
    dtype,
    read,
    async *pieces() {
      const { data } = await read();
      yield { shape: [data.length], dtype, data };
    },
  };
}
