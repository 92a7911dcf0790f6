/** @file A part of a larger picture at the same scale, wherever it lies. */

import { bestOffsets } from "../align.ts";
import { choiceBits } from "../bits.ts";
import { movedPixels, placesOf } from "../moved.ts";
import { onAxes, type Picture, pictureOf } from "../picture.ts";
import { type Arrangement, type ArrangementKind, grouped, type Reader } from "../step.ts";

export const crop: ArrangementKind = {
  id: "crop",
  order: 6,
  propose(from, to) {
    const [source, target] = [pictureOf(from.shape), pictureOf(to.shape)];
    if (source === null || target === null || source.n !== target.n) return [];
    return [...sameScale(from.read, source, to.read, target), ...middles(source, target)];
  },
};

/** Wherever A lies in B. */
function sameScale(read: Reader, source: Picture, readTarget: Reader, target: Picture): Arrangement[] {
  const [down, across] = [source.h - target.h, source.w - target.w];
  if (down < 0 || across < 0 || down + across === 0) return [];
  const centres: [number, number][] = [
    [Math.floor(down / 2), Math.floor(across / 2)],
    [Math.ceil(down / 2), Math.ceil(across / 2)],
  ];
  const found = bestOffsets(read, source, readTarget, target, { top: [0, down], left: [0, across] });
  const places = [...centres, ...found];
  return places
    .filter(([y, x], i) => places.findIndex(([v, u]) => v === y && u === x) === i)
    .map(([top, left]) => cropped(source, top, left, target.h, target.w));
}

/** The middle in A's proportions, and 7/8 of it, before a resize. */
function middles(source: Picture, target: Picture): Arrangement[] {
  const scale = Math.min(source.h / target.h, source.w / target.w);
  const parts = [1, 0.875].map((part): [number, number] => [
    Math.round(target.h * scale * part),
    Math.round(target.w * scale * part),
  ]);
  return parts.flatMap(([h, w]) =>
    (h === source.h && w === source.w) || (h === target.h && w === target.w) || h < 4 || w < 4
      ? []
      : [cropped(source, Math.floor((source.h - h) / 2), Math.floor((source.w - w) / 2), h, w, 2)],
  );
}

export function cropped(
  source: Picture,
  top: number,
  left: number,
  height: number,
  width: number,
  choices = (source.h - height + 1) * (source.w - width + 1),
): Arrangement {
  const target = { ...source, h: height, w: width };
  const begin = onAxes(source, top, left, 0).join(", ");
  const size = onAxes(source, height, width, -1).join(", ");
  const slices = onAxes(source, `${top}:${top + height}`, `${left}:${left + width}`, ":").join(", ");
  const move = { rows: placesOf(height, (y) => y + top), columns: placesOf(width, (x) => x + left) };
  return movedPixels(source, target, move, {
    id: "crop",
    params: { top, left, height, width },
    bits: choiceBits(choices),
    js: (x) => `tf.slice(${x}, [${begin}], [${size}])`,
    python: (x) => `${grouped(x)}[${slices}]`,
    undo: null,
  });
}
