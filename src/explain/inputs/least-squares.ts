/** @file Least squares for a handful of unknowns, by the normal equations and elimination with pivots. */

export interface Row {
  readonly x: readonly number[];
  readonly y: number;
}

/** `null` where the unknowns are not determined. */
export function leastSquares(rows: readonly Row[]): number[] | null {
  const n = rows[0]?.x.length ?? 0;
  const m = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n + 1 }, (_, j) =>
      rows.reduce((sum, row) => sum + (row.x[i] ?? 0) * (j < n ? (row.x[j] ?? 0) : row.y), 0),
    ),
  );
  for (let k = 0; k < n; k++) {
    const pivot = m
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k] ?? 0) > Math.abs(m[best]?.[k] ?? 0) ? k + i : best), k);
    const [upper, lower] = [m[k] ?? [], m[pivot] ?? []];
    m[k] = lower;
    m[pivot] = upper;
    const head = m[k]?.[k] ?? 0;
    if (Math.abs(head) < 1e-9) return null;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = (m[i]?.[k] ?? 0) / head;
      m[i] = (m[i] ?? []).map((value, j) => value - factor * (m[k]?.[j] ?? 0));
    }
  }
  return m.map((row, i) => (row[n] ?? 0) / (row[i] ?? 1));
}
