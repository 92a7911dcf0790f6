/** @file A step that takes each pixel from another place of the same picture, or of a larger one. */

import { offsetOf, type Picture, placeOf, shapeOf } from "./picture.ts";
import type { Arrangement } from "./step.ts";

/** `from` gives the place in `source` for a place in `target`, or `null` where the source has none (then `fill`). */
export function movedPixels(
  source: Picture,
  target: Picture,
  from: (y: number, x: number) => readonly [number, number] | null,
  said: Omit<Arrangement, "shape" | "reader">,
  fill = 0,
): Arrangement {
  return {
    ...said,
    shape: shapeOf(target),
    reader: (read) => (at) => {
      const place = placeOf(target, at);
      const found = from(place.y, place.x);
      return found === null ? fill : read(offsetOf(source, place.n, found[0], found[1], place.c));
    },
  };
}
