/** @file Padding before a sequence against padding behind it (Keras's `pad_sequences` pads before), or none at all. */

import { choiceBits } from "../bits.ts";
import { pictureOf } from "../picture.ts";
import { rowsOf } from "../rows.ts";
import type { Arrangement, ArrangementKind, Numbers, Reader } from "../step.ts";

type Side = "pre" | "post";

export const paddingSide: ArrangementKind = {
  id: "padding-side",
  order: 3,
  propose(from, to) {
    if (pictureOf(from.shape)?.hasChannels || from.shape.length > 3) return [];
    const [source, target] = [rowsOf(from.shape), rowsOf(to.shape)];
    if (source.rows !== target.rows || source.width !== target.width || source.length > target.length)
      return [];
    return valuesAtEnds(from, to).flatMap((value) => [
      moved(from.shape, target.length, "post", "pre", value),
      moved(from.shape, target.length, "pre", "post", value),
    ]);
  },
};

/** 0, and what stands at the ends of A and B most likely is padding there. */
function valuesAtEnds(from: Numbers, to: Numbers): number[] {
  const ends = [from, to].flatMap(({ shape, read }) => {
    const { rows, length, width } = rowsOf(shape);
    return Array.from({ length: Math.min(rows, 8) }, (_, row) => [
      read(row * length * width),
      read((row * length + length - 1) * width),
    ]).flat();
  });
  const counted = [...new Set(ends)].filter(
    (value) => value !== 0 && ends.filter((end) => end === value).length > 2,
  );
  return [0, ...counted].slice(0, 3);
}

function moved(shape: readonly number[], length: number, from: Side, to: Side, value: number): Arrangement {
  const { axis, width, length: before, rows } = rowsOf(shape);
  const isLonger = length > before;
  const fill = isLonger ? `, ${length}` : "";
  const js = (x: string): string =>
    `tf.tensor(${x}.arraySync().map((row) => { const kept = ${from === "post" ? "row.slice(0, row.findLastIndex" : "row.slice(row.findIndex"}((v) => v !== ${value})${from === "post" ? " + 1" : ""}); const pad = Array(${length} - kept.length).fill(${value}); return ${to === "pre" ? "[...pad, ...kept]" : "[...kept, ...pad]"}; }))`;
  const strip = from === "post" ? "b" : "f";
  const python = (x: string): string =>
    value === 0 && width === 1
      ? `keras.utils.pad_sequences([np.trim_zeros(row, "${strip}") for row in ${x}], maxlen=${length}, padding="${to}")`
      : `keras.utils.pad_sequences([row[row != ${value}] for row in ${x}], maxlen=${length}, padding="${to}", value=${value}${fill === "" ? "" : ""})`;
  return {
    id: "padding-side",
    params: { from, to, value },
    bits: choiceBits(4),
    shape: shape.with(axis, length),
    injective: true,
    reader: (read) => reader(read, { before, length, width, rows }, from, to, value),
    js,
    python,
    undo: null,
  };
}

function reader(
  read: Reader,
  { before, length, width, rows }: { before: number; length: number; width: number; rows: number },
  from: Side,
  to: Side,
  value: number,
): Reader {
  const isPadding = (row: number, step: number): boolean => {
    for (let i = 0; i < width; i++) if (read((row * before + step) * width + i) !== value) return false;
    return true;
  };
  // Of each row where what is kept begins, and how long it is.
  const kept = Array.from({ length: rows }, (_, row) => {
    let [first, last] = [0, before];
    if (from === "pre") while (first < last && isPadding(row, first)) first++;
    else while (last > first && isPadding(row, last - 1)) last--;
    return { first, count: last - first };
  });
  return (at) => {
    const inner = at % width;
    const step = ((at - inner) / width) % length;
    const row = Math.floor(at / (width * length));
    const { first, count } = kept[row] ?? { first: 0, count: 0 };
    const place = to === "pre" ? step - (length - count) : step;
    return place < 0 || place >= count ? value : read((row * before + first + place) * width + inner);
  };
}
