/** @file Another size: by which method, with which convention of corners, with antialias or without, rounded or not. */

import { choiceBits } from "../bits.ts";
import { offsetOf, type Picture, pictureOf, shapeOf } from "../picture.ts";
import { type Resampling, type Weights, weightsOf } from "../resampling.ts";
import { resizeInJs, resizeInPython } from "../resize-code.ts";
import type { Arrangement, ArrangementKind, Numbers, Reader } from "../step.ts";

export const resize: ArrangementKind = {
  id: "resize",
  order: 6,
  propose(from, to) {
    const [source, target] = [pictureOf(from.shape), pictureOf(to.shape)];
    if (source === null || target === null || source.n !== target.n) return [];
    if (source.h === target.h && source.w === target.w) return [];
    const size = { ...source, h: target.h, w: target.w };
    // Of a picture like noise the nearest pixel says next to nothing about the mean around it.
    const nearest = METHODS.filter(({ method }) => method === "nearest").map((how) =>
      resized(source, size, how, false),
    );
    return [
      ...sizesFor(source, target).map(([h, w]) => sized(source, { ...source, h, w }, from)),
      ...nearest,
    ];
  },
};

/** The size of A; then the sizes from which a middle part is cut: a shorter side of 256 for 224, or of A's own. */
function sizesFor({ h, w }: Picture, target: Picture): [number, number][] {
  const short = Math.min(target.h, target.w);
  const shorter = [...new Set([short, Math.round(short / 0.875), short + 32])];
  const kept = shorter.flatMap((side): [number, number][] => {
    const other = (side * Math.max(h, w)) / Math.min(h, w);
    const others = [...new Set([Math.floor(other), Math.round(other)])];
    return others.map((long) => (h <= w ? [side, long] : [long, side]));
  });
  const square: [number, number][] = shorter.slice(1).map((side) => [side, side]);
  const sizes = [[target.h, target.w] as [number, number], ...kept, ...square];
  return sizes.filter(
    ([y, x], i) =>
      y >= target.h &&
      x >= target.w &&
      !(y === h && x === w) &&
      sizes.findIndex(([v, u]) => v === y && u === x) === i,
  );
}

const HALF = "half-pixel";
/** What is known to be in use, the commonest first. */
const METHODS: readonly Resampling[] = [
  { method: "bilinear", corners: HALF, antialias: true },
  { method: "bilinear", corners: HALF, antialias: false },
  { method: "bilinear", corners: HALF, antialias: false, sixteenths: true },
  { method: "bilinear", corners: "legacy", antialias: false },
  { method: "bilinear", corners: "align-corners", antialias: false },
  { method: "nearest", corners: HALF, antialias: false },
  { method: "nearest", corners: HALF, antialias: false, ties: "accumulated" },
  { method: "nearest", corners: HALF, antialias: false, ties: "before" },
  { method: "nearest", corners: "legacy", antialias: false },
  { method: "nearest", corners: "align-corners", antialias: false },
  { method: "bicubic", corners: HALF, antialias: true },
  { method: "bicubic", corners: HALF, antialias: false },
  { method: "bicubic", corners: HALF, antialias: false, a: -0.75 },
  { method: "bicubic", corners: "legacy", antialias: false, a: -0.75 },
  { method: "bicubic", corners: "align-corners", antialias: false, a: -0.75 },
  { method: "area", corners: HALF, antialias: true },
  { method: "area", corners: HALF, antialias: true, box: true },
  { method: "lanczos", corners: HALF, antialias: true },
  { method: "lanczos", corners: HALF, antialias: false },
  { method: "bilinear", corners: HALF, antialias: true, mipmaps: true },
];

/** The first method stands for all: where it comes close, the others are tried. */
function sized(source: Picture, target: Picture, { isBytes }: Numbers): Arrangement {
  const all = METHODS.flatMap((how) => [
    ...(how.sixteenths ? [] : [resized(source, target, how, false)]),
    ...(isBytes && how.method !== "nearest" ? [resized(source, target, how, true)] : []),
  ]);
  const [
    first = resized(source, target, { method: "bilinear", corners: HALF, antialias: true }, false),
    ...variants
  ] = all;
  return { ...first, variants };
}

function resized(source: Picture, target: Picture, how: Resampling, toBytes: boolean): Arrangement {
  const { method, corners, antialias } = how;
  // Made when first needed: most are never tried.
  const lazy: { rows?: Weights; columns?: Weights } = {};
  const rows = (): Weights => (lazy.rows ??= weightsOf(source.h, target.h, how));
  const columns = (): Weights => (lazy.columns ??= weightsOf(source.w, target.w, how));
  const store = toBytes ? (how.sixteenths ? Math.floor : byteOf) : (x: number) => x;
  // PIL rounds between its two passes as well; the others compute both at once.
  const between = toBytes && antialias && (method !== "area" || how.box === true) ? byteOf : (x: number) => x;
  const extra = {
    ...(how.a === undefined ? {} : { a: how.a }),
    ...(how.ties === undefined ? {} : { ties: how.ties }),
    ...(how.sixteenths ? { sixteenths: true } : {}),
    ...(how.box ? { box: true } : {}),
    ...(how.mipmaps ? { mipmaps: true } : {}),
  };
  return {
    id: "resize",
    params: {
      from: [source.h, source.w],
      to: [target.h, target.w],
      method,
      corners,
      // Of no effect where nothing gets smaller.
      antialias: antialias && (source.h > target.h || source.w > target.w),
      ...extra,
      ...(toBytes ? { dtype: "uint8" } : {}),
    },
    // Nearest is the simplest: at a whole scale others come to the same.
    bits:
      choiceBits(method === "nearest" ? METHODS.length / 4 : 2 * METHODS.length) + Object.keys(extra).length,
    shape: shapeOf(target),
    mixes: method !== "nearest",
    reader: (read) => mixedReader(read, source, target, rows(), columns(), between, store),
    all: (data) => mixedAll(data, source, target, rows(), columns(), between, store),
    js: (x) => resizeInJs(x, target, how),
    python: (x) => resizeInPython(x, target, how, toBytes),
    undo: null,
  };
}

function byteOf(x: number): number {
  const rounded = Math.floor(x + 0.5);
  return rounded < 0 ? 0 : rounded > 255 ? 255 : rounded;
}

type Round = (x: number) => number;

function mixedReader(
  read: Reader,
  source: Picture,
  target: Picture,
  rows: Weights,
  columns: Weights,
  between: Round,
  store: Round,
): Reader {
  const { h, w, c: channels } = target;
  const channelsLast = target.layout === "NHWC";
  return (at) => {
    const c = channelsLast ? at % channels : Math.floor(at / (h * w)) % channels;
    const pixel = channelsLast ? (at - c) / channels : at;
    const x = pixel % w;
    const y = ((pixel - x) / w) % h;
    const n = Math.floor(at / (h * w * channels));
    let sum = 0;
    for (let i = rows.start[y] as number; i < (rows.start[y + 1] as number); i++) {
      let row = 0;
      for (let j = columns.start[x] as number; j < (columns.start[x + 1] as number); j++)
        row +=
          (columns.weight[j] as number) *
          read(offsetOf(source, n, rows.source[i] as number, columns.source[j] as number, c));
      sum += (rows.weight[i] as number) * between(row);
    }
    return store(sum);
  };
}

/** Along rows first, as PIL does it; both orders give the same but for rounding. */
function mixedAll(
  data: Float64Array,
  source: Picture,
  target: Picture,
  rows: Weights,
  columns: Weights,
  between: Round,
  store: Round,
): Float64Array {
  const half = { ...source, w: target.w };
  const wide = pass(data, source, half, columns, "x", between);
  return pass(wide, half, target, rows, "y", store);
}

function pass(
  data: Float64Array,
  source: Picture,
  target: Picture,
  weights: Weights,
  along: "x" | "y",
  round: Round,
): Float64Array {
  const result = new Float64Array(target.n * target.h * target.w * target.c);
  const step = along === "x" ? offsetOf(source, 0, 0, 1, 0) : offsetOf(source, 0, 1, 0, 0);
  const { start, source: from, weight } = weights;
  for (let n = 0; n < target.n; n++)
    for (let y = 0; y < target.h; y++)
      for (let x = 0; x < target.w; x++) {
        const i = along === "x" ? x : y;
        const [first, last] = [start[i] as number, start[i + 1] as number];
        for (let c = 0; c < target.c; c++) {
          const base = along === "x" ? offsetOf(source, n, y, 0, c) : offsetOf(source, n, 0, x, c);
          let sum = 0;
          for (let k = first; k < last; k++)
            sum += (weight[k] as number) * (data[base + step * (from[k] as number)] as number);
          result[offsetOf(target, n, y, x, c)] = round(sum);
        }
      }
  return result;
}
