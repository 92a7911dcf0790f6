/** @file An image file as one sample of a model's input: its pixels as they are, uint8, never resized. */

import { VernierError } from "../base/errors.ts";
import type { ModelInput } from "../model/model.ts";
import type { Tensor } from "../tensor/tensor.ts";

export const IMAGE_EXTENSIONS: ReadonlySet<string> = new Set([
  ".png",
  ".jpg",
  ".jpeg",
  ".gif",
  ".webp",
  ".bmp",
  ".tif",
  ".tiff",
]);

/** [1, H, W, C]. Grey is repeated where the model takes R, G, B, alpha dropped. Throws `input.invalid` for another size. */
export function imageForInput(image: Tensor, { name, dims }: ModelInput, where: string): Tensor {
  const [height = 0, width = 0, channels = 0] = image.shape;
  const takes = `[${dims.map((dim) => dim ?? "any").join(", ")}]`;
  const wanted = dims[3];
  if (dims.length !== 4) throw misfit(`"${name}" takes ${takes}, which is no picture`, where);
  const fits = (dim: number | null | undefined, size: number): boolean => dim === null || dim === size;
  if (!fits(dims[1], height) || !fits(dims[2], width)) {
    const how =
      "it is not resized here, since how to do that is what an app may do otherwise: resize it as yours does";
    throw misfit(`"${name}" takes ${takes}, the image has ${height}×${width} pixels; ${how}`, where);
  }
  const data = image.data as Uint8Array;
  const target = wanted === null || wanted === undefined ? 3 : wanted;
  if (channels === target) return { ...image, shape: [1, ...image.shape] };
  if (target !== 3) throw misfit(`"${name}" takes ${takes}, the image has ${channels} channels`, where);
  const from =
    channels === 1 ? (i: number) => Math.floor(i / 3) : (i: number) => Math.floor(i / 3) * channels + (i % 3);
  const colours = Uint8Array.from({ length: height * width * 3 }, (_, i) => data[from(i)] ?? 0);
  return { shape: [1, height, width, 3], dtype: "uint8", data: colours };
}

const misfit = (reason: string, where: string): VernierError =>
  new VernierError("input.invalid", { reason }, { where });
