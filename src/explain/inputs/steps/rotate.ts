/** @file Turned by quarters, counterclockwise as NumPy's `rot90` counts them (EXIF orientations that one side obeys). */

import { choiceBits } from "../bits.ts";
import { movedPixels } from "../moved.ts";
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
  const places = {
    1: (y: number, x: number) => [x, w - 1 - y] as const,
    2: (y: number, x: number) => [h - 1 - y, w - 1 - x] as const,
    3: (y: number, x: number) => [h - 1 - x, y] as const,
  };
  const [height, width] = [axisOf(picture, "height"), axisOf(picture, "width")];
  const python = (turns: number) => (x: string) => `np.rot90(${x}, ${turns}, axes=(${height}, ${width}))`;
  const rank = onAxes(picture, 0, 0, 0).length;
  const order = Array.from({ length: rank }, (_, axis) =>
    axis === rank + height ? rank + width : axis === rank + width ? rank + height : axis,
  );
  const transposed = (x: string): string => `tf.transpose(${x}, [${order.join(", ")}])`;
  return movedPixels(picture, target, places[quarterTurns], {
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
