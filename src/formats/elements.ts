/**
 * @file Raw bytes ⇄ tensor data, in either byte order. float16 and bfloat16 are widened exactly; narrowing rounds to
 * nearest even. Typed arrays are little-endian here, as on every machine that runs a JavaScript engine.
 */

import { VernierError } from "../base/errors.ts";
import type { DType } from "../tensor/dtype.ts";
import { type Shape, sizeOf, type Tensor, type TensorData } from "../tensor/tensor.ts";
import {
  bfloat16FromFloat32,
  float16FromFloat32,
  float32FromBfloat16,
  float32FromFloat16,
} from "./half-precision.ts";

export type NumericDType = Exclude<DType, "string">;

export const BYTES_PER_ELEMENT: { readonly [D in NumericDType]: number } = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/** Decodes row-major elements. Throws `file.truncated` when `bytes` does not hold exactly the shape. */
export function tensorFromBytes(
  bytes: Uint8Array,
  { shape, dtype, littleEndian = true }: { shape: Shape; dtype: NumericDType; littleEndian?: boolean },
): Tensor {
  const width = BYTES_PER_ELEMENT[dtype];
  const expected = sizeOf(shape) * width;
  if (bytes.byteLength !== expected) {
    throw new VernierError("file.truncated", {
      expected: `${expected} bytes for ${dtype} [${shape.join(", ")}]`,
      received: `${bytes.byteLength}`,
    });
  }
  const own = aligned(bytes, width, !littleEndian);
  return { shape, dtype, data: dataFromBytes(own, dtype) };
}

/** Encodes row-major little-endian elements. */
export function bytesFromTensor({ dtype, data }: Tensor): Uint8Array {
  if (dtype === "string" || !ArrayBuffer.isView(data))
    throw new VernierError("tensor.not-numeric", { dtype });
  if (dtype === "float16") return bytesOf(halves(data, float16FromFloat32, float16BitsFromNumber));
  if (dtype === "bfloat16") return bytesOf(halves(data, bfloat16FromFloat32, bfloat16BitsFromNumber));
  return bytesOf(data);
}

/** IEEE binary16 → the same number; every binary16 is a binary32. */
export function numberFromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** To the nearest binary16, ties to even; beyond 65520 infinite. */
export function float16BitsFromNumber(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(x);
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.max(magnitude, 2 ** -24))));
  const units = roundHalfEven(magnitude * 2 ** (10 - exponent));
  // Subnormals count units of 2⁻²⁴; a carry out of the fraction moves into the exponent by itself.
  return sign | (exponent === -14 ? units : ((exponent + 14) << 10) + units);
}

const scratch = { float: new Float32Array(1) };

/** To the nearest bfloat16 (the upper half of a binary32), ties to even. */
export function bfloat16BitsFromNumber(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0;
  scratch.float[0] = x;
  const bits = new Uint32Array(scratch.float.buffer)[0] ?? 0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function dataFromBytes(bytes: Uint8Array, dtype: NumericDType): TensorData {
  const { buffer, byteOffset, byteLength } = bytes;
  const count = byteLength / BYTES_PER_ELEMENT[dtype];
  switch (dtype) {
    case "float64":
      return new Float64Array(buffer, byteOffset, count);
    case "float32":
      return new Float32Array(buffer, byteOffset, count);
    case "float16":
      return float32FromFloat16(new Uint16Array(buffer, byteOffset, count));
    case "bfloat16":
      return float32FromBfloat16(new Uint16Array(buffer, byteOffset, count));
    case "int64":
      return new BigInt64Array(buffer, byteOffset, count);
    case "int32":
      return new Int32Array(buffer, byteOffset, count);
    case "int16":
      return new Int16Array(buffer, byteOffset, count);
    case "int8":
      return new Int8Array(buffer, byteOffset, count);
    case "uint64":
      return new BigUint64Array(buffer, byteOffset, count);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, count);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, count);
    case "uint8":
      return bytes;
    case "bool":
      return zerosAndOnes(bytes);
    default:
      return dtype satisfies never;
  }
}

/** The bytes at an offset that typed arrays accept, swapped to little-endian; a copy only when needed. */
function aligned(bytes: Uint8Array, width: number, swap: boolean): Uint8Array {
  if (!swap || width === 1) return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < swapped.length; at += width) {
    for (let k = 0; k < width; k++) swapped[at + k] = bytes[at + width - 1 - k] as number;
  }
  return swapped;
}

function zerosAndOnes(bytes: Uint8Array): Uint8Array {
  const truths = new Uint8Array(bytes.length);
  for (let i = 0; i < truths.length; i++) truths[i] = bytes[i] === 0 ? 0 : 1;
  return truths;
}

/** float64 is rounded once, not by way of float32. */
function halves(
  data: TensorData,
  fast: (floats: Float32Array) => Uint16Array,
  one: (x: number) => number,
): Uint16Array {
  return data instanceof Float32Array ? fast(data) : Uint16Array.from(data as Float64Array, one);
}

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
