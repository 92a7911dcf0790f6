/**
 * @file Resizing along one axis, as weights: each result is a weighted sum of neighbouring source elements.
 *
 * `half-pixel`: centres at i + ½ (TensorFlow 2, PIL, OpenCV, canvas); `legacy`: result i looks at i·scale (TensorFlow 1,
 * TensorFlow.js's default, OpenCV's nearest); `align-corners`: first and last elements coincide. With antialias the
 * kernel is as wide as a result's share of the source. (PIL: libImaging/Resample.c; TensorFlow: scale_and_translate_op.cc,
 * resize_bicubic_op.cc, image_resizer_state.h; OpenCV: modules/imgproc/src/resize.cpp.)
 */

export type Method = "nearest" | "bilinear" | "bicubic" | "area" | "lanczos";
export type Corners = "half-pixel" | "legacy" | "align-corners";

export interface Resampling {
  readonly method: Method;
  readonly corners: Corners;
  readonly antialias: boolean;
  /** Bicubic: Keys's coefficient, −0.5 (PIL, TensorFlow 2) or −0.75 (OpenCV, TensorFlow 1, PyTorch). */
  readonly a?: number;
  /** Area: whole source elements only, as PIL's BOX. */
  readonly box?: boolean;
  /** Nearest, where two are as near: by adding up the scale, as PIL does, or the one before, as Chromium's canvas. */
  readonly ties?: "accumulated" | "before";
  /** Bilinear: positions cut to sixteenths, results to whole numbers, as Skia draws in software. */
  readonly sixteenths?: boolean;
  /** Halved by 2×2 means until the result is less than half as small, then bilinear: what browsers' mipmaps do. */
  readonly mipmaps?: boolean;
}

export interface Weights {
  readonly from: number;
  readonly to: number;
  /** For each result its source elements and their weights, concatenated; `start[i]` to `start[i + 1]`. */
  readonly start: Int32Array;
  readonly source: Int32Array;
  readonly weight: Float64Array;
}

type Tap = readonly [source: number, weight: number];

export function weightsOf(from: number, to: number, how: Resampling): Weights {
  const taps = Array.from({ length: to }, (_, i) => tapsOf(i, from, to, how));
  const start = new Int32Array(to + 1);
  taps.forEach((list, i) => {
    start[i + 1] = (start[i] ?? 0) + list.length;
  });
  const flat = taps.flat();
  return {
    from,
    to,
    start,
    source: Int32Array.from(flat, ([source]) => source),
    weight: Float64Array.from(flat, ([, weight]) => weight),
  };
}

function tapsOf(i: number, from: number, to: number, how: Resampling): Tap[] {
  if (from === to) return [[i, 1]];
  const scale = from / to;
  const clamp = (at: number): number => Math.min(from - 1, Math.max(0, at));
  const aligned = to > 1 ? (i * (from - 1)) / (to - 1) : 0;
  const at =
    how.corners === "half-pixel" ? (i + 0.5) * scale - 0.5 : how.corners === "legacy" ? i * scale : aligned;
  switch (how.method) {
    case "nearest":
      if (how.corners === "half-pixel") return [[clamp(nearestOf(i, from, to, how.ties)), 1]];
      return [[clamp(how.corners === "align-corners" ? Math.round(at) : Math.floor(at)), 1]];
    case "area":
      return how.box === true ? kernelTaps(i, from, scale, BOX) : areaTaps(i, from, scale);
    case "bilinear": {
      if (how.mipmaps === true) return mipmapTaps(i, from, to);
      if (how.antialias) return kernelTaps(i, from, scale, TRIANGLE);
      const place = how.sixteenths === true ? sixteenthsOf(i, scale) : at;
      const [below, rest] = [Math.floor(place), place - Math.floor(place)];
      return [
        [clamp(below), 1 - rest],
        [clamp(below + 1), rest],
      ];
    }
    case "bicubic": {
      const kernel = cubic(how.a ?? -0.5);
      if (how.antialias) return kernelTaps(i, from, scale, kernel);
      const below = Math.floor(at);
      const taps = [-1, 0, 1, 2].map((k) => [below + k, kernel.weight(below + k - at)] as const);
      // TensorFlow 2 leaves out what lies outside, the others repeat the edge.
      const inside = taps.filter(([source]) => source >= 0 && source < from);
      return (how.a ?? -0.5) === -0.5
        ? normalized(inside)
        : taps.map(([source, weight]) => [clamp(source), weight] as const);
    }
    case "lanczos":
      return kernelTaps(i, from, how.antialias ? scale : Math.min(1, scale), LANCZOS, (i + 0.5) * scale);
    default:
      return how.method satisfies never;
  }
}

/** In whole numbers, so that a middle between two is one; or summed up step by step with its roundings, as PIL does. */
function nearestOf(i: number, from: number, to: number, ties: Resampling["ties"]): number {
  if (ties === "before") return Math.ceil(((2 * i + 1) * from) / (2 * to)) - 1;
  if (ties === undefined) return Math.floor(((2 * i + 1) * from) / (2 * to));
  const scale = from / to;
  let at = scale * 0.5;
  for (let k = 0; k < i; k++) at += scale;
  return Math.floor(at);
}

/** Skia holds the scale as a float32, and looks at the first four bits behind the point of each position. */
const sixteenthsOf = (i: number, scale: number): number =>
  Math.floor(((i + 0.5) * Math.fround(scale) - 0.5) * 16) / 16;

interface Kernel {
  readonly support: number;
  weight(distance: number): number;
}

const BOX: Kernel = { support: 0.5, weight: (d) => (d > -0.5 && d <= 0.5 ? 1 : 0) };
const TRIANGLE: Kernel = { support: 1, weight: (d) => Math.max(0, 1 - Math.abs(d)) };

/** Keys 1981. */
const cubic = (a: number): Kernel => ({
  support: 2,
  weight: (distance) => {
    const d = Math.abs(distance);
    if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
  },
});

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const LANCZOS: Kernel = { support: 3, weight: (d) => (Math.abs(d) < 3 ? sinc(d) * sinc(d / 3) : 0) };

/** As PIL's `precompute_coeffs`. */
function kernelTaps(
  i: number,
  from: number,
  scale: number,
  kernel: Kernel,
  centre = (i + 0.5) * scale,
): Tap[] {
  const width = Math.max(1, scale);
  const support = kernel.support * width;
  const first = Math.max(0, Math.trunc(centre - support + 0.5));
  const last = Math.min(from, Math.trunc(centre + support + 0.5));
  const taps: Tap[] = [];
  for (let at = first; at < last; at++) taps.push([at, kernel.weight((at + 0.5 - centre) / width)]);
  return normalized(taps);
}

function areaTaps(i: number, from: number, scale: number): Tap[] {
  const [low, high] = [i * scale, Math.min(from, (i + 1) * scale)];
  const taps: Tap[] = [];
  for (let at = Math.floor(low); at < high - 1e-9 && at < from; at++)
    taps.push([at, Math.min(at + 1, high) - Math.max(at, low)]);
  return normalized(taps);
}

function mipmapTaps(i: number, from: number, to: number): Tap[] {
  const levels = Math.max(0, Math.round(Math.log2(from / to)));
  const block = 2 ** levels;
  const size = Math.max(1, Math.floor(from / block));
  const clamp = (at: number): number => Math.min(size - 1, Math.max(0, at));
  const at = (i + 0.5) * (size / to) - 0.5;
  const below = Math.floor(at);
  const both = [
    [clamp(below), 1 - (at - below)],
    [clamp(below + 1), at - below],
  ] as const;
  return both.flatMap(([cell, weight]) =>
    Array.from({ length: block }, (_, k) => [Math.min(from - 1, cell * block + k), weight / block] as const),
  );
}

function normalized(taps: readonly Tap[]): Tap[] {
  const sum = taps.reduce((total, [, weight]) => total + weight, 0);
  return taps.filter(([, weight]) => weight !== 0).map(([source, weight]) => [source, weight / sum]);
}
