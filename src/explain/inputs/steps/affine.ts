/** @file Scale and shift, one for all or one for each channel: fitted by least squares, then said in the usual words. */

import { BITS_PER_PARAMETER, choiceBits } from "../bits.ts";
import { fitsConvention, type NamedScale, namedScales } from "../conventions.ts";
import { grouped, type Numbers, type Pairs, type ValueKind, type ValueStep } from "../step.ts";

export const affine: ValueKind = {
  id: "affine",
  propose: (pairs, to, from) => affineSteps(pairs, to, from).map((step) => [step]),
};

/** Named ones that come close, then the fitted ones. */
export function affineSteps(pairs: Pairs, to: Numbers, from: Numbers): ValueStep[] {
  const all = fit(pairs, false);
  const each = pairs.channel === null ? null : fit(pairs, true);
  const range = extremes(pairs.x);
  const rangeY = extremes(pairs.y);
  const close = namedScales(pairs.channels === 3 && pairs.channel !== null ? 3 : 1).filter((named) => {
    const best = named.scale.length > 1 && !isUniform(named) ? each : all;
    return best !== null && comesClose(named, best, range, from.grid, to.grid);
  });
  const found: ValueStep[] = [];
  // Several pairs of conventions have one and the same step between them: it is said of those that fit the numbers.
  for (const named of close.toSorted(
    (p, q) => plausibility(q, range, rangeY) - plausibility(p, range, rangeY),
  )) {
    const same = close.filter((other) => isSame(named, other));
    const bits = Math.min(...same.map((other) => other.bits));
    if (found.some(({ params }) => isSame(named, asLists(params, named.scale.length)))) continue;
    const words = `${named.from.words} made ${named.to.words}`;
    const step = affineStep(named.scale, named.shift, bits, named);
    const fed = { a: named.to.words, b: named.from.words };
    found.push(plausibility(named, range, rangeY) === 2 ? { ...step, words, fed } : step);
  }
  if (all !== null) {
    for (const neat of neatened(all, range, from.grid, to.grid)) found.push(neat);
    found.push(affineStep(all.scale, all.shift, 2 * BITS_PER_PARAMETER));
  }
  if (each !== null && pairs.channels > 1)
    found.push(affineStep(each.scale, each.shift, 2 * pairs.channels * BITS_PER_PARAMETER));
  return found.filter(({ stretch }) => Number.isFinite(stretch) && stretch > 0);
}

const isUniform = ({ scale, shift }: { scale: readonly number[]; shift: readonly number[] }): boolean =>
  scale.every((x) => x === scale[0]) && shift.every((x) => x === shift[0]);

interface Fit {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

function fit({ x, y, channel, channels }: Pairs, perChannel: boolean): Fit | null {
  const count = perChannel ? channels : 1;
  const [n, sx, sy] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const group = (i: number): number => (perChannel ? (channel?.[i] ?? 0) : 0);
  for (let i = 0; i < x.length; i++) {
    const c = group(i);
    n[c] = (n[c] ?? 0) + 1;
    sx[c] = (sx[c] ?? 0) + (x[i] ?? 0);
    sy[c] = (sy[c] ?? 0) + (y[i] ?? 0);
  }
  const [xx, xy] = [new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < x.length; i++) {
    const c = group(i);
    const dx = (x[i] ?? 0) - (sx[c] ?? 0) / (n[c] ?? 1);
    xx[c] = (xx[c] ?? 0) + dx * dx;
    xy[c] = (xy[c] ?? 0) + dx * ((y[i] ?? 0) - (sy[c] ?? 0) / (n[c] ?? 1));
  }
  const scale = Array.from(xx, (value, c) => (value === 0 ? 1 : (xy[c] ?? 0) / value));
  const shift = scale.map((s, c) => ((sy[c] ?? 0) - s * (sx[c] ?? 0)) / Math.max(1, n[c] ?? 1));
  return xx.every((value) => value === 0) ? null : { scale, shift };
}

function extremes(values: Float64Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/**
 * Within what a fit can be off at both ends of the range: 4 % of what it says there, or two steps of the grids. This
 * only proposes; the numbers decide.
 */
function comesClose(
  named: Fit,
  best: Fit,
  [low, high]: [number, number],
  gridX: number,
  gridY: number,
): boolean {
  return named.scale.every((scale, i) => {
    const c = best.scale.length === 1 ? 0 : i;
    const [s, t] = [best.scale[c] ?? 0, best.shift[c] ?? 0];
    const slack = 0.04 * Math.abs(s) * (high - low) + 2 * (gridY + gridX * Math.abs(scale));
    return [low, high].every((x) => Math.abs((scale - s) * x + (named.shift[i] ?? 0) - t) <= slack);
  });
}

/** How many of its two conventions fit what the sides hold. */
const plausibility = (
  { from, to }: NamedScale,
  [low, high]: [number, number],
  [lowY, highY]: [number, number],
): number => Number(fitsConvention(from, low, high)) + Number(fitsConvention(to, lowY, highY));

const near = (x: readonly number[], y: readonly number[]): boolean =>
  x.every((value, i) => Math.abs(value - (y[i] ?? 0)) <= 1e-12 * Math.max(1, Math.abs(value)));

const isSame = (p: Fit, q: Fit): boolean => near(p.scale, q.scale) && near(p.shift, q.shift);

/** One scale and one shift for each channel. */
export function asLists(params: ValueStep["params"], length: number): Fit {
  const list = (value: unknown): number[] =>
    Array.isArray(value) ? (value as number[]) : Array<number>(length).fill(Number(value));
  return { scale: list(params["scale"]), shift: list(params["shift"]) };
}

/** Both numbers with few digits, as a person would have typed them; or the inverse of the scale with few digits. */
function neatened(
  { scale, shift }: Fit,
  [low, high]: [number, number],
  gridX: number,
  gridY: number,
): ValueStep[] {
  const [s = 1, t = 0] = [scale[0], shift[0]];
  const found: ValueStep[] = [];
  const span = Math.max(Math.abs(low), Math.abs(high), high - low);
  for (let digits = 1; digits <= 5; digits++) {
    const scales = new Set([Number(s.toPrecision(digits)), 1 / Number((1 / s).toPrecision(digits))]);
    for (const neatScale of scales) {
      // The shift that goes with this scale: the line is surest in the middle of the values.
      const middle = (low + high) / 2;
      const moved = t + (s - neatScale) * middle;
      const size = Math.abs(neatScale) * span;
      const off = Math.abs(moved) <= 2 ** -16 * size + gridY / 2 + (Math.abs(s) * gridX) / 2;
      const neatShifts = new Set([
        off ? 0 : Number(moved.toPrecision(digits)),
        Number(t.toPrecision(digits)),
      ]);
      for (const neatShift of neatShifts)
        found.push(affineStep([neatScale], [neatShift], 2 * choiceBits(2 * 10 ** digits)));
    }
  }
  return found;
}

export interface AffineStep extends ValueStep {
  readonly id: "affine";
  readonly params: { readonly scale: number | readonly number[]; readonly shift: number | readonly number[] };
  readonly convention: NamedScale | null;
}

export function affineStep(
  scales: readonly number[],
  shifts: readonly number[],
  bits: number,
  convention: NamedScale | null = null,
): AffineStep {
  const single = <T>(list: readonly T[]): T | readonly T[] =>
    list.every((x) => x === list[0]) ? (list[0] as T) : list;
  const [scale, shift] = [single(scales), single(shifts)];
  const [s, t] = [
    (c: number) => scales[scales.length === 1 ? 0 : c] ?? 1,
    (c: number) => shifts[shifts.length === 1 ? 0 : c] ?? 0,
  ];
  const say = expressionOf(scale, shift, convention);
  const back = backwards(scale, shift);
  return {
    id: "affine",
    params: { scale, shift },
    bits,
    convention,
    stretch: Math.max(...scales.map(Math.abs)),
    apply: (x, channel) => x * s(channel) + t(channel),
    js: (x) => say(x, "js"),
    python: (x) => say(x, "python"),
    undo: (x) => back(x, "python"),
  };
}

type Language = "js" | "python";
type Say = (x: string, language: Language) => string;

function expressionOf(
  scale: number | readonly number[],
  shift: number | readonly number[],
  convention: NamedScale | null,
): Say {
  const list = (value: number | readonly number[]): string =>
    typeof value === "number" ? decimal(value) : `[${value.map(decimal).join(", ")}]`;
  return (x, language) => {
    const call = (so: string, name: string, sign: string, value: number | readonly number[]): string =>
      language === "js"
        ? `${so}.${name}(${list(value)})`
        : `${sign === "+" || sign === "-" ? so : grouped(so)} ${sign} ${typeof value === "number" ? list(value) : `np.array(${list(value)})`}`;
    // As people write it: less the mean, divided by the deviation.
    if (typeof scale !== "number" && typeof shift !== "number" && convention !== null) {
      const mean = scale.map((s, c) => -(shift[c] ?? 0) / s);
      const deviation = scale.map((s) => 1 / s);
      return call(call(x, "sub", "-", mean), "div", "/", deviation);
    }
    const scaled =
      typeof scale === "number"
        ? scale === 1
          ? x
          : Math.abs(scale) < 1 && decimal(1 / scale).length <= decimal(scale).length
            ? call(x, "div", "/", 1 / scale)
            : call(x, "mul", "*", scale)
        : call(x, "mul", "*", scale);
    if (typeof shift !== "number") return call(scaled, "add", "+", shift);
    if (shift === 0) return scaled;
    return shift < 0 ? call(scaled, "sub", "-", -shift) : call(scaled, "add", "+", shift);
  };
}

function backwards(scale: number | readonly number[], shift: number | readonly number[]): Say {
  const channels = typeof scale === "number" ? (typeof shift === "number" ? 1 : shift.length) : scale.length;
  const s = (c: number): number => (typeof scale === "number" ? scale : (scale[c] ?? 1));
  const t = (c: number): number => (typeof shift === "number" ? shift : (shift[c] ?? 0));
  const range = Array.from({ length: channels }, (_, c) => c);
  const single = (list: number[]): number | number[] =>
    list.every((x) => x === list[0]) ? (list[0] ?? 0) : list;
  return expressionOf(single(range.map((c) => 1 / s(c))), single(range.map((c) => -t(c) / s(c))), null);
}

/** As few digits as give the float32 back; a float32 is all that either side computes with. */
export function decimal(x: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.abs(short - x) <= 2 ** -26 * Math.abs(x)) return String(short);
  }
  return String(Number(x.toPrecision(9)));
}
