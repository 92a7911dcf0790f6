/**
 * @file Whether a datatype message can be what HDF5 wrote. What can be is decoded by `hdf5-datatype.ts`; what cannot is
 * damage, in a type that we do not read too. (The checks of HDF5 1.14, H5Odtype.c, `H5O__dtype_decode_helper`.)
 */

import { Fields, padded, untilNul } from "./hdf5-classic-fields.ts";
import { malformed } from "./hdf5-header.ts";

const LAST_CLASS = 10;
const LAST_VERSION = 3;
const INTEGER = 0;
const FLOAT = 1;
const BITS = 4;
const OPAQUE = 5;
const ENUM = 8;
/** Of an integer's whole message. */
const INTEGER_BYTES = 12;
const VARIABLE_LENGTH = 9;
const ARRAY = 10;

/** Size of an element in bytes. */
export function checkedSize(message: Uint8Array): number {
  const fields = new Fields(message, "a datatype");
  const classAndVersion = fields.u8();
  const typeClass = classAndVersion & 0x0f;
  const version = classAndVersion >> 4;
  if (typeClass > LAST_CLASS || version < 1 || version > LAST_VERSION) throw malformed("an unknown datatype");
  const flags = fields.u8();
  const sign = fields.u8();
  fields.skip(1);
  const size = fields.u32();
  if (size === 0) throw malformed("a datatype of no size");
  if (typeClass === INTEGER || typeClass === FLOAT || typeClass === BITS) {
    const precision = checkBits(fields, size);
    if (typeClass === FLOAT) checkFloat(fields, { flags, sign, precision });
  }
  if (typeClass === OPAQUE && flags % 8 !== 0) throw malformed("an opaque type whose tag has an odd length");
  if (typeClass === ARRAY) checkArray(fields, version);
  if (typeClass === VARIABLE_LENGTH) checkedSize(fields.bytes(fields.left));
  if (typeClass === ENUM) checkEnum(fields, { count: sign * 256 + flags, version });
  return size;
}

/** An integer type, then the names of its values, each padded to 8 bytes before version 3. */
function checkEnum(fields: Fields, { count, version }: { count: number; version: number }): void {
  const base = fields.bytes(INTEGER_BYTES);
  checkedSize(base);
  if (((base[0] ?? 0) & 0x0f) !== INTEGER) throw malformed("an enumeration of no integers");
  const names = fields.bytes(fields.left);
  for (let i = 0, at = 0; i < count; i++) {
    const { length } = untilNul(names, "the name of a value", at);
    if (length === 0) throw malformed("a value without a name");
    at += version < 3 ? padded(length + 1) : length + 1;
  }
}

/** Extents, before version 3 a permutation of them, and the type of an element. */
function checkArray(fields: Fields, version: number): void {
  if (version < 2) throw malformed("an array type of a version that had none");
  const rank = fields.u8();
  fields.skip(version === 2 ? 3 + 8 * rank : 4 * rank);
  checkedSize(fields.bytes(fields.left));
}

/** Bits in use. */
function checkBits(fields: Fields, size: number): number {
  const offset = fields.u16();
  const precision = fields.u16();
  if (precision === 0 || offset + precision > 8 * size) throw malformed("a number with bits outside it");
  if (size > 1 && precision < 4 * size) throw malformed("a number with unusually many unused bits");
  return precision;
}

function checkFloat(
  fields: Fields,
  { flags, sign, precision }: { flags: number; sign: number; precision: number },
): void {
  const exponentAt = fields.u8();
  const exponentBits = fields.u8();
  const mantissaAt = fields.u8();
  const mantissaBits = fields.u8();
  fields.skip(4);
  // Bits 0 and 6 are the byte order; 4 and 5 the normalization.
  if ((flags & 0x41) === 0x40 || ((flags >> 4) & 3) === 3) throw malformed("a float of an unknown kind");
  const outside =
    exponentBits === 0 ||
    mantissaBits === 0 ||
    exponentAt + exponentBits > precision ||
    mantissaAt + mantissaBits > precision ||
    sign >= precision;
  const overlaps = exponentAt < mantissaAt + mantissaBits && mantissaAt < exponentAt + exponentBits;
  const within = (at: number, bits: number): boolean => sign >= at && sign < at + bits;
  if (outside || overlaps || within(exponentAt, exponentBits) || within(mantissaAt, mantissaBits))
    throw malformed("a float whose parts do not fit");
}
