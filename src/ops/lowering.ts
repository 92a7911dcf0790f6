/** @file From shapes and options to the geometry that kernels take: batches, rows, and which input element a tap meets. */

import { type Shape, sizeOf } from "../tensor/tensor.ts";
import { rowsOf } from "./broadcast.ts";
import { convDims, matmulDims, poolDims } from "./dims.ts";
import { dilatedExtent, paddingOf, spanOf } from "./geometry.ts";
import type { MatmulGeometry } from "./kernels.ts";
import type { ConvOptions, Padding, PoolOptions } from "./ops.ts";

/** One spatial axis: `taps[o * window + t]` is the input index that tap t of output o meets, -1 for padding. */
export interface WindowAxis {
  readonly input: number;
  readonly output: number;
  readonly window: number;
  readonly stride: number;
  readonly taps: Int32Array;
}

/** Always three spatial axes; those that an operation lacks have extent 1 and come first. */
export interface PoolGeometry {
  readonly shape: readonly number[];
  readonly batch: number;
  readonly channels: number;
  readonly axes: readonly [WindowAxis, WindowAxis, WindowAxis];
}

export interface ConvGeometry extends PoolGeometry {
  readonly filters: number;
  readonly groups: number;
}

export interface Product extends MatmulGeometry {
  readonly shape: readonly number[];
}

/** Throws `tensor.shape`. Leading axes of `x` become rows where `y` is one matrix. */
export function productOf(x: Shape, y: Shape): Product {
  const shape = matmulDims(x, y).map((dim) => dim ?? 0);
  const [m = 1, k = 1] = x.slice(-2);
  const n = y.at(-1) ?? 1;
  const lead = rowsOf(x.slice(0, -2), y.slice(0, -2));
  const batch = sizeOf(lead.shape);
  if (sizeOf(y.slice(0, -2)) === 1 && sizeOf(x.slice(0, -2)) === batch) {
    return { shape, m: batch * m, k, n, xAt: [0], yAt: [0] };
  }
  const xAt = new Int32Array(batch);
  const yAt = new Int32Array(batch);
  for (let row = 0, p = 0; row < lead.count; row++) {
    for (let i = 0; i < lead.length; i++, p++) {
      xAt[p] = ((lead.xAt[row] as number) + i * lead.xStep) * m * k;
      yAt[p] = ((lead.yAt[row] as number) + i * lead.yStep) * k * n;
    }
  }
  return { shape, m, k, n, xAt, yAt };
}

/** Throws `tensor.shape`. */
export function convolutionOf(x: Shape, kernel: Shape, options: ConvOptions): ConvGeometry {
  const shape = convDims(x, kernel, options).map((dim) => dim ?? 0);
  const window = kernel.slice(0, -2);
  return {
    ...windowsOf(x, shape, { ...options, window }),
    filters: kernel.at(-1) ?? 0,
    groups: options.groups,
  };
}

/** Throws `tensor.shape`. */
export function poolingOf(x: Shape, options: PoolOptions): PoolGeometry {
  return windowsOf(
    x,
    poolDims(x, options).map((dim) => dim ?? 0),
    options,
  );
}

interface WindowOptions {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilation?: readonly number[];
  readonly inputDilation?: readonly number[];
}

function windowsOf(x: Shape, shape: readonly number[], options: WindowOptions): PoolGeometry {
  const { window, strides, padding, dilation, inputDilation } = options;
  const spatial = window.map((size, axis): WindowAxis => {
    const input = x[axis + 1] ?? 1;
    const output = shape[axis + 1] ?? 1;
    const stride = strides[axis] ?? 1;
    const spread = inputDilation?.[axis] ?? 1;
    const apart = dilation?.[axis] ?? 1;
    const wide = dilatedExtent(input, spread);
    const [before] = paddingOf(padding, axis, wide, spanOf(size, apart), stride);
    const taps = new Int32Array(output * size);
    for (let o = 0; o < output; o++) {
      for (let t = 0; t < size; t++) {
        const at = o * stride - before + t * apart;
        taps[o * size + t] = at >= 0 && at < wide && at % spread === 0 ? at / spread : -1;
      }
    }
    return { input, output, window: size, stride, taps };
  });
  const single: WindowAxis = { input: 1, output: 1, window: 1, stride: 1, taps: new Int32Array(1) };
  const [a = single, b = single, c = single, ...more] = [single, single, single]
    .slice(spatial.length)
    .concat(spatial);
  if (more.length > 0) throw new RangeError("at most three spatial axes");
  return { shape, batch: x[0] ?? 1, channels: x.at(-1) ?? 1, axes: [a, b, c] };
}

/** How many taps meet an input element, for each output position in order; the rest is padding. */
export function tapCounts({ axes: [a, b, c] }: PoolGeometry): Float64Array {
  const [first, second, third] = [a, b, c].map(({ taps, output, window }) =>
    Array.from(
      { length: output },
      (_, o) => taps.subarray(o * window, (o + 1) * window).filter((at) => at >= 0).length,
    ),
  );
  const counts: number[] = [];
  for (const i of first ?? [])
    for (const j of second ?? []) for (const l of third ?? []) counts.push(i * j * l);
  return Float64Array.from(counts);
}
