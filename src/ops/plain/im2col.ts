/** @file Input patches as matrix rows, so that a convolution becomes matrix products. */

import type { ConvGeometry } from "../lowering.ts";

/**
 * Writes the patches of the output positions `first` … `last - 1` of one sample into `rows`, one row of
 * window × `width` numbers each: `width` channels from `channel` on. Padding is zero.
 */
export function patchRows(
  x: Float64Array,
  sample: number,
  geometry: ConvGeometry,
  channel: number,
  width: number,
  first: number,
  last: number,
  rows: Float64Array,
): void {
  const {
    axes: [a, b, c],
    channels,
  } = geometry;
  const sampleStart = sample * a.input * b.input * c.input * channels + channel;
  let at = 0;
  for (let position = first; position < last; position++) {
    const third = position % c.output;
    const second = Math.floor(position / c.output) % b.output;
    const top = Math.floor(position / (c.output * b.output));
    for (let i = 0; i < a.window; i++) {
      const ai = a.taps[top * a.window + i] as number;
      for (let j = 0; j < b.window; j++) {
        const bj = b.taps[second * b.window + j] as number;
        for (let l = 0; l < c.window; l++, at += width) {
          const cl = c.taps[third * c.window + l] as number;
          if (ai < 0 || bj < 0 || cl < 0) {
            rows.fill(0, at, at + width);
            continue;
          }
          const from = sampleStart + ((ai * b.input + bj) * c.input + cl) * channels;
          for (let q = 0; q < width; q++) rows[at + q] = x[from + q] as number;
        }
      }
    }
  }
}
