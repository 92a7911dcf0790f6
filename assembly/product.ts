/**
 * Matrix product in float64, two numbers an instruction: AssemblyScript, which scripts/simd.mjs makes into
 * src/ops/simd/product-wasm.ts. Memory is the caller's, who says where everything lies; offsets count bytes.
 *
 * Each sum is formed term by term, without fused multiply-add: the bits are those of src/ops/plain/panels.ts.
 */

/** Sixteen numbers. */
const TILE_BYTES: usize = 128;

/** y [k, n] → panels of four columns, term by term; missing columns are zero. */
export function packColumns(y: usize, k: i32, n: i32, panels: usize): void {
  for (let j = 0; j < n; j += 4) {
    const width = min(4, n - j);
    for (let t = 0; t < k; t++, panels += 32) {
      const from = y + ((<usize>(t * n + j)) << 3);
      if (width == 4) {
        v128.store(panels, v128.load(from));
        v128.store(panels, v128.load(from, 16), 16);
        continue;
      }
      for (let q = 0; q < 4; q++)
        store<f64>(panels + ((<usize>q) << 3), q < width ? load<f64>(from + ((<usize>q) << 3)) : 0);
    }
  }
}

/** out [m, n] += x [m, k] · the panels. `rows`: room for 4 · k + 16 numbers. */
export function multiplyPanels(
  x: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  out: usize,
  rows: usize,
): void {
  for (let i = 0; i < m; i += 4) {
    const height = min(4, m - i);
    packRows(x + ((<usize>(i * k)) << 3), height, k, rows);
    for (let j = 0; j < n; j += 4) {
      const columns = panels + ((<usize>(j * k)) << 3);
      const to = out + ((<usize>(i * n + j)) << 3);
      const width = min(4, n - j);
      if (height == 4 && width == 4) addTile(rows, columns, k, to, (<usize>n) << 3);
      else addEdge(rows, columns, k, to, (<usize>n) << 3, height, width);
    }
  }
}

/** Four rows side by side, term by term; missing rows are zero. */
function packRows(x: usize, height: i32, k: i32, rows: usize): void {
  for (let r = 0; r < 4; r++) {
    const from = x + ((<usize>(r * k)) << 3);
    const to = rows + ((<usize>r) << 3);
    for (let t = 0; t < k; t++)
      store<f64>(to + ((<usize>t) << 5), r < height ? load<f64>(from + ((<usize>t) << 3)) : 0);
  }
}

/** out [4, 4], its rows `stride` bytes apart: the sixteen sums stay in registers. */
function addTile(rows: usize, columns: usize, k: i32, out: usize, stride: usize): void {
  let c00 = f64x2.splat(0),
    c01 = c00;
  let c10 = c00,
    c11 = c00;
  let c20 = c00,
    c21 = c00;
  let c30 = c00,
    c31 = c00;
  for (let t = 0; t < k; t++, rows += 32, columns += 32) {
    const b0 = v128.load(columns);
    const b1 = v128.load(columns, 16);
    const a0 = v128.load64_splat(rows);
    c00 = f64x2.add(c00, f64x2.mul(a0, b0));
    c01 = f64x2.add(c01, f64x2.mul(a0, b1));
    const a1 = v128.load64_splat(rows, 8);
    c10 = f64x2.add(c10, f64x2.mul(a1, b0));
    c11 = f64x2.add(c11, f64x2.mul(a1, b1));
    const a2 = v128.load64_splat(rows, 16);
    c20 = f64x2.add(c20, f64x2.mul(a2, b0));
    c21 = f64x2.add(c21, f64x2.mul(a2, b1));
    const a3 = v128.load64_splat(rows, 24);
    c30 = f64x2.add(c30, f64x2.mul(a3, b0));
    c31 = f64x2.add(c31, f64x2.mul(a3, b1));
  }
  addRow(out, c00, c01);
  addRow(out + stride, c10, c11);
  addRow(out + 2 * stride, c20, c21);
  addRow(out + 3 * stride, c30, c31);
}

function addRow(out: usize, left: v128, right: v128): void {
  v128.store(out, f64x2.add(v128.load(out), left));
  v128.store(out, f64x2.add(v128.load(out, 16), right), 16);
}

/** Where fewer than four rows or columns are left: by way of a whole tile. */
function addEdge(
  rows: usize,
  columns: usize,
  k: i32,
  out: usize,
  stride: usize,
  height: i32,
  width: i32,
): void {
  const tile = rows + ((<usize>k) << 5);
  memory.fill(tile, 0, TILE_BYTES);
  addTile(rows, columns, k, tile, 32);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const to = out + <usize>i * stride + ((<usize>j) << 3);
      store<f64>(to, load<f64>(to) + load<f64>(tile + ((<usize>(4 * i + j)) << 3)));
    }
}
