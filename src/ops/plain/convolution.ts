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
  // Where the taps of a position that lie within the input begin, in x and in the kernel.
  const taps = a.window * b.window * c.window;
  const [from, weights] = [new Int32Array(taps), new Int32Array(taps)];
  let to = 0;
  for (let sample = 0; sample < batch; sample++) {
    for (let ao = 0; ao < a.output; ao++) {
      for (let bo = 0; bo < b.output; bo++) {
        for (let co = 0; co < c.output; co++, to += filters) {
          let count = 0;
          for (let i = 0; i < a.window; i++) {
            const ai = a.taps[ao * a.window + i] as number;
            if (ai < 0) continue;
            for (let j = 0; j < b.window; j++) {
              const bj = b.taps[bo * b.window + j] as number;
              if (bj < 0) continue;
              for (let l = 0; l < c.window; l++) {
                const cl = c.taps[co * c.window + l] as number;
                if (cl < 0) continue;
                from[count] = (((sample * a.input + ai) * b.input + bj) * c.input + cl) * channels;
                weights[count] = ((i * b.window + j) * c.window + l) * filters;
                count++;
              }
            }
          }
          if (multiplier === 1) sumTaps(out, to, x, from, kernel, weights, count, channels);
          else addMultiplied(out, to, x, from, kernel, weights, count, channels, multiplier);
        }
      }
    }
  }
}

/** Four channels at a time, their sums in local variables. */
function sumTaps(
  out: Float64Array,
  to: number,
  x: Float64Array,
  from: Int32Array,
  kernel: Float64Array,
  weights: Int32Array,
  count: number,
  channels: number,
): void {
  let q = 0;
  for (; q + 4 <= channels; q += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let tap = 0; tap < count; tap++) {
      const i = (from[tap] as number) + q;
      const w = (weights[tap] as number) + q;
      s0 += (x[i] as number) * (kernel[w] as number);
      s1 += (x[i + 1] as number) * (kernel[w + 1] as number);
      s2 += (x[i + 2] as number) * (kernel[w + 2] as number);
      s3 += (x[i + 3] as number) * (kernel[w + 3] as number);
    }
    out[to + q] = s0;
    out[to + q + 1] = s1;
    out[to + q + 2] = s2;
    out[to + q + 3] = s3;
  }
  for (; q < channels; q++) {
    let sum = 0;
    for (let tap = 0; tap < count; tap++)
      sum += (x[(from[tap] as number) + q] as number) * (kernel[(weights[tap] as number) + q] as number);
    out[to + q] = sum;
  }
}

function addMultiplied(
  out: Float64Array,
  to: number,
  x: Float64Array,
  from: Int32Array,
  kernel: Float64Array,
  weights: Int32Array,
  count: number,
  channels: number,
  multiplier: number,
): void {
  for (let tap = 0; tap < count; tap++) {
    let w = weights[tap] as number;
    for (let q = 0, f = to; q < channels; q++) {
      const value = x[(from[tap] as number) + q] as number;
      for (let r = 0; r < multiplier; r++, f++, w++)
        out[f] = (out[f] as number) + value * (kernel[w] as number);
    }
  }
}
