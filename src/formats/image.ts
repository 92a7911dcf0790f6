/**
 * @file PNG and JPEG → pixels as files hold them: uint8 [height, width, channels], 1, 3 or 4 channels. Nothing is
 * resized, turned (EXIF) or converted between colour spaces: what a page does there is what the search is to find.
 */

import { convertIndexedToRgb, decode as decodePng } from "fast-png";
import jpeg from "jpeg-js";
import { VernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { inflate } from "./deflate.ts";
import { MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, requireAtMost } from "./limits.ts";

export type ImageFormat = "png" | "jpeg";

/** From its first bytes; `null` where it is neither. */
export function imageFormatOf(bytes: Uint8Array): ImageFormat | null {
  if (PNG_MAGIC.every((byte, i) => bytes[i] === byte)) return "png";
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff ? "jpeg" : null;
}

const PNG_MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Throws `file.malformed`, `file.limit`, or `file.unsupported` where it is no PNG or JPEG. */
export function readImage(bytes: Uint8Array, where: string): Tensor {
  requireAtMost("the size of an image in bytes", bytes.length, MAX_IMAGE_BYTES, where);
  const format = imageFormatOf(bytes);
  try {
    if (format === "png") return readPng(bytes, where);
    if (format === "jpeg") return readJpeg(bytes, where);
  } catch (cause) {
    if (cause instanceof VernierError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VernierError("file.malformed", { reason }, { where, cause });
  }
  const remedy = "save it as PNG or JPEG, or what your page feeds as .npy or .json";
  throw new VernierError(
    "file.unsupported",
    { what: "an image that is neither PNG nor JPEG", remedy },
    { where },
  );
}

function readPng(bytes: Uint8Array, where: string): Tensor {
  checkPngSize(bytes, where);
  const decoded = decodePng(bytes);
  const { width, height, data, depth, channels } = decoded;
  if (decoded.palette !== undefined) {
    const colours = convertIndexedToRgb(decoded);
    const perPixel = colours.length / (width * height);
    return pixels(height, width, perPixel, colours);
  }
  const bytesOfChannels = depth === 8 ? (data as Uint8Array) : toBytes(data, depth, width, height, channels);
  if (channels !== 2) return pixels(height, width, channels, bytesOfChannels);
  // Grey with alpha becomes R, G, B, alpha.
  const spread = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    spread.fill(bytesOfChannels[2 * i] as number, 4 * i, 4 * i + 3);
    spread[4 * i + 3] = bytesOfChannels[2 * i + 1] as number;
  }
  return pixels(height, width, 4, spread);
}

/** What its header says must be what its data inflate to, before anything believes it: a bomb ends here. */
function checkPngSize(bytes: Uint8Array, where: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const malformed = (reason: string): VernierError =>
    new VernierError("file.malformed", { reason }, { where });
  if (bytes.length < 33) throw malformed("it ends inside its header");
  const [width, height, depth, colour, interlaced] = [
    view.getUint32(16),
    view.getUint32(20),
    bytes[24] ?? 0,
    bytes[25] ?? 0,
    bytes[28] === 1,
  ];
  requireAtMost("the number of pixels", width * height, MAX_IMAGE_PIXELS, where);
  const channels = [1, 0, 3, 1, 2, 0, 4][colour] ?? 0;
  if (channels === 0 || width === 0 || height === 0) throw malformed("its header is no PNG header");
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const [length, type] = [view.getUint32(at), view.getUint32(at + 4)];
    if (at + 12 + length > bytes.length) throw malformed("a chunk goes beyond its end");
    if (type === IDAT) parts.push(bytes.subarray(at + 8, at + 8 + length));
  }
  const packed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (packed.set(part, at), at + part.length), 0);
  const rowBytes = (columns: number): number =>
    columns === 0 ? 0 : 1 + Math.ceil((columns * channels * depth) / 8);
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1] as const];
  const expected = passes.reduce((sum, [left, top, right, down]) => {
    const columns = Math.ceil((width - left) / right);
    return sum + Math.max(0, Math.ceil((height - top) / down)) * rowBytes(Math.max(0, columns));
  }, 0);
  // Two bytes of zlib's header, four of its checksum.
  inflate(packed.subarray(2, -4), expected, malformed);
}

const IDAT = 0x49444154;
/** First column and row, and steps, of each pass (PNG specification, §8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** 16 bits lose their lower half; 1, 2 and 4 are spread over 0…255. */
function toBytes(
  data: ArrayLike<number>,
  depth: number,
  width: number,
  height: number,
  channels: number,
): Uint8Array {
  const result = new Uint8Array(width * height * channels);
  if (depth === 16) return result.map((_, i) => (data[i] ?? 0) >> 8);
  const rowBytes = Math.ceil((width * channels * depth) / 8);
  const most = 2 ** depth - 1;
  return result.map((_, i) => {
    const [row, column] = [Math.floor(i / (width * channels)), i % (width * channels)];
    const bit = column * depth;
    const byte = data[row * rowBytes + (bit >> 3)] ?? 0;
    return (((byte >> (8 - depth - (bit & 7))) & most) * 255) / most;
  });
}

function readJpeg(bytes: Uint8Array, where: string): Tensor {
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: MAX_IMAGE_PIXELS / 1e6,
    maxMemoryUsageInMB: MAX_JPEG_MIB,
  });
  requireAtMost("the number of pixels", width * height, MAX_IMAGE_PIXELS, where);
  return pixels(height, width, 3, data);
}

/** The decoder's own count of what it allocates: coefficients as numbers and three planes, some 20 bytes a pixel. */
const MAX_JPEG_MIB = 1_024;

function pixels(height: number, width: number, channels: number, data: ArrayLike<number>): Tensor {
  if (channels !== 4)
    return { shape: [height, width, channels], dtype: "uint8", data: Uint8Array.from(data) };
  let opaque = true;
  for (let i = 3; i < data.length && opaque; i += 4) opaque = data[i] === 255;
  if (!opaque) return { shape: [height, width, 4], dtype: "uint8", data: Uint8Array.from(data) };
  // An alpha that says nothing is none.
  const colours = Uint8Array.from(
    { length: height * width * 3 },
    (_, i) => data[Math.floor(i / 3) * 4 + (i % 3)] ?? 0,
  );
  return { shape: [height, width, 3], dtype: "uint8", data: colours };
}
