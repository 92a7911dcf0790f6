/**
 * @file The bytes of an HDF5 file by address: metadata through a cache of pages, so that the thousands of small blocks
 * of a model cost few reads; data past it. Every address and length is checked against the end of the file first.
 */

import { malformed } from "./hdf5-header.ts";
import type { Source } from "./source.ts";

const PAGE_BYTES = 64 * 2 ** 10;
/** Data as small as a bias lies among the metadata. */
const SMALL_BYTES = 4 * 2 ** 10;
/** 4 MiB: the metadata of a model with some 5,000 weights. */
const MAX_PAGES = 64;

export interface Blocks {
  /**
   * Metadata: small, not to be written to. Of a page that is in memory at once: there are thousands of blocks, and a
   * promise for each costs more than they do.
   */
  metadata(address: number | null, length: number): Uint8Array | Promise<Uint8Array>;
  /** Data, read in one go; the caller's own, or in `into`, which may hold them. */
  data(address: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
}

/** `end` is the end of the file as its superblock says. */
export function blocksOf(source: Source, end: number): Blocks {
  const pages = new Recent<number, Uint8Array>(MAX_PAGES);
  /** Those on their way, which many may wait for. */
  const reading = new Map<number, Promise<Uint8Array>>();
  const readPage = (index: number): Promise<Uint8Array> => {
    const start = index * PAGE_BYTES;
    const page =
      reading.get(index) ??
      source
        .read(start, Math.min(PAGE_BYTES, source.sizeBytes - start))
        .then((bytes) => {
          pages.set(index, bytes);
          return bytes;
        })
        .finally(() => reading.delete(index));
    reading.set(index, page);
    return page;
  };
  const check = (address: number | null, length: number): number => {
    if (address === null) throw malformed("an undefined address");
    const inside = Number.isSafeInteger(address) && length >= 0 && address + length <= end;
    if (!inside) throw malformed(`an address outside the file (${address}, ${length} bytes)`);
    return address;
  };
  const metadata: Blocks["metadata"] = (given, length) => {
    const address = check(given, length);
    const index = Math.floor(address / PAGE_BYTES);
    const start = address - index * PAGE_BYTES;
    const page = pages.get(index);
    return page !== undefined && start + length <= PAGE_BYTES
      ? page.subarray(start, start + length)
      : readBlock(index, start, length);
  };
  const readBlock = async (index: number, start: number, length: number): Promise<Uint8Array> => {
    if (length > PAGE_BYTES) return source.read(index * PAGE_BYTES + start, length);
    const page = pages.get(index) ?? (await readPage(index));
    if (start + length <= PAGE_BYTES) return page.subarray(start, start + length);
    const joined = new Uint8Array(length);
    const head = page.subarray(start);
    joined.set(head);
    const next = pages.get(index + 1) ?? (await readPage(index + 1));
    joined.set(next.subarray(0, length - head.length), head.length);
    return joined;
  };
  return {
    metadata,
    async data(given, length, into) {
      if (length <= SMALL_BYTES) return (await metadata(given, length)).slice();
      const bytes = await source.read(check(given, length), length, into);
      if (bytes.buffer === into?.buffer) return bytes;
      // A view of a source in memory must not be handed on: who gets a tensor may transfer its buffer.
      return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
    },
  };
}

/** The last `size` things that were looked up. */
export class Recent<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#size) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }
}
