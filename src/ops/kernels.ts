/**
 * @file The seam for heavy operations: matrix product, convolution, pooling over flat float64 arrays.
 *
 * A reading hands over arrays and a geometry in which nothing is implicit; faster kernels (SIMD) implement the same three
 * functions. Sums may be formed in any order. Integers and offsets count elements, not bytes.
 */

import { type ConvGeometry, type PoolGeometry } from "./lowering.ts";
import { convolve } from "./plain/convolution.ts";
import { multiply } from "./plain/matmul.ts";
import { poolWindows } from "./plain/pooling.ts";

/** `batch` independent products [m, k] × [k, n]; the p-th reads x from `xAt[p]` and y from `yAt[p]`. */
export interface MatmulGeometry {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly xAt: ArrayLike<number>;
  readonly yAt: ArrayLike<number>;
}

export interface Kernels {
  /** → [batch, m, n]. */
  matmul(x: Float64Array, y: Float64Array, geometry: MatmulGeometry): Float64Array;
  /** x [batch, ...input, channels], kernel [...window, channels / groups, filters] → [batch, ...output, filters]. */
  conv(x: Float64Array, kernel: Float64Array, geometry: ConvGeometry): Float64Array;
  /** x [batch, ...input, channels] → [batch, ...output, channels]; padding never counts. */
  pool(f: "max" | "average", x: Float64Array, geometry: PoolGeometry): Float64Array;
}

/** TypeScript loops, everywhere. */
export const plainKernels: Kernels = { matmul: multiply, conv: convolve, pool: poolWindows };
