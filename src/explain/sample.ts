/** @file One sample of a batch, and one element of an output. */

import { type RealTensor, realFromTensor, sizeOf, stridesOf, type Tensor } from "../tensor/tensor.ts";

/** Row `sample` of the batch, kept as a batch of one, in float64. */
export function sampleOf(tensor: Tensor, sample: number): RealTensor {
  const size = sizeOf(tensor.shape.slice(1));
  const { data } = tensor;
  const rows = data.slice(sample * size, (sample + 1) * size);
  return realFromTensor({
    shape: [1, ...tensor.shape.slice(1)],
    dtype: tensor.dtype,
    data: rows as Tensor["data"],
  });
}

/** The element at `index` (without the batch axis) of a batch of one. */
export function elementOf(tensor: RealTensor, index: readonly number[]): number {
  const strides = stridesOf(tensor.shape.slice(1));
  return tensor.data[index.reduce((offset, at, axis) => offset + at * (strides[axis] ?? 0), 0)] ?? Number.NaN;
}

/** The same numbers, bit for bit. */
export const sameTensors = (x: readonly RealTensor[], y: readonly RealTensor[]): boolean =>
  x.length === y.length &&
  x.every(({ shape, data }, i) => {
    const other = y[i];
    return (
      other !== undefined &&
      shape.join() === other.shape.join() &&
      data.every((value, at) => Object.is(value, other.data[at]))
    );
  });
