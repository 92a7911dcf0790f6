/** @file Longer sequences cut to A's length, from the start or from the end. */

import { choiceBits } from "../bits.ts";
import { pictureOf } from "../picture.ts";
import { rowsOf } from "../rows.ts";
import { type Arrangement, type ArrangementKind, grouped } from "../step.ts";

export const truncate: ArrangementKind = {
  id: "truncate",
  order: 2,
  propose(from, to) {
    if (pictureOf(from.shape)?.hasChannels) return [];
    const [source, target] = [rowsOf(from.shape), rowsOf(to.shape)];
    const fits =
      source.rows === target.rows && source.width === target.width && source.length > target.length;
    return fits ? [cut(from.shape, "start", target.length), cut(from.shape, "end", target.length)] : [];
  },
};

/** `side`: which part is kept off: Keras's `truncating="pre"` cuts the start. */
function cut(shape: readonly number[], side: "start" | "end", length: number): Arrangement {
  const { axis, width, length: before } = rowsOf(shape);
  const skipped = side === "start" ? before - length : 0;
  const result = shape.with(axis, length);
  const colon = ":, ".repeat(axis);
  const slice = side === "start" ? `-${length}:` : `:${length}`;
  const begin = shape.map((_, i) => (i === axis ? skipped : 0)).join(", ");
  const size = shape.map((_, i) => (i === axis ? length : -1)).join(", ");
  return {
    id: "truncate",
    params: { side, length },
    bits: choiceBits(2),
    shape: result,
    reader: (read) => (at) => {
      const inner = at % width;
      const step = ((at - inner) / width) % length;
      const row = Math.floor(at / (width * length));
      return read((row * before + step + skipped) * width + inner);
    },
    js: (x) => `tf.slice(${x}, [${begin}], [${size}])`,
    python: (x) => `${grouped(x)}[${colon}${slice}]`,
    undo: null,
  };
}
