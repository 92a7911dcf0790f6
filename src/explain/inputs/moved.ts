/** @file A step that takes each pixel from another place of the same picture, or of a larger one. */

import { offsetOf, type Picture, shapeOf } from "./picture.ts";
import type { Arrangement } from "./step.ts";

export interface Move {
  /** For each row of the result the row of the source, for each column the column; −1 where the source has none. */
  readonly rows: ArrayLike<number>;
  readonly columns: ArrayLike<number>;
  /** Rows of the result are columns of the source, and the other way round. */
  readonly transposed?: boolean;
}

export function movedPixels(
  source: Picture,
  target: Picture,
  { rows, columns, transposed = false }: Move,
  said: Omit<Arrangement, "shape" | "reader">,
): Arrangement {
  const { h, w, c: channels } = target;
  const channelsLast = target.layout === "NHWC";
  return {
    ...said,
    shape: shapeOf(target),
    // Read millions of times: no objects are made here.
    reader: (read) => (at) => {
      const c = channelsLast ? at % channels : Math.floor(at / (h * w)) % channels;
      const pixel = channelsLast ? (at - c) / channels : at;
      const x = pixel % w;
      const y = ((pixel - x) / w) % h;
      const [v, u] = [rows[y] as number, columns[x] as number];
      if (v < 0 || u < 0) return 0;
      const n = Math.floor(at / (h * w * channels));
      return read(transposed ? offsetOf(source, n, u, v, c) : offsetOf(source, n, v, u, c));
    },
  };
}

/** 0, 1, … `count` − 1, each sent through `to`. */
export const placesOf = (count: number, to: (i: number) => number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => to(i));
