/**
 * @file What the library does not tell about a dataset, read from its object header: the exact number format (a float
 * whose bits are laid out otherwise than IEEE 754's would be read as garbage) and where the bytes lie.
 *
 * Layout from the HDF5 File Format Specification 3.0: superblock §II.A, object headers §IV.A.1, datatype message
 * §IV.A.2.d, data layout message §IV.A.2.i, external files §IV.A.2.h.
 */

import { VernierError } from "../base/errors.ts";
import type { SyncReader } from "./hdf5-slice-fs.ts";
import { MAX_HEADER_BLOCKS, requireAtMost } from "./limits.ts";

export interface ObjectHeader {
  /** Body of the datatype message. */
  readonly datatype: DataView;
  readonly layout: "compact" | "contiguous" | "chunked" | "virtual";
  /** The bytes lie in other files. */
  readonly external: boolean;
}

const SIGNATURE = 0x894844460d0a1a0an;
const OBJECT_HEADER = 0x4f484452; // "OHDR"
const OBJECT_CONTINUATION = 0x4f43484b; // "OCHK"
const DATATYPE_MESSAGE = 0x03;
const EXTERNAL_FILES_MESSAGE = 0x07;
const LAYOUT_MESSAGE = 0x08;
const CONTINUATION_MESSAGE = 0x10;
const SHARED = 2;
const LAYOUTS = ["compact", "contiguous", "chunked", "virtual"] as const;

interface Message {
  readonly type: number;
  readonly shared: boolean;
  readonly body: DataView;
}

/** Throws `file.unsupported` unless the superblock is at the start and offsets and lengths have 8 bytes, as Keras writes. */
export function checkSuperblock(file: SyncReader): void {
  const view = bytesAt(file, 0, 48);
  const version = view.getUint8(8);
  const [sizes, base] = version < 2 ? [13, version === 0 ? 24 : 28] : [9, 12];
  const plain = view.getBigUint64(0) === SIGNATURE && version <= 3;
  if (plain && view.getUint8(sizes) === 8 && view.getUint8(sizes + 1) === 8) {
    if (view.getBigUint64(base, true) === 0n) return;
  }
  throw unsupported("an HDF5 file with an unusual superblock");
}

export function readObjectHeader(file: SyncReader, address: number): ObjectHeader {
  let datatype: DataView | undefined;
  let layout: ObjectHeader["layout"] | undefined;
  let external = false;
  for (const { type, shared, body } of messagesAt(file, address)) {
    if (type === DATATYPE_MESSAGE) {
      if (shared) throw unsupported("an HDF5 dataset with a committed datatype");
      datatype ??= body;
    }
    if (type === LAYOUT_MESSAGE) layout ??= layoutOf(body);
    if (type === EXTERNAL_FILES_MESSAGE) external = true;
  }
  if (datatype === undefined || datatype.byteLength < 8 || layout === undefined) {
    throw malformed("an object header lacks its datatype or layout");
  }
  return { datatype, layout, external };
}

/** Throws `file.malformed` unless every block of the header lies in the file: the library truncates their sizes. */
export function checkObjectHeader(file: SyncReader, address: number): void {
  for (const message of messagesAt(file, address)) void message;
}

function layoutOf(body: DataView): ObjectHeader["layout"] {
  const version = body.getUint8(0);
  // Versions 1 and 2 put the rank before the class.
  const layout = LAYOUTS[body.getUint8(version < 3 ? 2 : 1)];
  if (layout === undefined) throw malformed("an unknown data layout");
  return layout;
}

function* messagesAt(file: SyncReader, address: number): Generator<Message> {
  const start = bytesAt(file, address, 32);
  const isNew = start.getUint32(0) === OBJECT_HEADER;
  if (!isNew && start.getUint8(0) !== 1) throw malformed("no object header where one should be");
  const flags = isNew ? start.getUint8(5) : 0;
  const first = isNew ? firstBlock(start, flags) : { offset: 16, length: start.getUint32(8, true) };
  const blocks = [{ offset: address + first.offset, length: first.length }];
  for (let i = 0; i < blocks.length; i++) {
    requireAtMost("the number of blocks of an object header", blocks.length, MAX_HEADER_BLOCKS, "");
    const block = blocks[i];
    if (block === undefined) break;
    for (const message of messagesIn(bytesAt(file, block.offset, block.length), isNew, (flags & 4) !== 0)) {
      if (message.type === CONTINUATION_MESSAGE) blocks.push(continuation(file, message.body, isNew));
      else yield message;
    }
  }
}

function firstBlock(start: DataView, flags: number): { offset: number; length: number } {
  const at = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const width = 1 << (flags & 3);
  let length = 0;
  for (let i = width - 1; i >= 0; i--) length = length * 256 + start.getUint8(at + i);
  return { offset: at + width, length };
}

function continuation(file: SyncReader, body: DataView, isNew: boolean): { offset: number; length: number } {
  if (body.byteLength < 16) throw malformed("an object header that ends in the middle");
  const offset = Number(body.getBigUint64(0, true));
  const length = Number(body.getBigUint64(8, true));
  if (!isNew) return { offset, length };
  if (bytesAt(file, offset, 4).getUint32(0) !== OBJECT_CONTINUATION)
    throw malformed("a broken object header");
  return { offset: offset + 4, length: length - 8 }; // without signature and checksum
}

function* messagesIn(block: DataView, isNew: boolean, tracksOrder: boolean): Generator<Message> {
  const head = isNew ? (tracksOrder ? 6 : 4) : 8;
  for (let at = 0; at + head <= block.byteLength; ) {
    const type = isNew ? block.getUint8(at) : block.getUint16(at, true);
    const size = block.getUint16(at + (isNew ? 1 : 2), true);
    const flags = block.getUint8(at + (isNew ? 3 : 4));
    if (at + head + size > block.byteLength)
      throw malformed("a header message that is longer than its block");
    const body = new DataView(block.buffer, block.byteOffset + at + head, size);
    yield { type, shared: (flags & SHARED) !== 0, body };
    at += head + size;
  }
}

function bytesAt(file: SyncReader, offset: number, length: number): DataView {
  if (!Number.isSafeInteger(offset) || length < 0 || offset + length > file.sizeBytes) {
    throw malformed(`an address outside the file (${offset})`);
  }
  const bytes = new Uint8Array(length);
  file.readInto(bytes, offset);
  return new DataView(bytes.buffer);
}

export function malformed(reason: string): VernierError<"file.malformed"> {
  return new VernierError("file.malformed", { reason });
}

export function unsupported(what: string): VernierError<"file.unsupported"> {
  return new VernierError("file.unsupported", { what, remedy: "save the model again with a current Keras" });
}
