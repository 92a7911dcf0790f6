/**
 * @file The matrix product in WebAssembly's SIMD (`assembly/product.ts`): blocks of both sides are copied into a memory of
 * fixed size, the result out of it. Measured with `bench/kernels.mjs`.
 */

import type { Matrix, Product } from "../product.ts";
import { PRODUCT_WASM } from "./product-wasm.ts";

/** What the compiled module exports; places count bytes. */
interface Compiled {
  packColumns(y: number, k: number, n: number, panels: number): void;
  multiplyPanels(x: number, m: number, k: number, panels: number, n: number, out: number, rows: number): void;
}

/** A right side as it lies; its blocks are packed as they are needed. */
interface Columns {
  readonly y: Matrix;
  readonly k: number;
  readonly n: number;
}

/** Terms and columns of a block: 1 MiB once packed, which stays in the second-level cache. */
const TERMS = 256;
const COLUMNS = 512;
/** Numbers of a block of the left side, and of the result. */
const LEFT = 65_536;
const RESULT = 131_072;

/** Where each lies in the memory, in elements. */
const X = 0;
const OUT = X + LEFT;
const Y = OUT + RESULT;
const PANELS = Y + TERMS * COLUMNS;
const ROWS = PANELS + TERMS * COLUMNS;
const END = ROWS + 4 * TERMS + 16;

const BYTES = 8;
const PAGE_BYTES = 65_536;

/** `null` where there is no WebAssembly, no SIMD in it, or a page's policy forbids it. */
export function simdProduct(): Product<Columns> | null {
  const memory = memoryOf(Math.ceil((END * BYTES) / PAGE_BYTES));
  if (memory === null) return null;
  const { numbers, compiled } = memory;
  return {
    tile: 524_288,
    columns: (y, k, n) => ({ y, k, n }),
    multiply(x, m, { y, k, n }, out) {
      for (let column = 0; column < n; column += COLUMNS) {
        const width = Math.min(COLUMNS, n - column);
        for (let term = 0; term < k; term += TERMS) {
          const depth = Math.min(TERMS, k - term);
          copy(block(y, term, column), { data: numbers, start: Y, stride: width }, depth, width);
          compiled.packColumns(Y * BYTES, depth, width, PANELS * BYTES);
          const most = Math.floor(Math.min(LEFT / depth, RESULT / width) / 4) * 4;
          for (let row = 0; row < m; row += most) {
            const height = Math.min(most, m - row);
            const [left, result] = [block(x, row, term), block(out, row, column)];
            const within = { data: numbers, start: OUT, stride: width };
            copy(left, { data: numbers, start: X, stride: depth }, height, depth);
            if (term === 0) numbers.fill(0, OUT, OUT + height * width);
            else copy(result, within, height, width);
            compiled.multiplyPanels(
              X * BYTES,
              height,
              depth,
              PANELS * BYTES,
              width,
              OUT * BYTES,
              ROWS * BYTES,
            );
            copy(within, result, height, width);
          }
        }
      }
    },
  };
}

function memoryOf(pages: number): { readonly numbers: Float64Array; readonly compiled: Compiled } | null {
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const bytes = Uint8Array.from(atob(PRODUCT_WASM), (letter) => letter.charCodeAt(0));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    return { numbers: new Float64Array(memory.buffer), compiled: exports as unknown as Compiled };
  } catch {
    return null;
  }
}

const block = ({ data, start, stride }: Matrix, row: number, column: number): Matrix => ({
  data,
  start: start + row * stride + column,
  stride,
});

/** `height` rows of `width` numbers. */
function copy(from: Matrix, to: Matrix, height: number, width: number): void {
  if (from.stride === width && to.stride === width) {
    to.data.set(from.data.subarray(from.start, from.start + height * width), to.start);
    return;
  }
  for (let row = 0; row < height; row++) {
    const at = from.start + row * from.stride;
    to.data.set(from.data.subarray(at, at + width), to.start + row * to.stride);
  }
}
