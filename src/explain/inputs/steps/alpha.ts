/** @file The fourth channel: taken off, multiplied into the colours, or laid over a background. */

import { choiceBits } from "../bits.ts";
import { offsetOf, type Picture, pictureOf, placeOf, shapeOf } from "../picture.ts";
import type { Arrangement, ArrangementKind } from "../step.ts";

export const alpha: ArrangementKind = {
  id: "alpha",
  order: 2,
  propose(from, to) {
    const [source, target] = [pictureOf(from.shape), pictureOf(to.shape)];
    if (source === null || target === null || source.c !== 4) return [];
    const largest = from.isBytes ? 255 : 1;
    if (target.c === 4) return [blended(source, source, true, null, largest)];
    if (target.c !== 3) return [];
    const colours = { ...source, c: 3 };
    return [
      blended(source, colours, false, null, largest),
      ...[0, 1, 0.5].map((grey) =>
        blended(source, colours, true, Math.round(grey * largest * 2) / 2, largest),
      ),
    ];
  },
};

function blended(
  source: Picture,
  target: Picture,
  premultiplied: boolean,
  background: number | null,
  largest: number,
): Arrangement {
  const under = background ?? 0;
  const last = source.layout === "NHWC";
  const pick = (x: string, channels: string): string =>
    last ? `${x}[..., ${channels}]` : `${x}[..., ${channels}, :, :]`;
  const axis = last ? -1 : -3;
  const split = `tf.split(x, [3, 1], ${axis})`;
  const python = (x: string): string => {
    if (!premultiplied) return pick(x, ":3");
    const mixed = `${pick(x, ":3")} * (${pick(x, "3:4")} / ${largest})${under === 0 ? "" : ` + ${under} * (1 - ${pick(x, "3:4")} / ${largest})`}`;
    return target.c === 4 ? `np.concatenate([${mixed}, ${pick(x, "3:4")}], axis=${axis})` : mixed;
  };
  const js = (x: string): string => {
    if (!premultiplied) return `tf.split(${x}, [3, 1], ${axis})[0]`;
    const mixed = `c.mul(a.div(${largest}))${under === 0 ? "" : `.add(a.div(${-largest}).add(1).mul(${under}))`}`;
    return `((x) => { const [c, a] = ${split}; return ${target.c === 4 ? `tf.concat([${mixed}, a], ${axis})` : mixed}; })(${x})`;
  };
  return {
    id: "alpha",
    params: { premultiplied, background },
    bits: choiceBits(5),
    shape: shapeOf(target),
    mixes: premultiplied,
    reader: (read) => (at) => {
      const { n, y, x, c } = placeOf(target, at);
      const colour = read(offsetOf(source, n, y, x, c));
      if (!premultiplied || c === 3) return colour;
      const opacity = read(offsetOf(source, n, y, x, 3)) / largest;
      return colour * opacity + under * (1 - opacity);
    },
    js,
    python,
    undo: null,
  };
}
