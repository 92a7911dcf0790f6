/**
 * @file What padding and cropping layers say about the two ends of each spatial axis: one number for all, one per axis,
 * or a pair per axis; Keras 1 also a flat list of four (top, bottom, left, right).
 */

import { integer, invalid, listOf } from "../base/decode.ts";
import { type DialectDecoder } from "./define.ts";

export type Margin = readonly [before: number, after: number];

const count = integer(0);

/** For one axis a pair of numbers is its two ends; for more axes, one number per axis. */
export function margins(axes: number): DialectDecoder<readonly Margin[]> {
  return {
    decodeIn(json, dialect, where) {
      if (typeof json === "number")
        return Array.from({ length: axes }, () => same(count.decode(json, where)));
      if (!Array.isArray(json)) throw invalid("a number or a list", json, where);
      if (axes === 1 && json.length === 2) return [pair(json, where)];
      if (dialect.startsWith("keras1") && json.length === 2 * axes) {
        return Array.from({ length: axes }, (_, axis) => pair(json.slice(2 * axis, 2 * axis + 2), where));
      }
      if (json.length !== axes) throw invalid(`one entry for each of ${axes} axes`, json, where);
      return json.map((entry: unknown, i) => {
        const place = [...where, i];
        return typeof entry === "number" ? same(count.decode(entry, place)) : pair(entry, place);
      });
    },
    encodeIn: (value) => (axes === 1 ? [...(value[0] ?? [0, 0])] : value.map((ends) => [...ends])),
  };
}

const same = (width: number): Margin => [width, width];

function pair(json: unknown, where: readonly (string | number)[]): Margin {
  const [before = 0, after = 0] = listOf(count, 2).decode(json, where);
  return [before, after];
}
