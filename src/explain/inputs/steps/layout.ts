/** @file Channels first (NCHW) against channels last (NHWC). */

import { choiceBits } from "../bits.ts";
import { offsetOf, type Picture, picturesOf, placeOf, shapeOf } from "../picture.ts";
import type { Arrangement, ArrangementKind } from "../step.ts";

export const layout: ArrangementKind = {
  id: "layout",
  order: 1,
  propose: ({ shape }, to) =>
    picturesOf(shape)
      .filter(({ c, hasChannels }) => hasChannels && c > 1)
      .map((picture) => relayout(picture))
      .filter((step) => picturesOf(to.shape).some(({ layout: wanted }) => wanted === step.params["to"])),
};

function relayout(picture: Picture): Arrangement {
  const target: Picture = { ...picture, layout: picture.layout === "NHWC" ? "NCHW" : "NHWC" };
  const inner = target.layout === "NHWC" ? [1, 2, 0] : [2, 0, 1];
  const order = picture.hasBatch ? [0, ...inner.map((axis) => axis + 1)] : inner;
  const back = order.map((_, axis) => order.indexOf(axis));
  return {
    id: "layout",
    params: { from: picture.layout, to: target.layout },
    bits: choiceBits(2),
    shape: shapeOf(target),
    injective: true,
    reader: (source) => (at) => {
      const { n, y, x, c } = placeOf(target, at);
      return source(offsetOf(picture, n, y, x, c));
    },
    js: (x) => `tf.transpose(${x}, [${order.join(", ")}])`,
    python: (x) => `np.transpose(${x}, (${order.join(", ")}))`,
    undo: (x) => `np.transpose(${x}, (${back.join(", ")}))`,
  };
}
