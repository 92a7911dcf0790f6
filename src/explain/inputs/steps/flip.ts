/** @file Mirrored: left and right, or top and bottom. */

import { choiceBits } from "../bits.ts";
import { movedPixels, placesOf } from "../moved.ts";
import { axisOf, type Picture, pictureOf } from "../picture.ts";
import type { Arrangement, ArrangementKind } from "../step.ts";

export const flip: ArrangementKind = {
  id: "flip",
  order: 5,
  propose({ shape }) {
    const picture = pictureOf(shape);
    return picture === null ? [] : [flipped(picture, "width"), flipped(picture, "height")];
  },
};

function flipped(picture: Picture, along: "width" | "height"): Arrangement {
  const axis = axisOf(picture, along);
  const rank = shapeRank(picture);
  const python = (x: string): string => `np.flip(${x}, axis=${axis})`;
  return movedPixels(
    picture,
    picture,
    {
      rows: placesOf(picture.h, (y) => (along === "width" ? y : picture.h - 1 - y)),
      columns: placesOf(picture.w, (x) => (along === "width" ? picture.w - 1 - x : x)),
    },
    {
      id: "flip",
      params: { axis: rank + axis, along },
      bits: choiceBits(2),
      injective: true,
      js: (x) => `tf.reverse(${x}, [${axis}])`,
      python,
      undo: python,
    },
  );
}

const shapeRank = ({ hasBatch, hasChannels }: Picture): number => 2 + Number(hasBatch) + Number(hasChannels);
