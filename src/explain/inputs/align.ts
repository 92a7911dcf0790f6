/**
 * @file Where does one picture lie in another? Tried at every offset on few pixels, by how much of A's variance the
 * pixels there explain: that neither scale and shift nor the order of the channels matters.
 */

import { offsetOf, type Picture } from "./picture.ts";
import type { Reader } from "./step.ts";

type Offset = [top: number, left: number];

/** Pixels that are compared at each offset. */
const PIXELS = 40;
/** Offsets that are looked at first where there are more: neighbours look alike, so that the best of them leads on. */
const FIRST = 4_000;
const KEPT = 2;

export function bestOffsets(
  readSource: Reader,
  source: Picture,
  readTarget: Reader,
  target: Picture,
  { top, left }: { readonly top: readonly [number, number]; readonly left: readonly [number, number] },
): Offset[] {
  const [height, width] = [top[1] - top[0] + 1, left[1] - left[0] + 1];
  // Places whose counterpart lies inside the source at every offset that is tried.
  const inside = {
    y: [Math.max(0, -top[0]), Math.min(target.h, source.h - top[1])] as const,
    x: [Math.max(0, -left[0]), Math.min(target.w, source.w - left[1])] as const,
  };
  const [rows, columns] = [inside.y[1] - inside.y[0], inside.x[1] - inside.x[0]];
  if (rows < 4 || columns < 4) return [];
  const pixels = Array.from({ length: PIXELS }, (_, i) => {
    // R2 sequence (Roberts 2018): spread evenly, in step with no grid.
    const y = inside.y[0] + Math.floor(((0.5 + i * 0.7548776662466927) % 1) * rows);
    const x = inside.x[0] + Math.floor(((0.5 + i * 0.5698402909980532) % 1) * columns);
    return { n: i % target.n, y, x };
  });
  const wanted = pixels.map(({ n, y, x }) => brightness(readTarget, target, n, y, x));
  const seen = new Map<number, number>();
  const score = (y: number, x: number): number => {
    const key = y * 65_536 + x;
    let value = seen.get(key);
    if (value === undefined) {
      value = explained(
        wanted,
        pixels.map((p) => brightness(readSource, source, p.n, p.y + y, p.x + x)),
      );
      seen.set(key, value);
    }
    return value;
  };
  const stride = Math.max(1, Math.floor(Math.sqrt((height * width) / FIRST)));
  const coarse: { at: Offset; score: number }[] = [];
  for (let y = top[0]; y <= top[1]; y += stride)
    for (let x = left[0]; x <= left[1]; x += stride) coarse.push({ at: [y, x], score: score(y, x) });
  coarse.sort((p, q) => q.score - p.score);
  const fine = coarse.slice(0, stride === 1 ? KEPT : 24).flatMap(({ at: [y, x] }) => {
    let best = { at: [y, x] as Offset, score: score(y, x) };
    for (let v = Math.max(top[0], y - stride); v <= Math.min(top[1], y + stride); v++)
      for (let u = Math.max(left[0], x - stride); u <= Math.min(left[1], x + stride); u++) {
        const value = stride === 1 ? -1 : score(v, u);
        if (value > best.score) best = { at: [v, u], score: value };
      }
    return [best];
  });
  fine.sort((p, q) => q.score - p.score);
  const places = fine.map(({ at }) => at);
  return places.filter(([y, x], i) => places.findIndex(([v, u]) => v === y && u === x) === i).slice(0, KEPT);
}

function brightness(read: Reader, picture: Picture, n: number, y: number, x: number): number {
  let sum = 0;
  for (let c = 0; c < Math.min(3, picture.c); c++) sum += read(offsetOf(picture, n, y, x, c));
  return sum;
}

/** Squared correlation. */
export function explained(y: ArrayLike<number>, x: ArrayLike<number>): number {
  let [sx, sy] = [0, 0];
  const n = y.length;
  for (let i = 0; i < n; i++) {
    sx += x[i] ?? 0;
    sy += y[i] ?? 0;
  }
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [(x[i] ?? 0) - sx / n, (y[i] ?? 0) - sy / n];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? 0 : (xy * xy) / (xx * yy);
}
