/**
 * @file The one loop that matrix products and convolutions spend their time in: in plain TypeScript (`plain/panels.ts`) or in
 * SIMD (`simd/product.ts`), to the same bits. Numbers are float64; offsets count elements.
 */

/** Row i begins at `start + i · stride`. */
export interface Matrix {
  readonly data: Float64Array;
  readonly start: number;
  readonly stride: number;
}

export interface Product<Columns> {
  /** How many numbers of patches a convolution hands over at once. */
  readonly tile: number;
  /** A right side [k, n], made ready for many left ones. */
  columns(y: Matrix, k: number, n: number): Columns;
  /** x [m, k] times the columns → `out` [m, n], which holds zeros. */
  multiply(x: Matrix, m: number, columns: Columns, out: Matrix): void;
}
