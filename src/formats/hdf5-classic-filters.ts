/**
 * @file The filters of chunks, undone: gzip with its checksum, shuffle, fletcher32. A chunk gives exactly its size or
 * an error. (HDF5 1.14: H5Zdeflate.c, H5Zshuffle.c, H5Zfletcher32.c; RFC 1950.)
 */

import { inflate } from "./deflate.ts";
import type { Filter } from "./hdf5-classic-messages.ts";
import { malformed } from "./hdf5-header.ts";

const CHECKSUM_BYTES = 4;

/** Bit i of `mask` says that filter i was left out. */
export function unfilter(
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  sizeBytes: number,
): Uint8Array {
  let bytes = stored;
  for (const [i, { kind, parameter }] of [...filters.entries()].reverse()) {
    if (((mask >>> i) & 1) === 1) continue;
    // What an earlier filter put behind the data is still there.
    const before =
      sizeBytes +
      CHECKSUM_BYTES *
        filters.slice(0, i).filter((f, j) => f.kind === "fletcher32" && ((mask >>> j) & 1) === 0).length;
    if (kind === "deflate") bytes = inflateZlib(bytes, before);
    else if (kind === "shuffle") bytes = unshuffle(bytes, parameter);
    else bytes = verified(bytes);
  }
  if (bytes.length !== sizeBytes) throw malformed(`a chunk of ${bytes.length} bytes instead of ${sizeBytes}`);
  return bytes;
}

function inflateZlib(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const [method = 0, flags = 0] = bytes;
  const isZlib =
    (method & 0x0f) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0 && (flags & 0x20) === 0;
  if (!isZlib || bytes.length < 2 + CHECKSUM_BYTES) throw malformed("a compressed chunk that is not zlib's");
  const end = bytes.length - CHECKSUM_BYTES;
  const plain = inflate(bytes.subarray(2, end), sizeBytes, (reason) => malformed(`a chunk: ${reason}`));
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0);
  if (adler32(plain) !== stored) throw malformed("a chunk whose checksum is wrong");
  return plain;
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  // So many additions stay below 2³² (RFC 1950's own sample code).
  const step = 5552;
  for (let at = 0; at < bytes.length; at += step) {
    const end = Math.min(bytes.length, at + step);
    for (let i = at; i < end; i++) {
      a += bytes[i] ?? 0;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return b * 65_536 + a;
}

/** The first bytes of all elements, then the second ones, …; what is left over of the last stays in place. */
function unshuffle(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const count = Math.floor(bytes.length / elementBytes);
  if (elementBytes === 1 || count <= 1) return bytes;
  const plain = bytes.slice();
  for (let byte = 0; byte < elementBytes; byte++) {
    for (let i = 0, from = byte * count, to = byte; i < count; i++, from++, to += elementBytes) {
      plain[to] = bytes[from] ?? 0;
    }
  }
  return plain;
}

function verified(bytes: Uint8Array): Uint8Array {
  if (bytes.length < CHECKSUM_BYTES) throw malformed("a chunk without its checksum");
  const data = bytes.subarray(0, bytes.length - CHECKSUM_BYTES);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + data.length, CHECKSUM_BYTES).getUint32(
    0,
    true,
  );
  const sum = fletcher32(data);
  // HDF5 1.6.2 wrote the bytes of both halves swapped; every later HDF5 accepts them.
  const swapped = (((sum & 0x00ff00ff) << 8) | ((sum >>> 8) & 0x00ff00ff)) >>> 0;
  if (stored !== sum && stored !== swapped) throw malformed("a chunk whose checksum is wrong");
  return data;
}

/** Of big-endian 16-bit words; an odd byte is the upper half of the last. */
function fletcher32(bytes: Uint8Array): number {
  let first = 0;
  let second = 0;
  const fold = (sum: number): number => (sum & 0xffff) + (sum >>> 16);
  const even = bytes.length - (bytes.length % 2);
  // So many additions stay below 2³².
  const step = 720;
  for (let at = 0; at < even; at += step) {
    const end = Math.min(even, at + step);
    for (let i = at; i < end; i += 2) {
      first += (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
      second += first;
    }
    first = fold(first);
    second = fold(second);
  }
  if (even < bytes.length) {
    first = fold(first + (bytes[even] ?? 0) * 256);
    second = fold(second + first);
  }
  return fold(second) * 65_536 + fold(first);
}
