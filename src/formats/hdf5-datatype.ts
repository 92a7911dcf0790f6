/**
 * @file HDF5 datatype messages → our element types. Only layouts that can be read exactly are accepted: IEEE 754
 * floats, whole two's-complement integers, h5py's bool (an enum of FALSE and TRUE), Keras's bfloat16 (opaque, or
 * HDF5 2.0's own float), strings. (HDF5 File Format Specification 3.0, §IV.A.2.d.)
 */

import type { DType } from "../tensor/dtype.ts";
import type { NumericDType } from "./elements.ts";
import { malformed, unsupported } from "./hdf5-header.ts";

export type ElementType =
  | { readonly kind: "numbers"; readonly dtype: NumericDType }
  | { readonly kind: "fixed-strings"; readonly padding: StringPadding }
  | { readonly kind: "variable-strings" }
  /** Two bytes that are a bfloat16 if the attribute `dtype` says so. */
  | { readonly kind: "opaque"; readonly sizeBytes: number };

export type StringPadding = "nul-terminated" | "nul-padded" | "space-padded";

const FIXED_POINT = 0;
const FLOATING_POINT = 1;
const STRING = 3;
const OPAQUE = 5;
const ENUM = 8;
const VARIABLE_LENGTH = 9;

/** `${precision}/${exponent at}/${exponent bits}/${mantissa at}/${mantissa bits}/${bias}/${sign at}` */
const FLOATS: { readonly [layout: string]: NumericDType } = {
  "64/52/11/0/52/1023/63": "float64",
  "32/23/8/0/23/127/31": "float32",
  "16/10/5/0/10/15/15": "float16",
  "16/7/8/0/7/127/15": "bfloat16",
};

const PADDINGS: readonly StringPadding[] = ["nul-terminated", "nul-padded", "space-padded"];

export function decodeDatatype(message: DataView): ElementType {
  if (message.byteLength < 8) throw malformed("a datatype message that ends in the middle");
  const typeClass = message.getUint8(0) & 0x0f;
  const bits = message.getUint8(1);
  const sizeBytes = message.getUint32(4, true);
  switch (typeClass) {
    case FIXED_POINT:
      return { kind: "numbers", dtype: integerOf(message, sizeBytes, bits) };
    case FLOATING_POINT:
      return { kind: "numbers", dtype: floatOf(message, sizeBytes, bits) };
    case STRING:
      if (bits >> 4 > 1) throw malformed("a text in an unknown character set");
      return { kind: "fixed-strings", padding: PADDINGS[bits & 0x0f] ?? refuse("a string type") };
    case OPAQUE:
      return { kind: "opaque", sizeBytes };
    case ENUM:
      return booleanOf(message, sizeBytes);
    case VARIABLE_LENGTH:
      if ((bits & 0x0f) === 1 && (message.getUint8(2) & 0x0f) > 1)
        throw malformed("a text in an unknown character set");
      if ((bits & 0x0f) === 1) return { kind: "variable-strings" };
      return refuse("a variable-length type");
    default:
      return refuse(`type class ${typeClass}`);
  }
}

/** What a reader is told; the opaque type needs the dataset's attribute. */
export function dtypeOf(type: ElementType, dtypeAttribute: unknown): DType {
  if (type.kind === "numbers") return type.dtype;
  if (type.kind !== "opaque") return "string";
  if (type.sizeBytes === 2 && dtypeAttribute === "bfloat16") return "bfloat16";
  return refuse("an opaque type");
}

function integerOf(message: DataView, sizeBytes: number, bits: number): NumericDType {
  if (message.byteLength < 12) throw malformed("a datatype message that ends in the middle");
  const whole = message.getUint16(8, true) === 0 && message.getUint16(10, true) === 8 * sizeBytes;
  const dtype = `${bits & 8 ? "int" : "uint"}${8 * sizeBytes}`;
  if (!whole || ![1, 2, 4, 8].includes(sizeBytes))
    return refuse(`a ${sizeBytes}-byte integer with unused bits`);
  return dtype as NumericDType;
}

function floatOf(message: DataView, sizeBytes: number, bits: number): NumericDType {
  if (message.byteLength < 20) throw malformed("a datatype message that ends in the middle");
  const u8 = (at: number): number => message.getUint8(at);
  const layout = [
    message.getUint16(10, true),
    u8(12),
    u8(13),
    u8(14),
    u8(15),
    message.getUint32(16, true),
    u8(2),
  ];
  const dtype = FLOATS[layout.join("/")];
  const offset = message.getUint16(8, true);
  // Bit 6 marks VAX byte order; normalization 2 is "the leading bit is implied".
  const ieee = (bits & 0x40) === 0 && ((bits >> 4) & 3) === 2 && offset === 0;
  if (dtype === undefined || !ieee || layout[0] !== 8 * sizeBytes)
    return refuse("a float that is not IEEE 754's");
  return dtype;
}

function booleanOf(message: DataView, sizeBytes: number): ElementType {
  if (message.byteLength < 20) throw malformed("a datatype message that ends in the middle");
  // Class and flags, size, then the base type (12 bytes), the names, NUL-padded, and the values 0 and 1.
  const tail = new Uint8Array(message.buffer, message.byteOffset + 20, message.byteLength - 20);
  const parts = String.fromCharCode(...tail.subarray(0, 32)).split("\0");
  const words = parts.filter((part) => part !== "").join(",");
  const isBoolean = words === `FALSE,TRUE,${String.fromCharCode(1)}`;
  const isPair = message.getUint16(1, true) === 2 && sizeBytes === 1;
  return isBoolean && isPair ? { kind: "numbers", dtype: "bool" } : refuse("an enumeration");
}

function refuse(what: string): never {
  throw unsupported(`an HDF5 dataset with ${what}`);
}
