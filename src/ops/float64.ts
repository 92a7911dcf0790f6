/** @file The reference reading: every primitive on numbers, in float64. */

import { formatOf, roundTo } from "../numerics/formats.ts";
import { type DType, isFloating } from "../tensor/dtype.ts";
import { type Dims, normalizeAxis, type RealTensor } from "../tensor/tensor.ts";
import { joined, padded, sliced, splitAt, taken, transposed } from "./arrange.ts";
import { rowsOf, spread } from "./broadcast.ts";
import {
  broadcastToDims,
  concatenateDims,
  padDims,
  rangeOf,
  reduceDims,
  reshapeDims,
  sliceDims,
  takeDims,
  transposeDims,
} from "./dims.ts";
import { applied, chosen, combine, compared, wrapped } from "./elementwise.ts";
import { fastKernels, type Kernels } from "./kernels.ts";
import { convolutionOf, poolingOf, productOf } from "./lowering.ts";
import type { Ops } from "./ops.ts";
import { binaryDType, promote, reductionDType, unaryDType } from "./promote.ts";
import { reduced, runningSum, sorted } from "./reduction.ts";

/** Of known tensors: an unknown dimension cannot be left. */
export const shapeFrom = (dims: Dims): number[] => dims.map((dim) => dim ?? 0);

const typed = ({ shape, dtype }: RealTensor) => ({ dtype, scalar: shape.length === 0 });

/** Throws `tensor.shape`, `tensor.axis`, `input.invalid` (an index out of range). */
export function float64Ops(kernels: Kernels = fastKernels): Ops<RealTensor> {
  return {
    constant: (value) => value,
    dimsOf: ({ shape }) => shape,
    dtypeOf: ({ dtype }) => dtype,

    binary(f, x, y) {
      const dtype = binaryDType(f, typed(x), typed(y));
      const rows = rowsOf(x.shape, y.shape);
      const data = combine(f, x.data, y.data, rows);
      return { shape: rows.shape, dtype, data: isFloating(dtype) ? data : inIntegers(data, dtype) };
    },

    unary(f, x) {
      const dtype = unaryDType(f, x.dtype);
      const data = applied(f, x.data);
      return { shape: x.shape, dtype, data: isFloating(dtype) ? data : inIntegers(data, dtype) };
    },

    compare(f, x, y) {
      const rows = rowsOf(x.shape, y.shape);
      return { shape: rows.shape, dtype: "bool", data: compared(f, x.data, y.data, rows) };
    },

    where: (condition, x, y) => ({
      ...chosen(condition, x, y),
      dtype: binaryDType("maximum", typed(x), typed(y)),
    }),

    cast: (x, dtype) => ({ shape: x.shape, dtype, data: castData(x, dtype) }),

    reduce(f, x, axes, keepdims) {
      const shape = shapeFrom(reduceDims(x.shape, axes, keepdims));
      return { shape, dtype: reductionDType(f, x.dtype), data: reduced(f, x.data, x.shape, axes) };
    },

    cumsum(x, axis) {
      const data = runningSum(x.data, splitAt(x.shape, normalizeAxis(axis, x.shape.length)));
      return { shape: x.shape, dtype: reductionDType("sum", x.dtype), data };
    },

    sort: (x, axis) => ({
      ...x,
      data: sorted(x.data, splitAt(x.shape, normalizeAxis(axis, x.shape.length))),
    }),

    reshape: (x, dims) => ({ ...x, shape: shapeFrom(reshapeDims(x.shape, dims)) }),

    transpose(x, permutation) {
      const shape = shapeFrom(transposeDims(x.shape, permutation));
      const axes = permutation.map((axis) => normalizeAxis(axis, x.shape.length));
      return { ...x, shape, data: transposed(x.data, x.shape, axes) };
    },

    broadcast_to(x, dims) {
      const shape = shapeFrom(broadcastToDims(x.shape, dims));
      return { ...x, shape, data: spread(x.data, x.shape, shape) };
    },

    concatenate(xs, axis) {
      const shape = shapeFrom(
        concatenateDims(
          xs.map((x) => x.shape),
          axis,
        ),
      );
      const at = normalizeAxis(axis, shape.length);
      const data = joined(xs.map((x) => ({ data: x.data, split: splitAt(x.shape, at) })));
      return { shape, dtype: xs.map((x) => x.dtype).reduce((a, b) => promote(a, b)), data };
    },

    slice(x, axis, start, stop, step = 1) {
      const shape = shapeFrom(sliceDims(x.shape, axis, start, stop, step));
      const split = splitAt(x.shape, normalizeAxis(axis, x.shape.length));
      return { ...x, shape, data: sliced(x.data, split, rangeOf(split.extent, start, stop, step)) };
    },

    pad(x, widths, value) {
      const shape = shapeFrom(padDims(x.shape, widths));
      return { ...x, shape, data: padded(x.data, x.shape, widths, value) };
    },

    take(x, indices, axis) {
      const shape = shapeFrom(takeDims(x.shape, indices.shape, axis));
      return {
        ...x,
        shape,
        data: taken(x.data, splitAt(x.shape, normalizeAxis(axis, x.shape.length)), indices.data),
      };
    },

    matmul(x, y) {
      const product = productOf(x.shape, y.shape);
      return {
        shape: product.shape,
        dtype: promote(x.dtype, y.dtype),
        data: kernels.matmul(x.data, y.data, product),
      };
    },

    conv(x, kernel, options) {
      const geometry = convolutionOf(x.shape, kernel.shape, options);
      return {
        shape: geometry.shape,
        dtype: promote(x.dtype, kernel.dtype),
        data: kernels.conv(x.data, kernel.data, geometry),
      };
    },

    pool(f, x, options) {
      const geometry = poolingOf(x.shape, options);
      const dtype = f === "average" ? binaryDType("divide", typed(x), typed(x)) : x.dtype;
      return { shape: geometry.shape, dtype, data: kernels.pool(f, x.data, geometry) };
    },
  };
}

function inIntegers(data: Float64Array, dtype: DType): Float64Array {
  if (dtype === "bool") return data.map((value) => (value === 0 ? 0 : 1));
  return data.map((value) => wrapped(value, dtype));
}

/** Integers truncate, float16 and bfloat16 round, bool asks for "not zero"; wider floats are only a label. */
export function castData({ data, dtype: from }: RealTensor, dtype: DType): Float64Array {
  if (dtype === from) return data;
  if (dtype === "bool") return data.map((value) => (value === 0 ? 0 : 1));
  if (!isFloating(dtype))
    return isFloating(from)
      ? data.map((value) => wrapped(Math.trunc(value), dtype))
      : inIntegers(data, dtype);
  const format = formatOf(dtype);
  if (format === null || dtype === "float32" || dtype === "float64") return data;
  return data.map((value) => roundTo(format, value));
}
