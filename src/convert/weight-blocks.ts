/** @file Parts of a tensor: the columns of a kernel that belong to one gate, and the kernel put together again. */

import { VernierError } from "../base/errors.ts";
import { type Shape, sizeOf, stridesOf, type Tensor } from "../tensor/tensor.ts";

/** From `start` on along each axis of the whole, `extent` elements. */
export interface Block {
  readonly start: readonly number[];
  readonly extent: readonly number[];
}

/** The block alone, without axes of extent 1 before its last `rank`. */
export function blockOf(whole: Tensor, block: Block, rank: number): Tensor {
  const { dtype } = whole;
  const shape = block.extent.slice(block.extent.length - rank);
  const data = new Float32Array(sizeOf(block.extent));
  forEachElement(whole.shape, block, (from, to) => {
    data[to] = Number(whole.data[from] ?? 0);
  });
  return { shape, dtype, data };
}

/** The whole of this shape from all its blocks. */
export function wholeFrom(
  shape: Shape,
  blocks: readonly { readonly block: Block; readonly tensor: Tensor }[],
): Tensor {
  const data = new Float32Array(sizeOf(shape));
  const covered = blocks.reduce((sum, { block }) => sum + sizeOf(block.extent), 0);
  const [first] = blocks;
  if (first === undefined || covered !== data.length)
    throw new VernierError("internal", { reason: `blocks cover ${covered} of ${data.length} elements` });
  for (const { block, tensor } of blocks)
    forEachElement(shape, block, (from, to) => {
      data[from] = Number(tensor.data[to] ?? 0);
    });
  return { shape, dtype: first.tensor.dtype, data };
}

/** Offsets in the whole and in the block, row-major. */
function forEachElement(
  shape: Shape,
  { start, extent }: Block,
  visit: (whole: number, block: number) => void,
): void {
  const outer = stridesOf(shape);
  const inner = stridesOf(extent);
  for (let to = 0; to < sizeOf(extent); to++) {
    let from = 0;
    for (const [axis, stride] of inner.entries())
      from += ((start[axis] ?? 0) + (Math.floor(to / stride) % (extent[axis] ?? 1))) * (outer[axis] ?? 0);
    visit(from, to);
  }
}
