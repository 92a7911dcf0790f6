/** @file Bounds of what picks or compares: nothing is rounded, but an uncertain operand may pick otherwise. */

import { type DType, isFloating } from "../../tensor/dtype.ts";
import type { RealTensor, Shape } from "../../tensor/tensor.ts";
import { type Rows, spread } from "../broadcast.ts";
import { castData } from "../float64.ts";
import { type Bounded, ends, orNull, reaches, WIDEN } from "./rounding.ts";

type Data = Float64Array;

/** 1 where the intervals meet, so that the engine may find the other answer. */
export function compareRadius(x: Bounded, y: Bounded, rows: Rows): Data | null {
  if (x.radius === null && y.radius === null) return null;
  const [a, ea, b, eb] = [x.value.data, x.radius, y.value.data, y.radius];
  const { count, length, xAt, yAt, xStep, yStep } = rows;
  const radius = new Float64Array(count * length);
  for (let row = 0, o = 0; row < count; row++) {
    let i = xAt[row] as number;
    let j = yAt[row] as number;
    for (let q = 0; q < length; q++, o++, i += xStep, j += yStep) {
      const error = (ea === null ? 0 : (ea[i] as number)) + (eb === null ? 0 : (eb[j] as number));
      if (error === 0) continue;
      const apart = Math.abs((a[i] as number) - (b[j] as number));
      radius[o] = apart > error * WIDEN ? 0 : 1;
    }
  }
  return orNull(radius);
}

/** Where the condition is uncertain the engine may have taken the other branch, with its error. */
export function whereRadius(value: RealTensor, condition: Bounded, x: Bounded, y: Bounded): Data | null {
  if (condition.radius === null && x.radius === null && y.radius === null) return null;
  const { shape } = value;
  const laid = (data: Data | null, from: Shape): Data | null =>
    data === null ? null : spread(data, from, shape);
  const holds = spread(condition.value.data, condition.value.shape, shape);
  const unsure = laid(condition.radius, condition.value.shape);
  const [a, b] = [x, y].map((branch) => spread(branch.value.data, branch.value.shape, shape)) as [Data, Data];
  const [ea, eb] = [laid(x.radius, x.value.shape), laid(y.radius, y.value.shape)];
  const radius = new Float64Array(value.data.length);
  for (let i = 0; i < radius.length; i++) {
    const errorX = ea === null ? 0 : (ea[i] as number);
    const errorY = eb === null ? 0 : (eb[i] as number);
    const taken = holds[i] !== 0 ? errorX : errorY;
    if (unsure === null || unsure[i] === 0) {
      radius[i] = taken;
      continue;
    }
    const other = holds[i] !== 0 ? errorY : errorX;
    const apart = a[i] === b[i] ? 0 : Math.abs((a[i] as number) - (b[i] as number));
    const both = Math.max(taken, apart + other) * WIDEN;
    radius[i] = Number.isNaN(both) ? Infinity : both;
  }
  return orNull(radius);
}

/** A monotone rule that picks or moves: applied to both ends of the intervals. */
export function pickedRadius(value: Data, x: Bounded, pick: (data: Data) => Data): Data | null {
  if (x.radius === null) return null;
  const [low, high] = ends(x);
  return orNull(reaches(value, pick(low), pick(high)).map((r) => r * WIDEN));
}

/** Casting is monotone; to bool it is not, and there any uncertainty about zero counts. */
export function castRadius(value: Data, x: Bounded, dtype: DType): Data | null {
  const { radius } = x;
  if (radius === null) return null;
  const { data, dtype: from } = x.value;
  if (dtype === "bool") {
    return from === "bool"
      ? radius
      : orNull(radius.map((r, i) => (r === 0 || Math.abs(data[i] as number) > r ? 0 : 1)));
  }
  if (!isFloating(dtype) && !isFloating(from)) return radius;
  const [low, high] = ends(x);
  const cast = (ended: Data): Data => castData({ ...x.value, data: ended }, dtype);
  return orNull(reaches(value, cast(low), cast(high)));
}

/** Rows picked by an uncertain index: nothing is claimed about them. */
export const unclaimed = (size: number): Data => new Float64Array(size).fill(Infinity);
