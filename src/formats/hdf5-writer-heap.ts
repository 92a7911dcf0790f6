/**
 * @file The global heap of an HDF5 file that is written: collections ("GCOL") of byte strings that attributes and
 * datasets of variable-length strings refer to. (HDF5 File Format Specification 3.0, §III.E.)
 */

import { type ByteWriter, padded, type Space } from "./hdf5-writer-space.ts";

/** `H5HG_MINSIZE` of libhdf5. */
const MIN_COLLECTION_BYTES = 4096;
/** A library reads a collection as a whole: larger ones are for single objects that need them. */
const FULL_COLLECTION_BYTES = 65_536;
const HEADER_BYTES = 16;

/** Where a string will be; its collection has an address once the heap is placed. */
export interface HeapReference {
  readonly collection: Collection | null;
  readonly index: number;
  readonly sizeBytes: number;
}

export interface GlobalHeap {
  add(bytes: Uint8Array): HeapReference;
  place(space: Space): void;
}

interface Collection {
  address: number;
  usedBytes: number;
  readonly objects: Uint8Array[];
}

/** Bytes of a reference inside an attribute or a dataset. */
export const REFERENCE_BYTES = 16;

export function createGlobalHeap(): GlobalHeap {
  const collections: Collection[] = [];
  return {
    add(bytes) {
      // As libhdf5 writes an empty string.
      if (bytes.length === 0) return { collection: null, index: 0, sizeBytes: 0 };
      const needed = HEADER_BYTES + padded(bytes.length);
      let collection = collections.at(-1);
      if (collection === undefined || collection.usedBytes + needed > FULL_COLLECTION_BYTES) {
        collection = { address: 0, usedBytes: HEADER_BYTES, objects: [] };
        collections.push(collection);
      }
      collection.objects.push(bytes);
      collection.usedBytes += needed;
      return { collection, index: collection.objects.length, sizeBytes: bytes.length };
    },
    place(space) {
      for (const collection of collections) {
        const sizeBytes = sizeOfCollection(collection);
        collection.address = space.allocate(sizeBytes, (out) => writeCollection(out, collection, sizeBytes));
      }
    },
  };
}

export function writeReference(out: ByteWriter, { collection, index, sizeBytes }: HeapReference): void {
  out
    .u32(sizeBytes)
    .u64(collection?.address ?? 0)
    .u32(index);
}

/** What is left over must hold the header of the free space. */
function sizeOfCollection({ usedBytes }: Collection): number {
  if (usedBytes >= MIN_COLLECTION_BYTES) return usedBytes;
  return Math.max(MIN_COLLECTION_BYTES, usedBytes + HEADER_BYTES);
}

function writeCollection(out: ByteWriter, { objects, usedBytes }: Collection, sizeBytes: number): void {
  out.ascii("GCOL").u8(1, 0, 0, 0).u64(sizeBytes);
  objects.forEach((bytes, i) => {
    // Reference count 0, as libhdf5 writes it: "not counted".
    out
      .u16(i + 1)
      .u16(0)
      .u32(0)
      .u64(bytes.length);
    out.bytes(bytes).skip(padded(bytes.length) - bytes.length);
  });
  // Object 0 is the free space, its header included.
  if (usedBytes < sizeBytes)
    out
      .u16(0)
      .u16(0)
      .u32(0)
      .u64(sizeBytes - usedBytes);
}
