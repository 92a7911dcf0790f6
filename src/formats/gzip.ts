/**
 * @file Files that lie on disk as a server sends them: gzip-compressed. They are unpacked into memory and checked by
 * their checksum; a weight file that only begins like one is taken as it is. (RFC 1952.)
 */

import { isVernierError, VernierError } from "../base/errors.ts";
import { crc32 } from "./crc32.ts";
import { inflate } from "./deflate.ts";
import { MAX_DEFLATE_RATIO, MAX_TENSOR_BYTES, requireAtMost } from "./limits.ts";
import { bytesSource, readAll, type Source } from "./source.ts";

const MAGIC = [0x1f, 0x8b, 8] as const;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;

export const isGzip = (start: Uint8Array): boolean => MAGIC.every((byte, i) => start[i] === byte);

/** The unpacked file; the source itself where it is not compressed. Throws `file.limit` for a bomb. */
export async function gunzipped(source: Source): Promise<Source> {
  if (source.sizeBytes < HEADER_BYTES + TRAILER_BYTES) return source;
  if (!isGzip(await source.read(0, MAGIC.length))) return source;
  const packed = await readAll(source);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const sizeBytes = view.getUint32(packed.length - 4, true);
  requireAtMost("the size of a compressed file in bytes", sizeBytes, MAX_TENSOR_BYTES, source.name);
  // Numbers may happen to begin so: then what follows is no deflate data, or its checksum is another.
  if (sizeBytes > packed.length * MAX_DEFLATE_RATIO) return source;
  try {
    const data = packed.subarray(headerBytes(packed), packed.length - TRAILER_BYTES);
    const bytes = inflate(data, sizeBytes, (reason) => new VernierError("file.malformed", { reason }));
    const isWhole = crc32(bytes) === view.getUint32(packed.length - TRAILER_BYTES, true);
    return isWhole ? bytesSource(bytes, source.name) : source;
  } catch (error) {
    if (isVernierError(error, "file.malformed")) return source;
    throw error;
  }
}

/** Up to the compressed data. */
function headerBytes(packed: Uint8Array): number {
  const flags = packed[3] ?? 0;
  let at = HEADER_BYTES;
  if ((flags & FLAG.extra) !== 0) at += 2 + (packed[at] ?? 0) + 256 * (packed[at + 1] ?? 0);
  for (const flag of [FLAG.name, FLAG.comment]) {
    if ((flags & flag) === 0) continue;
    while (at < packed.length && packed[at] !== 0) at++;
    at++;
  }
  return (flags & FLAG.headerCrc) === 0 ? at : at + 2;
}
