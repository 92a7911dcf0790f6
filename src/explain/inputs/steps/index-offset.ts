/** @file Ids that count from another number: 0 or 1 first, or special tokens put before all others. */

import { choiceBits } from "../bits.ts";
import { pictureOf } from "../picture.ts";
import type { ValueKind, ValueStep } from "../step.ts";

export const indexOffset: ValueKind = {
  id: "index-offset",
  propose({ x, y }, to, from) {
    // Pixels are shifted, not counted.
    if (!from.isWhole || !to.isWhole || (pictureOf(to.shape)?.hasChannels ?? false)) return [];
    const by = (y[0] ?? 0) - (x[0] ?? 0);
    const moved = x.findIndex((value, i) => value !== y[i]);
    const other = moved < 0 ? 0 : (y[moved] ?? 0) - (x[moved] ?? 0);
    return [
      ...(by === 0 ? [] : [[offset(by, null)]]),
      // Padding stays what it is.
      ...(other === 0 ? [] : [[offset(other, 0)]]),
    ];
  },
};

function offset(by: number, kept: number | null): ValueStep {
  const sign = by < 0 ? "-" : "+";
  const size = Math.abs(by);
  const js = (x: string): string => `${x}.${by < 0 ? "sub" : "add"}(${size})`;
  return {
    id: "index-offset",
    params: kept === null ? { by } : { by, kept },
    bits: choiceBits(2) + choiceBits(8 * size),
    stretch: 1,
    apply: (x) => (x === kept ? x : x + by),
    js: (x) => (kept === null ? js(x) : `tf.where(${x}.equal(${kept}), ${x}, ${js(x)})`),
    python: (x) =>
      kept === null ? `${x} ${sign} ${size}` : `np.where(${x} == ${kept}, ${x}, ${x} ${sign} ${size})`,
    undo: kept === null ? (x) => `${x} ${by < 0 ? "+" : "-"} ${size}` : null,
  };
}
