/**
 * @file Is what a transform leaves noise, or another picture?
 *
 * Noise does not add up: the mean over a block of k elements has a k-th of its variance. A residual with structure
 * (another picture, another crop, another resize) keeps most of it. JPEG rounds the mean of each 8×8 block to at most
 * half a step of its DC coefficient: at quality 50 the luminance step is 16, so that a mean moves by at most
 * 16/8/2 = 1 level of 255; of the two chroma channels (step 17) 1.06 each come on top, weighted 1.402 and 1.772.
 * (ITU-T T.81, tables K.1 and K.2; JFIF's colour equations.)
 */

import type { Shape } from "../../tensor/tensor.ts";
import { offsetOf, pictureOf } from "./picture.ts";

/** Noise of less than a tenth of the variance: what it hides of A is not what A is about. */
export const LEAST_EXPLAINED = 0.9;
/** Twice the deviation that the means of white noise have. */
const WHITE = 4;
/** Root mean square over luminance and chroma of a uniform error within the bounds above (each over √3), in levels. */
const JPEG_BLOCK_MEAN = Math.sqrt((1 + (1.06 * 1.402) ** 2 + (1.06 * 1.772) ** 2) / 3);
/** Root mean square of a uniform error within half of each step of table K.1, in levels: √(mean(step²)/12). */
const JPEG_PIXEL = 20;
/** The energy of white noise varies little from block to block (√(2/64) = 0.18); that of JPEG follows the picture. */
const UNEVEN = 0.36;

export interface NoiseVerdict {
  readonly isNoise: boolean;
  readonly isJpeg: boolean;
}

/** `unit`: a level of 255 in the units of the residual, where one is known. */
export function judgeNoise(
  residual: Float64Array,
  shape: Shape,
  varianceOfA: number,
  unit: number | null,
): NoiseVerdict {
  const blocks = blocksOf(residual, shape);
  const variance = meanSquare(residual);
  const explained = varianceOfA === 0 ? 0 : 1 - variance / varianceOfA;
  const meansSquare = meanSquare(blocks.means);
  const isWhite = explained >= LEAST_EXPLAINED && meansSquare <= (WHITE * variance) / blocks.size;
  const isUneven = deviation(blocks.energies) > UNEVEN * mean(blocks.energies);
  const isJpeg =
    blocks.arePixels &&
    unit !== null &&
    isUneven &&
    explained >= LEAST_EXPLAINED / 2 &&
    Math.sqrt(variance) <= JPEG_PIXEL * unit &&
    // Halved chroma moves the means where colours change sharply, but as little as noise does.
    (isWhite || Math.sqrt(meansSquare) <= JPEG_BLOCK_MEAN * unit);
  return { isNoise: isWhite, isJpeg };
}

const EDGE = 8;
const RUN = 16;

interface Blocks {
  readonly means: Float64Array;
  readonly energies: Float64Array;
  readonly size: number;
  readonly arePixels: boolean;
}

/** 8×8 pixels of one channel; else runs of the flat array. */
export function blocksOf(residual: Float64Array, shape: Shape): Blocks {
  const picture = pictureOf(shape);
  const means: number[] = [];
  const energies: number[] = [];
  const add = (values: readonly number[]): void => {
    means.push(mean(values));
    energies.push(values.reduce((sum, x) => sum + x * x, 0));
  };
  if (picture?.hasChannels && picture.h >= 2 * EDGE && picture.w >= 2 * EDGE) {
    for (let n = 0; n < picture.n; n++)
      for (let c = 0; c < picture.c; c++)
        for (let top = 0; top + EDGE <= picture.h; top += EDGE)
          for (let left = 0; left + EDGE <= picture.w; left += EDGE)
            add(
              Array.from({ length: EDGE * EDGE }, (_, i) => {
                const at = offsetOf(picture, n, top + Math.floor(i / EDGE), left + (i % EDGE), c);
                return residual[at] ?? 0;
              }),
            );
    return {
      means: Float64Array.from(means),
      energies: Float64Array.from(energies),
      size: EDGE * EDGE,
      arePixels: true,
    };
  }
  for (let at = 0; at + RUN <= residual.length; at += RUN) add([...residual.subarray(at, at + RUN)]);
  return {
    means: Float64Array.from(means),
    energies: Float64Array.from(energies),
    size: RUN,
    arePixels: false,
  };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return values.length === 0 ? 0 : sum / values.length;
}

export function meanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) ** 2;
  return values.length === 0 ? 0 : sum / values.length;
}

function deviation(values: Float64Array): number {
  const middle = mean(values);
  return Math.sqrt(meanSquare(values.map((x) => x - middle)));
}
