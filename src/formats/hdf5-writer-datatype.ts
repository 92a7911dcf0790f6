/**
 * @file Our element types → HDF5 datatype and dataspace messages, byte for byte as h5py 3 writes them with
 * `libver="earliest"`. (HDF5 File Format Specification 3.0, §IV.A.2.b and d.)
 */

import type { Shape } from "../tensor/tensor.ts";
import type { NumericDType } from "./elements.ts";
import { bytesBy } from "./hdf5-writer-space.ts";

/** Class in the low half, version 1 in the high half of the first byte. */
const FIXED_POINT = 0x10;
const FLOATING_POINT = 0x11;
const STRING = 0x13;
const OPAQUE = 0x15;
const ENUM = 0x18;
const VARIABLE_LENGTH = 0x19;

const SIGNED = 0x08;
/** A normalized mantissa: its highest bit is not stored. */
const IMPLIED_BIT = 0x20;
const NUL_PADDED = 1;
const IS_STRING = 1;

/** As Python tags a text: `str` is UTF-8, `bytes` ASCII (whatever they hold). */
export type Charset = "ascii" | "utf-8";

export function encodeNumericType(dtype: NumericDType): Uint8Array {
  switch (dtype) {
    case "float64":
      return floatType(8, 11, 52, 1023);
    case "float32":
      return floatType(4, 8, 23, 127);
    case "float16":
      return floatType(2, 5, 10, 15);
    case "bfloat16":
      // HDF5 1.x has no such float: h5py writes Keras's as NumPy's |V2, and an attribute says what it is.
      return bytesBy(8, (out) => out.u8(OPAQUE, 0, 0, 0).u32(2));
    case "int64":
    case "int32":
    case "int16":
    case "int8":
      return integerType(Number(dtype.slice(3)) / 8, SIGNED);
    case "uint64":
    case "uint32":
    case "uint16":
    case "uint8":
      return integerType(Number(dtype.slice(4)) / 8, 0);
    case "bool":
      return booleanType();
    default:
      return dtype satisfies never;
  }
}

/** Length (4 bytes), collection (8) and index (4) in the global heap; the elements are characters. */
export function encodeVariableStringType(charset: Charset): Uint8Array {
  return bytesBy(20, (out) => {
    out.u8(VARIABLE_LENGTH, IS_STRING, charset === "utf-8" ? 1 : 0, 0).u32(16);
    out.bytes(integerType(1, 0));
  });
}

export function encodeFixedStringType(width: number): Uint8Array {
  return bytesBy(8, (out) => out.u8(STRING, NUL_PADDED, 0, 0).u32(width));
}

/** Version 1; a scalar has rank 0. The largest extents are the present ones. */
export function encodeDataspace(shape: Shape): Uint8Array {
  const withMaxima = shape.length === 0 ? 0 : 1;
  return bytesBy(8 + 16 * shape.length, (out) => {
    out.u8(1, shape.length, withMaxima).skip(5);
    for (const extent of [...shape, ...shape]) out.u64(extent);
  });
}

function floatType(sizeBytes: number, exponent: number, mantissa: number, bias: number): Uint8Array {
  return bytesBy(20, (out) => {
    out.u8(FLOATING_POINT, IMPLIED_BIT, 8 * sizeBytes - 1, 0).u32(sizeBytes);
    out.u16(0).u16(8 * sizeBytes);
    out.u8(mantissa, exponent, 0, mantissa).u32(bias);
  });
}

function integerType(sizeBytes: number, sign: number): Uint8Array {
  return bytesBy(12, (out) => {
    out.u8(FIXED_POINT, sign, 0, 0).u32(sizeBytes);
    out.u16(0).u16(8 * sizeBytes);
  });
}

/** h5py's bool: an enumeration over int8. */
function booleanType(): Uint8Array {
  return bytesBy(38, (out) => {
    out.u8(ENUM, 2, 0, 0).u32(1).bytes(integerType(1, SIGNED));
    out.ascii("FALSE").skip(3).ascii("TRUE").skip(4).u8(0, 1);
  });
}
