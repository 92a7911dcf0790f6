/** @file A part of a larger picture at the same scale, wherever it lies. */

import { bestOffsets } from "../align.ts";
import { choiceBits } from "../bits.ts";
import { movedPixels } from "../moved.ts";
import { onAxes, type Picture, pictureOf } from "../picture.ts";
import { type Arrangement, type ArrangementKind, grouped } from "../step.ts";

export const crop: ArrangementKind = {
  id: "crop",
  order: 6,
  propose(from, to) {
    const [source, target] = [pictureOf(from.shape), pictureOf(to.shape)];
    if (source === null || target === null || source.n !== target.n) return [];
    const [down, across] = [source.h - target.h, source.w - target.w];
    if (down < 0 || across < 0 || down + across === 0) return [];
    const centre: [number, number] = [Math.floor(down / 2), Math.floor(across / 2)];
    const found = bestOffsets(from.read, source, to.read, target, { top: [0, down], left: [0, across] });
    const places = [centre, ...found].filter(
      ([y, x], i, all) => all.findIndex(([v, u]) => v === y && u === x) === i,
    );
    return places.map(([top, left]) => cropped(source, top, left, target.h, target.w));
  },
};

export function cropped(
  source: Picture,
  top: number,
  left: number,
  height: number,
  width: number,
): Arrangement {
  const target = { ...source, h: height, w: width };
  const begin = onAxes(source, top, left, 0).join(", ");
  const size = onAxes(source, height, width, -1).join(", ");
  const slices = onAxes(source, `${top}:${top + height}`, `${left}:${left + width}`, ":").join(", ");
  return movedPixels(source, target, (y, x) => [y + top, x + left], {
    id: "crop",
    params: { top, left, height, width },
    bits: choiceBits((source.h - height + 1) * (source.w - width + 1)),
    js: (x) => `tf.slice(${x}, [${begin}], [${size}])`,
    python: (x) => `${grouped(x)}[${slices}]`,
    undo: null,
  });
}
