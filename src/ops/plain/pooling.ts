/** @file Pooling in plain TypeScript; padding takes no part, an average divides by the elements inside. */

import type { PoolGeometry } from "../lowering.ts";

export function poolWindows(f: "max" | "average", x: Float64Array, geometry: PoolGeometry): Float64Array {
  const {
    axes: [a, b, c],
    batch,
    channels,
  } = geometry;
  const out = new Float64Array(batch * a.output * b.output * c.output * channels);
  if (f === "max") out.fill(-Infinity);
  let to = 0;
  for (let sample = 0; sample < batch; sample++) {
    for (let ao = 0; ao < a.output; ao++) {
      for (let bo = 0; bo < b.output; bo++) {
        for (let co = 0; co < c.output; co++, to += channels) {
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
                const from = (((sample * a.input + ai) * b.input + bj) * c.input + cl) * channels;
                if (f === "max") raise(out, to, x, from, channels);
                else add(out, to, x, from, channels);
                count++;
              }
            }
          }
          if (f === "average")
            for (let q = 0; q < channels; q++) out[to + q] = (out[to + q] as number) / count;
        }
      }
    }
  }
  return out;
}

function add(out: Float64Array, to: number, x: Float64Array, from: number, channels: number): void {
  for (let q = 0; q < channels; q++) out[to + q] = (out[to + q] as number) + (x[from + q] as number);
}

function raise(out: Float64Array, to: number, x: Float64Array, from: number, channels: number): void {
  for (let q = 0; q < channels; q++) out[to + q] = Math.max(out[to + q] as number, x[from + q] as number);
}
