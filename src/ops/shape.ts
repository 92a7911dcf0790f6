/** @file The shape reading: the same formulas give output shapes, with dimensions that may be unknown. */

import type { DType } from "../tensor/dtype.ts";
import type { Dims } from "../tensor/tensor.ts";
import { normalizeAxis } from "../tensor/tensor.ts";
import { broadcastDims } from "./broadcast.ts";
import {
  broadcastToDims,
  concatenateDims,
  convDims,
  matmulDims,
  padDims,
  poolDims,
  reduceDims,
  reshapeDims,
  sliceDims,
  takeDims,
  transposeDims,
} from "./dims.ts";
import type { Ops } from "./ops.ts";
import { binaryDType, promote, reductionDType, unaryDType } from "./promote.ts";

export interface ShapeOnly {
  readonly dims: Dims;
  readonly dtype: DType;
}

const typed = ({ dims, dtype }: ShapeOnly) => ({ dtype, scalar: dims.length === 0 });

/** Throws `tensor.shape` and `tensor.axis` where a formula cannot work. */
export const shapeOps: Ops<ShapeOnly> = {
  constant: ({ shape, dtype }) => ({ dims: shape, dtype }),
  dimsOf: ({ dims }) => dims,
  dtypeOf: ({ dtype }) => dtype,

  binary: (f, x, y) => ({ dims: broadcastDims(x.dims, y.dims), dtype: binaryDType(f, typed(x), typed(y)) }),
  unary: (f, { dims, dtype }) => ({ dims, dtype: unaryDType(f, dtype) }),
  compare: (_f, x, y) => ({ dims: broadcastDims(x.dims, y.dims), dtype: "bool" }),
  where: (condition, x, y) => ({
    dims: broadcastDims(condition.dims, broadcastDims(x.dims, y.dims)),
    dtype: binaryDType("maximum", typed(x), typed(y)),
  }),
  cast: ({ dims }, dtype) => ({ dims, dtype }),

  reduce: (f, { dims, dtype }, axes, keepdims) => ({
    dims: reduceDims(dims, axes, keepdims),
    dtype: reductionDType(f, dtype),
  }),
  cumsum: (x, axis) => (
    normalizeAxis(axis, x.dims.length), { dims: x.dims, dtype: reductionDType("sum", x.dtype) }
  ),
  sort: (x, axis) => (normalizeAxis(axis, x.dims.length), x),

  reshape: ({ dims, dtype }, to) => ({ dims: reshapeDims(dims, to), dtype }),
  transpose: ({ dims, dtype }, permutation) => ({ dims: transposeDims(dims, permutation), dtype }),
  broadcast_to: ({ dims, dtype }, to) => ({ dims: broadcastToDims(dims, to), dtype }),
  concatenate: (xs, axis) => ({
    dims: concatenateDims(
      xs.map(({ dims }) => dims),
      axis,
    ),
    dtype: xs.map(({ dtype }) => dtype).reduce((a, b) => promote(a, b)),
  }),
  slice: ({ dims, dtype }, axis, start, stop, step = 1) => ({
    dims: sliceDims(dims, axis, start, stop, step),
    dtype,
  }),
  pad: ({ dims, dtype }, widths) => ({ dims: padDims(dims, widths), dtype }),
  take: ({ dims, dtype }, indices, axis) => ({ dims: takeDims(dims, indices.dims, axis), dtype }),

  matmul: (x, y) => ({ dims: matmulDims(x.dims, y.dims), dtype: promote(x.dtype, y.dtype) }),
  conv: (x, kernel, options) => ({
    dims: convDims(x.dims, kernel.dims, options),
    dtype: promote(x.dtype, kernel.dtype),
  }),
  pool: (f, x, options) => ({
    dims: poolDims(x.dims, options),
    dtype: f === "average" ? binaryDType("divide", typed(x), typed(x)) : x.dtype,
  }),
};
