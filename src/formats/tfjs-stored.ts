/**
 * @file How one weight is stored for TF.js: which of its four dtypes, how many bytes, and the bytes piece by piece.
 * What TF.js has no dtype for becomes float32 or int32; what was rounded by that is reported, what does not fit refused.
 */

import { VernierError } from "../base/errors.ts";
import { FLOAT16, roundTo } from "../numerics/formats.ts";
import type { DType } from "../tensor/dtype.ts";
import { sizeOf, type Tensor, type TensorData } from "../tensor/tensor.ts";
import { BYTES_PER_ELEMENT } from "./elements.ts";
import { MAX_STRING_BYTES, requireAtMost } from "./limits.ts";
import type { TensorSource } from "./output.ts";
import type { ManifestEntry, Quantization } from "./tfjs-manifest.ts";
import { affineOf, quantize, rangeOf } from "./tfjs-quantize.ts";

export interface TfjsWeightToWrite {
  readonly name: string;
  readonly source: TensorSource;
  /** Of weights that TF.js holds as float32; others are stored as they are, as the converter does. */
  readonly quantization: Quantization["dtype"] | null;
  /** "optimizer" for optimizer state. */
  readonly group?: string;
}

/** A weight whose stored numbers are not all the numbers that it had. */
export interface RoundedWeight {
  readonly name: string;
  readonly from: DType;
  readonly to: "float32" | Quantization["dtype"];
  /** Elements that changed; null for uint8 and uint16, where nearly all do. */
  readonly changed: number | null;
  /** Of them, finite numbers that became infinite. */
  readonly overflowed: number;
}

export interface StoredWeight {
  readonly entry: ManifestEntry;
  readonly sizeBytes: number;
  readonly rounded: RoundedWeight | null;
  bytes(): AsyncIterable<Uint8Array>;
}

/** Elements converted at once: what bounds memory where a source gives a whole tensor. */
const PIECE_ELEMENTS = 2 ** 20;
const LENGTH_BYTES = 4;
const MAX_INT32 = 2 ** 31 - 1;

/** What TF.js holds a dtype as. `int64`, `uint64` and `uint32` fit only while their numbers fit int32. */
export function tfjsDtypeFor(dtype: DType): ManifestEntry["dtype"] {
  switch (dtype) {
    case "float64":
    case "float32":
    case "float16":
    case "bfloat16":
      return "float32";
    case "int64":
    case "int32":
    case "int16":
    case "int8":
    case "uint64":
    case "uint32":
    case "uint16":
    case "uint8":
      return "int32";
    case "bool":
    case "string":
      return dtype;
    default:
      return dtype satisfies never;
  }
}

/** Reads the source once where its numbers decide: ranges, roundings, lengths. Throws `weights.unwritable`. */
export async function planWeight(weight: TfjsWeightToWrite): Promise<StoredWeight> {
  const { name, source, group = null } = weight;
  const dtype = tfjsDtypeFor(source.dtype);
  const { quantization, rounded } = await quantizationOf(weight, dtype);
  if (["int64", "uint64", "uint32"].includes(source.dtype)) await requireInt32(name, source);
  const count = sizeOf(source.shape);
  const sizeBytes =
    dtype === "string"
      ? await stringBytes(name, source)
      : count * BYTES_PER_ELEMENT[quantization?.dtype ?? dtype];
  return {
    entry: { name, shape: source.shape, dtype, quantization, group },
    sizeBytes,
    rounded,
    async *bytes() {
      for await (const piece of smallPieces(source)) yield encode(piece, dtype, quantization);
    },
  };
}

async function quantizationOf(
  { name, source, quantization: wanted }: TfjsWeightToWrite,
  dtype: ManifestEntry["dtype"],
): Promise<{ quantization: Quantization | null; rounded: RoundedWeight | null }> {
  const from = source.dtype;
  if (dtype !== "float32" || (wanted === null && from !== "float64"))
    return { quantization: null, rounded: null };
  const to = wanted ?? "float32";
  const round = to === "float16" ? (x: number) => roundTo(FLOAT16, x) : Math.fround;
  let range = { min: Infinity, max: -Infinity };
  let changed = 0;
  let overflowed = 0;
  for await (const { data } of smallPieces(source)) {
    if (to === "uint8" || to === "uint16") {
      range = rangeOf(float32From(data), range);
      continue;
    }
    for (const value of data as Float32Array | Float64Array) {
      const stored = round(value);
      if (Object.is(stored, value)) continue;
      changed++;
      if (Number.isFinite(value) && !Number.isFinite(stored)) overflowed++;
    }
  }
  if (to === "uint8" || to === "uint16") {
    const rounded = { name, from, to, changed: null, overflowed };
    return { quantization: affineOf(range, to, name), rounded };
  }
  return {
    quantization: to === "float16" ? { dtype: to } : null,
    rounded: changed === 0 ? null : { name, from, to, changed, overflowed },
  };
}

async function requireInt32(weight: string, source: TensorSource): Promise<void> {
  for await (const { data } of smallPieces(source)) {
    for (const value of data as BigInt64Array | Uint32Array) {
      if (value <= MAX_INT32 && value >= -MAX_INT32 - 1) continue;
      const reason = `it is ${source.dtype}, and ${value} does not fit int32`;
      throw new VernierError("weights.unwritable", { weight, reason });
    }
  }
}

async function stringBytes(weight: string, source: TensorSource): Promise<number> {
  let sizeBytes = 0;
  for await (const { data } of smallPieces(source)) {
    for (const text of data as readonly string[]) {
      const { length } = new TextEncoder().encode(text);
      requireAtMost("the length of a string in bytes", length, MAX_STRING_BYTES, weight);
      sizeBytes += LENGTH_BYTES + length;
    }
  }
  return sizeBytes;
}

async function* smallPieces(source: TensorSource): AsyncGenerator<Tensor> {
  for await (const { dtype, data } of source.pieces()) {
    for (let at = 0; at < data.length; at += PIECE_ELEMENTS) {
      const part = ArrayBuffer.isView(data)
        ? data.subarray(at, at + PIECE_ELEMENTS)
        : data.slice(at, at + PIECE_ELEMENTS);
      yield { shape: [part.length], dtype, data: part };
    }
  }
}

function encode(
  { data }: Tensor,
  dtype: ManifestEntry["dtype"],
  quantization: Quantization | null,
): Uint8Array {
  if (quantization !== null) return bytesOf(quantize(float32From(data), quantization));
  switch (dtype) {
    case "float32":
      return bytesOf(float32From(data));
    case "int32":
      return bytesOf(int32From(data));
    case "bool":
      return bytesOf(data as Uint8Array);
    case "string":
      return bytesFromStrings(data as readonly string[]);
    default:
      return dtype satisfies never;
  }
}

const float32From = (data: TensorData): Float32Array =>
  data instanceof Float32Array ? data : new Float32Array(data as Float64Array);

function int32From(data: TensorData): Int32Array {
  if (data instanceof Int32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Int32Array.from(data, Number);
  return new Int32Array(data as Int16Array);
}

function bytesFromStrings(texts: readonly string[]): Uint8Array {
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const bytes = new Uint8Array(encoded.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of encoded) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + LENGTH_BYTES);
    at += LENGTH_BYTES + text.length;
  }
  return bytes;
}

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
