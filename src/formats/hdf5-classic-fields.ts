/**
 * @file Fields of a block of an HDF5 file, in their order. What would lie beyond the block is `file.malformed`, so that
 * no damaged length is ever believed.
 */

import { malformed } from "./hdf5-header.ts";

/** The file has a layout that the reader of our own does not know: the library may. Never a sign of damage. */
export class OutsideSubset extends Error {
  override readonly name = "OutsideSubset";
}

/** The "undefined address" of HDF5: nothing is there. */
const UNDEFINED = 0xffff_ffff;

export class Fields {
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /** `what` names the block in errors. */
  constructor(bytes: Uint8Array, what: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#step(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  /** Beyond 2⁵³ rounded: larger than any file, and refused as such by whoever uses it. */
  u64(): number {
    const at = this.#step(8);
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  /** null: nothing is there. */
  address(): number | null {
    const at = this.#step(8);
    const low = this.#view.getUint32(at, true);
    const high = this.#view.getUint32(at + 4, true);
    return low === UNDEFINED && high === UNDEFINED ? null : high * 2 ** 32 + low;
  }

  bytes(length: number): Uint8Array {
    const at = this.#step(length);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length);
  }

  skip(length: number): void {
    this.#step(length);
  }

  /** Four letters. */
  signature(letters: string): void {
    for (let i = 0; i < 4; i++)
      if (this.u8() !== letters.charCodeAt(i)) throw malformed(`no ${this.#what} where one should be`);
  }

  #step(length: number): number {
    const at = this.#at;
    if (!(length >= 0 && length <= this.left)) throw malformed(`${this.#what} that ends in the middle`);
    this.#at += length;
    return at;
  }
}

/** From `start` up to the first NUL. Throws `file.malformed` when there is none. */
export function untilNul(bytes: Uint8Array, what: string, start = 0): Uint8Array {
  const end = bytes.indexOf(0, start);
  if (end < 0) throw malformed(`${what} without an end`);
  return bytes.subarray(start, end);
}

export const padded = (length: number): number => Math.ceil(length / 8) * 8;
