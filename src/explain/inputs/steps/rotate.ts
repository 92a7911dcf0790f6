/** @file Turned by quarters, counterclockwise as NumPy's `rot90` counts them (EXIF orientations that one side obeys). */

import { choiceBits } from "../bits.ts";
import { type Move, movedPixels, placesOf } from "../moved.ts";
import { axisOf, onAxes, type Picture, pictureOf } from "../picture.ts";
import type { Arrangement, ArrangementKind } from "../step.ts";

export const rotate: ArrangementKind = {
  id: "rotate",
  order: 4,
  propose({ shape }) {
    const picture = pictureOf(shape);
    return picture === null ? [] : [turned(picture, 1), turned(picture, 2), turned(picture, 3)];
  },
};

function turned(picture: Picture, quarterTurns: 1 | 2 | 3): Arrangement {
  const { h, w } = picture;
  const target = quarterTurns === 2 ? picture : { ...picture, h: w, w: h };
  // Rows of a quarter turn run along the columns of the source.
  const move: Move =
    quarterTurns === 2
      ? { rows: placesOf(h, (y) => h - 1 - y), columns: placesOf(w, (x) => w - 1 - x) }
      : quarterTurns === 1
        ? { rows: placesOf(w, (y) => w - 1 - y), columns: placesOf(h, (x) => x), transposed: true }
        : { rows: placesOf(w, (y) => y), columns: placesOf(h, (x) => h - 1 - x), transposed: true };
  const [height, width] = [axisOf(picture, "height"), axisOf(picture, "width")];
  const python = (turns: number) => (x: string) => `np.rot90(${x}, ${turns}, axes=(${height}, ${width}))`;
  const rank = onAxes(picture, 0, 0, 0).length;
  const order = Array.from({ length: rank }, (_, axis) =>
    axis === rank + height ? rank + width : axis === rank + width ? rank + height : axis,
  );
  const transposed = (x: string): string => `tf.transpose(${x}, [${order.join(", ")}])`;
  return movedPixels(picture, target, move, {
    id: "rotate",
    params: { quarterTurns },
    bits: choiceBits(3),
    injective: true,
    js: (x) =>
      quarterTurns === 2
        ? `tf.reverse(${x}, [${height}, ${width}])`
        : `tf.reverse(${transposed(x)}, [${quarterTurns === 1 ? height : width}])`,
    python: python(quarterTurns),
    undo: python(4 - quarterTurns),
  });
}
