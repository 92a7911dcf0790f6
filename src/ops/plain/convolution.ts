/** @file Convolution: matrix products over tiles of patches; depthwise as a direct loop. */

import type { ConvGeometry } from "../lowering.ts";
import type { Product } from "../product.ts";
import { patchRows } from "./im2col.ts";

export function convolve<Columns>(
  product: Product<Columns>,
  x: Float64Array,
  kernel: Float64Array,
  geometry: ConvGeometry,
): Float64Array {
  const {
    axes: [a, b, c],
    batch,
    channels,
    filters,
    groups,
  } = geometry;
  const positions = a.output * b.output * c.output;
  const out = new Float64Array(batch * positions * filters);
  const width = channels / groups;
  const perGroup = filters / groups;
  if (width === 1 && groups > 1) {
    depthwise(x, kernel, geometry, out);
    return out;
  }
  const k = a.window * b.window * c.window * width;
  const direct = groups === 1 && geometry.axes.every(isPointwise);
  const most = Math.max(4, Math.floor(product.tile / Math.max(k, 1) / 4) * 4);
  const tile = Math.min(most, positions);
  const rows = direct ? x : new Float64Array(tile * k);
  for (let group = 0; group < groups; group++) {
    const columns = product.columns({ data: kernel, start: group * perGroup, stride: filters }, k, perGroup);
    const from = { data: rows, start: 0, stride: k };
    if (direct) {
      product.multiply(from, batch * positions, columns, { data: out, start: 0, stride: filters });
      continue;
    }
    for (let sample = 0; sample < batch; sample++) {
      for (let first = 0; first < positions; first += tile) {
        const last = Math.min(first + tile, positions);
        patchRows(x, sample, geometry, group * width, width, first, last, rows);
        const start = (sample * positions + first) * filters + group * perGroup;
        product.multiply(from, last - first, columns, { data: out, start, stride: filters });
      }
    }
  }
  return out;
}

/** Every output meets exactly the input at its own place. */
const isPointwise = ({ window, input, output, taps }: ConvGeometry["axes"][0]): boolean =>
  window === 1 && input === output && taps.every((at, o) => at === o);

/** One input channel per group: kernel [...window, 1, channels × multiplier]. */
function depthwise(x: Float64Array, kernel: Float64Array, geometry: ConvGeometry, out: Float64Array): void {
  const {
    axes: [a, b, c],
    batch,
    channels,
    filters,
  } = geometry;
  const multiplier = filters / channels;
  let to = 0;
  for (let sample = 0; sample < batch; sample++) {
    for (let ao = 0; ao < a.output; ao++) {
      for (let bo = 0; bo < b.output; bo++) {
        for (let co = 0; co < c.output; co++, to += filters) {
          for (let i = 0; i < a.window; i++) {
            const ai = a.taps[ao * a.window + i] as number;
            if (ai < 0) continue;
            for (let j = 0; j < b.window; j++) {
              const bj = b.taps[bo * b.window + j] as number;
              if (bj < 0) continue;
              for (let l = 0; l < c.window; l++) {
                const cl = c.taps[co * c.window + l] as number;
                if (cl < 0) continue;
                const from = (((sample * a.input + ai) * b.input + bj) * c.input + cl) * channels;
                const weights = ((i * b.window + j) * c.window + l) * filters;
                if (multiplier === 1) addProducts(out, to, x, from, kernel, weights, channels);
                else addMultiplied(out, to, x, from, kernel, weights, channels, multiplier);
              }
            }
          }
        }
      }
    }
  }
}

function addProducts(
  out: Float64Array,
  to: number,
  x: Float64Array,
  from: number,
  kernel: Float64Array,
  weights: number,
  channels: number,
): void {
  for (let q = 0; q < channels; q++) {
    out[to + q] = (out[to + q] as number) + (x[from + q] as number) * (kernel[weights + q] as number);
  }
}

function addMultiplied(
  out: Float64Array,
  to: number,
  x: Float64Array,
  from: number,
  kernel: Float64Array,
  weights: number,
  channels: number,
  multiplier: number,
): void {
  for (let q = 0, f = 0; q < channels; q++) {
    const value = x[from + q] as number;
    for (let r = 0; r < multiplier; r++, f++)
      out[to + f] = (out[to + f] as number) + value * (kernel[weights + f] as number);
  }
}
