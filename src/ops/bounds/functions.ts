/** @file Bounds of elementary functions: the engine's stated error, and the operand's carried through the function. */

import type { Arithmetic, FunctionName } from "../../numerics/arithmetic.ts";
import { UNARY } from "../elementwise.ts";
import type { Unary } from "../ops.ts";
import { type Bounded, type Rounding, reach, WIDEN } from "./rounding.ts";

type Data = Float64Array;

/** How far below its function an argument may not go; `closed`: the end itself is allowed. */
const DOMAIN: Partial<Record<Unary, { readonly low: number; readonly closed: boolean }>> = {
  log: { low: 0, closed: false },
  log1p: { low: -1, closed: false },
  sqrt: { low: 0, closed: true },
  rsqrt: { low: 0, closed: false },
};

/** The float64 functions of the reference are good to this, relatively: under 1 ulp each, some made of three. */
const OWN = 2 ** -50;

export function unaryRadius(
  f: Unary,
  value: Data,
  x: Bounded,
  rounding: Rounding,
  arithmetic: Arithmetic,
): Data | null {
  switch (f) {
    case "negative":
    case "abs":
      // | |x| − |y| | ≤ |x − y|, and nothing is rounded.
      return x.radius;
    case "sign":
    case "floor":
    case "round":
    case "to_bfloat16":
    case "to_float8_e4m3fn":
      return x.radius === null ? null : stepRadius(f, value, x.value.data, x.radius);
    case "square":
      return squareRadius(value, x, rounding);
    default:
      return functionRadius(f, value, x, rounding, arithmetic);
  }
}

/** Steps are exact, but an uncertain argument may lie on another one. */
function stepRadius(f: Unary, value: Data, data: Data, error: Data): Data {
  const step = UNARY[f];
  return value.map((v, i) => {
    const e = error[i] as number;
    return e === 0 ? 0 : reach(v, step((data[i] as number) - e), step((data[i] as number) + e));
  });
}

function squareRadius(value: Data, x: Bounded, { unit, underflow, largest }: Rounding): Data {
  const {
    value: { data },
    radius: error,
  } = x;
  const radius = new Float64Array(value.length);
  for (let i = 0; i < radius.length; i++) {
    const e = error === null ? 0 : (error[i] as number);
    const size = Math.abs(data[i] as number);
    const carried = (2 * size + e) * e;
    const r = size + e === 0 ? 0 : (carried + unit * (size * size + carried) + underflow) * WIDEN;
    radius[i] = size * size + carried + r <= largest ? r : e === 0 && !Number.isFinite(size) ? 0 : Infinity;
  }
  return radius;
}

/** All of these are monotone on their domain, so that the extremes over an interval are at its ends. */
function functionRadius(
  f: FunctionName & Unary,
  value: Data,
  x: Bounded,
  rounding: Rounding,
  arithmetic: Arithmetic,
): Data {
  const { unit, underflow, largest } = rounding;
  const { ulps, ulpsPerUnit = 0, absolute } = arithmetic.functions[f];
  const {
    value: { data },
    radius: error,
  } = x;
  const g = UNARY[f];
  const { low, closed } = DOMAIN[f] ?? { low: -Infinity, closed: true };
  const relative = 2 * ulps * unit + OWN;
  const fixed = absolute + underflow;
  const radius = new Float64Array(value.length);
  for (let i = 0; i < radius.length; i++) {
    const v = value[i] as number;
    const e = error === null ? 0 : (error[i] as number);
    let carried = 0;
    if (e !== 0) {
      const from = data[i] as number;
      // Moved out by what adding the error in float64 may round away.
      const reachX = e + Math.abs(from) * 2 ** -52;
      const least = closed && from - e >= low ? Math.max(from - reachX, low) : from - reachX;
      carried =
        least > low || (closed && least === low)
          ? reach(v, ...ordered(g(least), g(from + reachX)))
          : Infinity;
    }
    const size = Math.abs(v) + carried;
    const growing = ulpsPerUnit === 0 ? 0 : 2 * ulpsPerUnit * (Math.abs(data[i] as number) + e) * unit;
    const r = (carried + (relative + growing) * size + fixed) * WIDEN;
    radius[i] = size + r <= largest ? r : e === 0 && !Number.isFinite(data[i] as number) ? 0 : Infinity;
  }
  return radius;
}

const ordered = (p: number, q: number): [number, number] => (p <= q ? [p, q] : [q, p]);
