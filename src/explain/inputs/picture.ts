/** @file A shape read as pictures: which axes are batch, height, width and channels. */

import { type Shape, sizeOf } from "../../tensor/tensor.ts";

export interface Picture {
  readonly layout: "NHWC" | "NCHW";
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly hasBatch: boolean;
  readonly hasChannels: boolean;
}

export type Place = { n: number; y: number; x: number; c: number };

const CHANNELS: readonly number[] = [1, 3, 4];
/** Below this an axis is more likely channels or features than height or width. */
const LEAST_PIXELS = 5;
/** A matrix is a picture (or a spectrogram) rather than a small table from here on. */
const LEAST_PLANE = 16;

/** Both readings where a shape allows both, channels last first. */
export function picturesOf(shape: Shape): Picture[] {
  const [hasBatch, inner] = shape.length === 4 ? [true, shape.slice(1)] : [false, shape];
  const n = hasBatch ? (shape[0] ?? 1) : 1;
  if (shape.length === 2) {
    const [h = 0, w = 0] = shape;
    return Math.min(h, w) >= LEAST_PLANE
      ? [{ layout: "NHWC", n: 1, h, w, c: 1, hasBatch: false, hasChannels: false }]
      : [];
  }
  if (inner.length !== 3) return [];
  const [p = 0, q = 0, r = 0] = inner;
  const found: Picture[] = [];
  if (CHANNELS.includes(r) && Math.min(p, q) >= LEAST_PIXELS)
    found.push({ layout: "NHWC", n, h: p, w: q, c: r, hasBatch, hasChannels: true });
  if (CHANNELS.includes(p) && Math.min(q, r) >= LEAST_PIXELS)
    found.push({ layout: "NCHW", n, h: q, w: r, c: p, hasBatch, hasChannels: true });
  if (found.length === 0 && !hasBatch && Math.min(q, r) >= LEAST_PLANE)
    found.push({ layout: "NHWC", n: p, h: q, w: r, c: 1, hasBatch: true, hasChannels: false });
  return found;
}

export const pictureOf = (shape: Shape): Picture | null => picturesOf(shape)[0] ?? null;

export function shapeOf({ layout, n, h, w, c, hasBatch, hasChannels }: Picture): number[] {
  const channels = hasChannels ? [c] : [];
  const inner = layout === "NHWC" ? [h, w, ...channels] : [...channels, h, w];
  return hasBatch ? [n, ...inner] : inner;
}

export function offsetOf(p: Picture, n: number, y: number, x: number, c: number): number {
  return p.layout === "NHWC" ? ((n * p.h + y) * p.w + x) * p.c + c : ((n * p.c + c) * p.h + y) * p.w + x;
}

export function placeOf(p: Picture, at: number): Place {
  if (p.layout === "NHWC") {
    const c = at % p.c;
    const pixel = (at - c) / p.c;
    const x = pixel % p.w;
    const row = (pixel - x) / p.w;
    const y = row % p.h;
    return { n: (row - y) / p.h, y, x, c };
  }
  const x = at % p.w;
  const row = (at - x) / p.w;
  const y = row % p.h;
  const plane = (row - y) / p.h;
  const c = plane % p.c;
  return { n: (plane - c) / p.c, y, x, c };
}

/** Axis counted from the end, so that it holds with and without a batch. */
export function axisOf(p: Picture, what: "height" | "width" | "channels"): number {
  const last = p.hasChannels && p.layout === "NHWC" ? 1 : 0;
  if (what === "channels") return p.layout === "NHWC" ? -1 : -3;
  return (what === "width" ? -1 : -2) - last;
}

/** Channel of every element; the last axis counts as channels where the shape is no picture. */
export function channelsOf(shape: Shape): { count: number; of: (at: number) => number } | null {
  const picture = pictureOf(shape);
  if (picture?.hasChannels && picture.c > 1) {
    const { c, h, w, layout } = picture;
    return { count: c, of: layout === "NHWC" ? (at) => at % c : (at) => Math.floor(at / (h * w)) % c };
  }
  const last = shape.at(-1) ?? 1;
  return shape.length >= 2 && last > 1 && sizeOf(shape) > last
    ? { count: last, of: (at) => at % last }
    : null;
}

/** Pads `[top, left]`, `[height, width]` to the axes of a tensor of this picture's rank. */
export function onAxes<T>(p: Picture, height: T, width: T, rest: T): T[] {
  const channels = p.hasChannels ? [rest] : [];
  const inner = p.layout === "NHWC" ? [height, width, ...channels] : [...channels, height, width];
  return p.hasBatch ? [rest, ...inner] : inner;
}
