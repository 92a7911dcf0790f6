/** @file The order of the channels: R, G, B against B, G, R, and every other order of three or four. */

import { choiceBits } from "../bits.ts";
import { axisOf, offsetOf, type Picture, pictureOf, placeOf } from "../picture.ts";
import { type Arrangement, type ArrangementKind, grouped } from "../step.ts";

export const channelOrder: ArrangementKind = {
  id: "channel-order",
  order: 8,
  propose({ shape }) {
    const picture = pictureOf(shape);
    if (picture === null || picture.c < 3 || !picture.hasChannels) return [];
    const orders = ORDERS[picture.c] ?? [];
    return orders.map((order) => reorder(shape, picture, order));
  },
};

/** The reversal first; of four channels those that keep alpha last, and ARGB. */
const ORDERS: { readonly [channels: number]: readonly (readonly number[])[] } = {
  3: [
    [2, 1, 0],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
  ],
  4: [
    [2, 1, 0, 3],
    [3, 0, 1, 2],
    [1, 2, 3, 0],
    [3, 2, 1, 0],
  ],
};

function reorder(shape: readonly number[], picture: Picture, order: readonly number[]): Arrangement {
  const axis = axisOf(picture, "channels");
  const isReversal = order.every((from, c) => from === order.length - 1 - c);
  const back = order.map((_, c) => order.indexOf(c));
  const python = (list: readonly number[]) => (x: string) => {
    const pick = isReversal ? "::-1" : `[${list.join(", ")}]`;
    return axis === -1 ? `${grouped(x)}[..., ${pick}]` : `${grouped(x)}[..., ${pick}, :, :]`;
  };
  return {
    id: "channel-order",
    params: { order },
    bits: isReversal ? 1 : choiceBits(8),
    shape,
    injective: true,
    reader:
      picture.layout === "NHWC"
        ? (source) => (at) => source(at - (at % picture.c) + (order[at % picture.c] ?? 0))
        : (source) => (at) => {
            const { n, y, x, c } = placeOf(picture, at);
            return source(offsetOf(picture, n, y, x, order[c] ?? 0));
          },
    js: (x) =>
      isReversal ? `tf.reverse(${x}, [${axis}])` : `tf.gather(${x}, [${order.join(", ")}], ${axis})`,
    python: python(order),
    undo: python(back),
  };
}
