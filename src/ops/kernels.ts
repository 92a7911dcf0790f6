/**
 * @file The seam for heavy operations: matrix product, convolution, pooling over flat float64 arrays.
 *
 * A reading hands over arrays and a geometry in which nothing is implicit. Sums may be formed in any order. Integers and
 * offsets count elements, not bytes.
 */

import { type ConvGeometry, type PoolGeometry } from "./lowering.ts";
import { convolve } from "./plain/convolution.ts";
import { multiply } from "./plain/matmul.ts";
import { plainProduct } from "./plain/panels.ts";
import { poolWindows } from "./plain/pooling.ts";
import type { Product } from "./product.ts";
import { simdProduct } from "./simd/product.ts";

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
export const plainKernels: Kernels = kernelsOf(plainProduct);

/** Products in SIMD, to the same bits; `null` where the machine has none. */
export function simdKernels(): Kernels | null {
  const product = simdProduct();
  return product === null ? null : kernelsOf(product);
}

/** The fastest that the machine has, made when first asked. */
export const fastKernels: Kernels = lazily(() => simdKernels() ?? plainKernels);

function kernelsOf<Columns>(product: Product<Columns>): Kernels {
  return {
    matmul: (x, y, geometry) => multiply(product, x, y, geometry),
    conv: (x, kernel, geometry) => convolve(product, x, kernel, geometry),
    pool: poolWindows,
  };
}

function lazily(make: () => Kernels): Kernels {
  let made: Kernels | null = null;
  const kernels = (): Kernels => {
    made ??= make();
    return made;
  };
  return {
    matmul: (x, y, geometry) => kernels().matmul(x, y, geometry),
    conv: (x, kernel, geometry) => kernels().conv(x, kernel, geometry),
    pool: (f, x, geometry) => kernels().pool(f, x, geometry),
  };
}
