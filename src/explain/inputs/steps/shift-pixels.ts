/** @file The same picture a few pixels beside: what came in at the edge is zeros, wrapped around, or the edge again. */

import { bestOffsets } from "../align.ts";
import { choiceBits } from "../bits.ts";
import { movedPixels, placesOf } from "../moved.ts";
import { axisOf, onAxes, type Picture, pictureOf, shapeOf } from "../picture.ts";
import { type Arrangement, type ArrangementKind, grouped } from "../step.ts";

/** Farther than this is no slip of a border or of a padding. */
const FARTHEST = 8;
type Edge = "zeros" | "wrap" | "edge";

export const shiftPixels: ArrangementKind = {
  id: "shift-pixels",
  order: 7,
  propose(from, to) {
    const [source, target] = [pictureOf(from.shape), pictureOf(to.shape)];
    if (source === null || target === null || shapeOf(source).join() !== shapeOf(target).join()) return [];
    const [down, across] = [source.h, source.w].map((size) => Math.min(FARTHEST, Math.floor(size / 4))) as [
      number,
      number,
    ];
    return bestOffsets(from.read, source, to.read, target, { top: [-down, down], left: [-across, across] })
      .filter(([y, x]) => y !== 0 || x !== 0)
      .flatMap(([y, x]) => (["zeros", "wrap", "edge"] as const).map((edge) => shifted(source, -y, -x, edge)));
  },
};

/** Down and to the right where positive. */
function shifted(picture: Picture, dy: number, dx: number, edge: Edge): Arrangement {
  const { h, w } = picture;
  const place = (at: number, size: number): number =>
    edge === "wrap" ? (at + size) % size : edge === "edge" ? clamp(at, size) : at < size ? at : -1;
  const move = { rows: placesOf(h, (y) => place(y - dy, h)), columns: placesOf(w, (x) => place(x - dx, w)) };
  const axes = onAxes(picture, "height", "width", "").flatMap((name, i) => (name === "" ? [] : [i]));
  const begin = onAxes(picture, Math.max(0, -dy), Math.max(0, -dx), 0).join(", ");
  const size = onAxes(picture, h - Math.abs(dy), w - Math.abs(dx), -1).join(", ");
  const pads = onAxes(picture, padding(dy), padding(dx), "0, 0");
  const slices = onAxes(picture, slice(dy, h), slice(dx, w), ":").join(", ");
  const mode = edge === "edge" ? ', mode="edge"' : "";
  return movedPixels(picture, picture, move, {
    id: "shift-pixels",
    params: { dy, dx, edge },
    bits: choiceBits(3 * (2 * FARTHEST + 1) ** 2),
    js: (x) =>
      edge === "zeros"
        ? `tf.pad(tf.slice(${x}, [${begin}], [${size}]), [${pads.map((pad) => `[${pad}]`).join(", ")}])`
        : [...gathers(picture, dy, "height", edge), ...gathers(picture, dx, "width", edge)].reduce(
            (so, say) => say(so),
            x,
          ),
    python: (x) =>
      edge === "wrap"
        ? `np.roll(${x}, (${dy}, ${dx}), axis=(${axes.join(", ")}))`
        : `np.pad(${grouped(x)}[${slices}], [${pads.map((pad) => `(${pad})`).join(", ")}]${mode})`,
    undo: edge === "wrap" ? (x) => `np.roll(${x}, (${-dy}, ${-dx}), axis=(${axes.join(", ")}))` : null,
  });
}

/** TensorFlow.js has neither `roll` nor a padding with the edge: rows or columns are gathered by their numbers. */
function gathers(
  picture: Picture,
  by: number,
  along: "height" | "width",
  edge: Edge,
): ((x: string) => string)[] {
  if (by === 0) return [];
  const size = along === "height" ? picture.h : picture.w;
  const from =
    edge === "wrap"
      ? `(i + ${(size - by) % size}) % ${size}`
      : `Math.min(${size - 1}, Math.max(0, i - ${by}))`;
  const rows = `Array.from({ length: ${size} }, (_, i) => ${from.replace("- -", "+ ")})`;
  return [(x) => `tf.gather(${x}, ${rows}, ${axisOf(picture, along)})`];
}

const clamp = (at: number, size: number): number => Math.min(size - 1, Math.max(0, at));
const padding = (by: number): string => (by > 0 ? `${by}, 0` : `0, ${-by}`);
const slice = (by: number, size: number): string => (by > 0 ? `:${size - by}` : `${-by}:`);
