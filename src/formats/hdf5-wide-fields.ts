/**
 * @file Fields of 64 bits that the library truncates. As WebAssembly its `size_t` has 32 bits, so that damage to the
 * upper half of a length or heap offset goes unnoticed: the file reads as if it were sound, where HDF5 on any 64-bit
 * machine refuses it. So every metadata block that the library is given is looked at here first.
 *
 * HDF5 File Format Specification 3.0: local heap §III.D, global heap §III.E, B-tree §III.A.1, symbol table node §III.B.
 * (Blocks of the newer format carry checksums. Object headers are read by `hdf5-header.ts`.)
 */

import type { SyncReader } from "./hdf5-slice-fs.ts";

export interface WatchedReader extends SyncReader {
  /** Off while weights are read: their bytes are no metadata. */
  watching: boolean;
  /** What was found, once and for all. */
  readonly damage: string | null;
}

const LOCAL_HEAP = signature("HEAP", 0);
const GLOBAL_HEAP = signature("GCOL", 1);
const SYMBOL_NODE = signature("SNOD", 1);
/** Node type 0 is a group's; the others have no such keys. */
const GROUP_TREE = signature("TREE", 0);
/** Marks the end of a local heap's free list. */
const NO_FREE_BLOCK = 1;
const SYMBOL_BYTES = 40;
const SIGNATURE_BYTES = 5;

export function watchWideFields(file: SyncReader): WatchedReader {
  const seen = new Set<number>();
  let damage: string | null = null;
  return {
    sizeBytes: file.sizeBytes,
    watching: true,
    get damage() {
      return damage;
    },
    readInto(target, offset) {
      file.readInto(target, offset);
      if (!this.watching || damage !== null) return;
      // A signature may lie across two reads.
      const start = Math.max(0, offset - SIGNATURE_BYTES + 1);
      const end = Math.min(file.sizeBytes, offset + target.length + SIGNATURE_BYTES - 1);
      const bytes = bytesAt(file, start, end - start);
      for (let i = 0; i + SIGNATURE_BYTES <= bytes.byteLength; i++) {
        const check = checkFor(bytes, i);
        if (check === null || seen.has(start + i)) continue;
        seen.add(start + i);
        damage ??= check(file, start + i) ? null : `a size or offset beyond the file at byte ${start + i}`;
      }
    },
  };
}

/** true when every wide field of the block at `address` lies inside the file. */
type Check = (file: SyncReader, address: number) => boolean;

function checkFor(bytes: DataView, at: number): Check | null {
  const first = bytes.getUint8(at);
  // Most bytes are none of these letters: H, G, S, T.
  if (first !== 0x48 && first !== 0x47 && first !== 0x53 && first !== 0x54) return null;
  const found = bytes.getUint32(at) * 256 + bytes.getUint8(at + 4);
  if (found === LOCAL_HEAP) return checkLocalHeap;
  if (found === GLOBAL_HEAP) return checkGlobalHeap;
  if (found === GROUP_TREE) return checkGroupTree;
  return found === SYMBOL_NODE ? checkSymbolNode : null;
}

/** Size of the data, head of the free list; then the list: (next, size) inside the data. */
function checkLocalHeap(file: SyncReader, address: number): boolean {
  const head = bytesAt(file, address, 32);
  if (head.byteLength < 32) return false;
  const [size, free, data] = [8, 16, 24].map((at) => wide(head, at));
  if (size === undefined || free === undefined || data === undefined || data + size > file.sizeBytes)
    return false;
  for (let block = free, steps = 0; block !== NO_FREE_BLOCK; steps++) {
    if (block + 16 > size || steps > size / 16) return false;
    const entry = bytesAt(file, data + block, 16);
    if (block + wide(entry, 8) > size) return false;
    block = wide(entry, 0);
  }
  return true;
}

/** Its own size, then objects, each with its size, padded to 8 bytes; object 0 is the free space that ends it. */
function checkGlobalHeap(file: SyncReader, address: number): boolean {
  const head = bytesAt(file, address, 16);
  if (head.byteLength < 16) return false;
  const size = wide(head, 8);
  if (address + size > file.sizeBytes) return false;
  for (let at = 16; at + 16 <= size; ) {
    const object = bytesAt(file, address + at, 16);
    const objectBytes = wide(object, 8);
    if (object.getUint16(0, true) === 0) return objectBytes === 0 || at + objectBytes <= size;
    at += 16 + Math.ceil(objectBytes / 8) * 8;
    if (at > size) return false;
  }
  return true;
}

/** Each symbol begins with the offset of its name in the local heap. */
function checkSymbolNode(file: SyncReader, address: number): boolean {
  const head = bytesAt(file, address, 8);
  if (head.byteLength < 8) return false;
  const count = head.getUint16(6, true);
  const symbols = bytesAt(file, address + 8, count * SYMBOL_BYTES);
  if (symbols.byteLength < count * SYMBOL_BYTES) return false;
  return Array.from({ length: count }, (_, i) => wide(symbols, i * SYMBOL_BYTES)).every((name) => {
    return name < file.sizeBytes;
  });
}

/** Keys, which are offsets of names in the local heap, between the children. */
function checkGroupTree(file: SyncReader, address: number): boolean {
  const head = bytesAt(file, address, 24);
  if (head.byteLength < 24) return false;
  const count = head.getUint16(6, true);
  const entries = bytesAt(file, address + 24, count * 16 + 8);
  if (entries.byteLength < count * 16 + 8) return false;
  return Array.from({ length: count + 1 }, (_, i) => wide(entries, i * 16)).every(
    (key) => key < file.sizeBytes,
  );
}

const wide = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** As many of `length` bytes as there are. */
function bytesAt(file: SyncReader, offset: number, length: number): DataView {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, file.sizeBytes - offset)));
  if (bytes.length > 0) file.readInto(bytes, offset);
  return new DataView(bytes.buffer);
}

function signature(letters: string, version: number): number {
  return Array.from(letters).reduce((value, letter) => value * 256 + letter.charCodeAt(0), 0) * 256 + version;
}
