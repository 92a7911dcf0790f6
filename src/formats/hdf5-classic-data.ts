/** @file The bytes of a part of a dataset, from wherever its layout says that they lie, filled where nothing does. */

import { type Shape, sizeOf, stridesOf } from "../tensor/tensor.ts";
import type { Hyperslab } from "./hdf5.ts";
import type { Blocks } from "./hdf5-classic-blocks.ts";
import type { Chunk } from "./hdf5-classic-chunks.ts";
import { unfilter } from "./hdf5-classic-filters.ts";
import type { Filter, Layout } from "./hdf5-classic-messages.ts";
import { copyCommon, countsOf } from "./hyperslab.ts";
import { MAX_DEFLATE_RATIO, MAX_TENSOR_BYTES, requireAtMost } from "./limits.ts";

/** Scattered elements no further apart than this are read in one go. */
const SPAN_BYTES = 4 * 2 ** 20;

export interface Stored {
  readonly shape: Shape;
  readonly elementBytes: number;
  /** Of one element; null for zeros. */
  readonly fill: Uint8Array | null;
}

/** Row-major bytes of `slab`, which lies inside the shape. The caller's own, or in `into`, which may hold them. */
export async function readContiguous(
  blocks: Pick<Blocks, "data">,
  { shape, elementBytes, fill }: Stored,
  { address }: Extract<Layout, { kind: "contiguous" }>,
  slab: Hyperslab,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const counts = countsOf(slab);
  if (sizeOf(counts) === 0 || address === null) return filled(sizeOf(counts) * elementBytes, fill);
  const strides = stridesOf(shape);
  const readAt = (element: number, count: number): Promise<Uint8Array> =>
    blocks.data(address + element * elementBytes, count * elementBytes);
  const first = slab.reduce((sum, [start], axis) => sum + start * (strides[axis] ?? 0), 0);
  /** From the first to the last element of the axes from this one on. */
  const spans = counts.map((_, axis) =>
    counts.slice(axis).reduce((sum, count, i) => sum + (count - 1) * (strides[axis + i] ?? 0), 1),
  );
  const sizes = counts.map((_, axis) => sizeOf(counts.slice(axis)));
  const [span = 1, size = 1] = [spans[0], sizes[0]];
  if (span === size) return blocks.data(address + first * elementBytes, size * elementBytes, into);

  const bytes = new Uint8Array(sizeOf(counts) * elementBytes);
  const put = (part: Uint8Array, target: number): void => bytes.set(part, target * elementBytes);
  const gather = (window: Uint8Array, axis: number, from: number, target: number): void => {
    const [span = 1, size = 1] = [spans[axis], sizes[axis]];
    if (span === size) return put(window.subarray(from * elementBytes, (from + size) * elementBytes), target);
    for (let i = 0; i < (counts[axis] ?? 0); i++) {
      gather(window, axis + 1, from + i * (strides[axis] ?? 0), target + i * (sizes[axis + 1] ?? 1));
    }
  };
  const collect = async (axis: number, element: number, target: number): Promise<void> => {
    const [span = 1, size = 1] = [spans[axis], sizes[axis]];
    if (span === size) return put(await readAt(element, size), target);
    if (span * elementBytes <= SPAN_BYTES) return gather(await readAt(element, span), axis, 0, target);
    for (let i = 0; i < (counts[axis] ?? 0); i++) {
      await collect(axis + 1, element + i * (strides[axis] ?? 0), target + i * (sizes[axis + 1] ?? 1));
    }
  };
  await collect(0, first, 0);
  return bytes;
}

/** `chunks` are in the order of their origins. */
export async function readChunked(
  blocks: Pick<Blocks, "data">,
  { elementBytes, fill }: Stored,
  { chunk, filters, chunks }: { chunk: Shape; filters: readonly Filter[]; chunks: readonly Chunk[] },
  slab: Hyperslab,
): Promise<Uint8Array> {
  const shape = countsOf(slab);
  const target = {
    bytes: filled(sizeOf(shape) * elementBytes, fill),
    shape,
    origin: slab.map(([start]) => start),
  };
  if (target.bytes.length === 0) return target.bytes;
  const overlaps = ({ origin }: Chunk): boolean =>
    slab.every(([start, count], axis) => {
      const at = origin[axis] ?? 0;
      return at < start + count && at + (chunk[axis] ?? 0) > start;
    });
  const [[row, rows] = [0, 0]] = slab;
  for (let i = firstAfter(chunks, row - (chunk[0] ?? 0)); i < chunks.length; i++) {
    const found = chunks[i];
    if (found === undefined || (found.origin[0] ?? 0) >= row + rows) break;
    if (!overlaps(found)) continue;
    const bytes = await readChunk(blocks, found, filters, sizeOf(chunk) * elementBytes);
    copyCommon({ bytes, shape: chunk, origin: found.origin }, target, elementBytes);
  }
  return target.bytes;
}

async function readChunk(
  blocks: Pick<Blocks, "data">,
  { address, storedBytes, filterMask }: Chunk,
  filters: readonly Filter[],
  sizeBytes: number,
): Promise<Uint8Array> {
  requireAtMost("the size of a chunk in bytes", sizeBytes, MAX_TENSOR_BYTES, "");
  const believable = filters.some(({ kind }) => kind === "deflate")
    ? storedBytes * MAX_DEFLATE_RATIO
    : storedBytes;
  requireAtMost("the size of a chunk in bytes, for what is stored of it,", sizeBytes, believable, "");
  return unfilter(await blocks.data(address, storedBytes), filters, filterMask, sizeBytes);
}

/** The first chunk whose first index is above `row`. */
function firstAfter(chunks: readonly Chunk[], row: number): number {
  let [low, high] = [0, chunks.length];
  while (low < high) {
    const at = (low + high) >> 1;
    if ((chunks[at]?.origin[0] ?? 0) > row) high = at;
    else low = at + 1;
  }
  return low;
}

function filled(sizeBytes: number, fill: Uint8Array | null): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  if (fill === null || sizeBytes === 0) return bytes;
  bytes.set(fill);
  for (let done = fill.length; done < sizeBytes; done *= 2) bytes.copyWithin(done, 0, done);
  return bytes;
}
