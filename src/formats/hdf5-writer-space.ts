/**
 * @file The metadata part of an HDF5 file that is being laid out: blocks get their addresses first and their bytes
 * afterwards, so that a block may name the address of one that is placed later. Everything is little-endian.
 */

/** What HDF5 writes for "no address" (Specification §I: all bits set). */
export const UNDEFINED_ADDRESS = 0xffff_ffff_ffff_ffffn;

export class ByteWriter {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get at(): number {
    return this.#at;
  }

  u8(...values: readonly number[]): this {
    for (const value of values) this.#view.setUint8(this.#at++, value);
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    return this.skip(2);
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    return this.skip(4);
  }

  u64(value: number | bigint): this {
    this.#view.setBigUint64(this.#at, BigInt(value), true);
    return this.skip(8);
  }

  ascii(text: string): this {
    return this.u8(...Array.from(text, (letter) => letter.charCodeAt(0)));
  }

  bytes(bytes: Uint8Array): this {
    new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at, bytes.length).set(bytes);
    return this.skip(bytes.length);
  }

  /** Zeros, or what is there already. */
  skip(count: number): this {
    this.#at += count;
    return this;
  }
}

export interface Space {
  /** The address of the new block. `write` is called once all blocks are placed. */
  allocate(sizeBytes: number, write: (out: ByteWriter) => void): number;
  readonly sizeBytes: number;
  toBytes(): Uint8Array;
}

/** Addresses count from 0. */
export function createSpace(): Space {
  const blocks: { address: number; sizeBytes: number; write: (out: ByteWriter) => void }[] = [];
  let end = 0;
  return {
    get sizeBytes() {
      return end;
    },
    allocate(sizeBytes, write) {
      const address = end;
      blocks.push({ address, sizeBytes, write });
      end += padded(sizeBytes);
      return address;
    },
    toBytes() {
      const bytes = new Uint8Array(end);
      for (const { address, sizeBytes, write } of blocks)
        write(new ByteWriter(bytes.subarray(address, address + sizeBytes)));
      return bytes;
    },
  };
}

/** HDF5 aligns messages, names and heap objects to 8 bytes. */
export const padded = (sizeBytes: number): number => Math.ceil(sizeBytes / 8) * 8;

/** `sizeBytes` bytes, written by `write`. */
export function bytesBy(sizeBytes: number, write: (out: ByteWriter) => void): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  write(new ByteWriter(bytes));
  return bytes;
}
