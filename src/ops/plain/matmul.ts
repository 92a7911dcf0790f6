/** @file Matrix product: a few rows by themselves, many by panels or SIMD. */

import type { MatmulGeometry } from "../kernels.ts";
import type { Product } from "../product.ts";

/** Below this many rows packing the right side costs more than it saves. */
const FEW_ROWS = 4;

export function multiply<Columns>(
  product: Product<Columns>,
  x: Float64Array,
  y: Float64Array,
  { m, k, n, xAt, yAt }: MatmulGeometry,
): Float64Array {
  const out = new Float64Array(xAt.length * m * n);
  let columns: Columns | null = null;
  let columnsAt = -1;
  for (let p = 0; p < xAt.length; p++) {
    const xStart = xAt[p] as number;
    const yStart = yAt[p] as number;
    if (m < FEW_ROWS) {
      multiplyRows(x, xStart, m, k, y, yStart, n, out, p * m * n);
      continue;
    }
    if (columns === null || columnsAt !== yStart)
      columns = product.columns({ data: y, start: yStart, stride: n }, k, n);
    columnsAt = yStart;
    const from = { data: x, start: xStart, stride: k };
    product.multiply(from, m, columns, { data: out, start: p * m * n, stride: n });
  }
  return out;
}

/** Row times matrix, row of y by row of y: every element of y is read once, in order. */
function multiplyRows(
  x: Float64Array,
  xStart: number,
  m: number,
  k: number,
  y: Float64Array,
  yStart: number,
  n: number,
  out: Float64Array,
  outStart: number,
): void {
  for (let i = 0; i < m; i++) {
    const to = outStart + i * n;
    for (let t = 0; t < k; t++) {
      const factor = x[xStart + i * k + t] as number;
      const from = yStart + t * n;
      for (let j = 0; j < n; j++) out[to + j] = (out[to + j] as number) + factor * (y[from + j] as number);
    }
  }
}
