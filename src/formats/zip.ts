/**
 * @file Zip archives, read by their central directory, member by member. A stored member is a slice of the file. No
 * member may be larger than its directory entry says, whatever the compressed data would give; its own header must not
 * say otherwise, no two may share bytes, and its checksum must be right: as Python's zipfile has it. (PKWARE APPNOTE 6.3.10: §4.3.7 local header, §4.3.12 directory, §4.3.14–16 end records, §4.5.3 zip64.)
 */

import { VernierError } from "../base/errors.ts";
import { crc32Of } from "./crc32.ts";
import { inflate, zipSync } from "./deflate.ts";
import { MAX_DEFLATE_RATIO, MAX_TENSOR_BYTES, MAX_WEIGHTS, PIECE_BYTES, requireAtMost } from "./limits.ts";
import { bytesSource, readAll, type Source, sliceSource } from "./source.ts";

export interface ZipMember {
  readonly name: string;
  readonly sizeBytes: number;
  readonly compressedBytes: number;
  readonly method: "stored" | "deflated";
  readonly crc: number;
  readonly headerOffset: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCAL_BYTES = 30;
const END_BYTES = 22;
/** Flag of an archive that was written to a pipe. */
const SIZES_FOLLOW = 8;
const MAX_COMMENT_BYTES = 65_535;
const UNKNOWN32 = 0xffffffff;

export async function readZipDirectory(source: Source): Promise<ReadonlyMap<string, ZipMember>> {
  const { offset, length, count } = await findDirectory(source);
  requireAtMost("the number of files in the zip", count, MAX_WEIGHTS, source.name);
  if (offset + length > source.sizeBytes) throw malformed("its directory lies outside it", source.name);
  const view = viewOf(await source.read(offset, length));
  const members = new Map<string, ZipMember>();
  for (let at = 0, i = 0; i < count; i++) {
    if (at + 46 > length || view.getUint32(at, true) !== CENTRAL)
      throw malformed("a broken directory", source.name);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    );
    const next = at + 46 + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
    if (next > length) throw malformed("a broken directory", source.name);
    const member = decodeEntry(new DataView(view.buffer, view.byteOffset + at, next - at), source.name);
    if (members.has(member.name)) throw malformed(`"${member.name}" is in it twice`, source.name);
    members.set(member.name, member);
    at = next;
  }
  requireApart([...members.values()], offset, source.name);
  return members;
}

/** A bomb of many members over the same bytes is small on disk. `end`: where the directory begins. */
function requireApart(members: readonly ZipMember[], end: number, where: string): void {
  const inOrder = members.toSorted((a, b) => b.headerOffset - a.headerOffset);
  let next = end;
  for (const { name, headerOffset, compressedBytes } of inOrder) {
    if (headerOffset + LOCAL_BYTES + compressedBytes > next)
      throw malformed(`"${name}" overlaps what follows it`, where);
    next = headerOffset;
  }
}

/** Its checksum verified. Stored: a slice of the archive, read once, in pieces. Deflated: inflated into memory. */
export async function openZipMember(source: Source, member: ZipMember): Promise<Source> {
  const name = `${source.name}:${member.name}`;
  const opened = await openUnverified(source, member, name);
  let crc = 0;
  for (let at = 0; at < opened.sizeBytes; at += PIECE_BYTES)
    crc = crc32Of(crc, await opened.read(at, Math.min(PIECE_BYTES, opened.sizeBytes - at)));
  if (crc !== member.crc) throw malformed("its checksum is wrong", name);
  return opened;
}

async function openUnverified(source: Source, member: ZipMember, name: string): Promise<Source> {
  const start = await dataOffset(source, member, name);
  const slice = sliceSource(source, start, member.compressedBytes, name);
  if (member.method === "stored") return slice;
  requireAtMost("the size of a file in the zip in bytes", member.sizeBytes, MAX_TENSOR_BYTES, name);
  const believable = member.compressedBytes * MAX_DEFLATE_RATIO;
  requireAtMost(
    "the size of a file in the zip, for its compressed size,",
    member.sizeBytes,
    believable,
    name,
  );
  const fail = (reason: string): VernierError => malformed(reason, name);
  return bytesSource(inflate(await readAll(slice), member.sizeBytes, fail), name);
}

/** Where a member's data begin. A reader that goes by the headers in front of them must not see another archive. */
async function dataOffset(source: Source, member: ZipMember, name: string): Promise<number> {
  const { headerOffset } = member;
  const view = viewOf(await source.read(headerOffset, LOCAL_BYTES));
  if (view.getUint32(0, true) !== LOCAL) throw malformed("its directory points to no file", name);
  const nameBytes = view.getUint16(26, true);
  const said = new TextDecoder().decode(await source.read(headerOffset + LOCAL_BYTES, nameBytes));
  const method = view.getUint16(8, true) === 0 ? "stored" : "deflated";
  const isElsewhere = (view.getUint16(6, true) & SIZES_FOLLOW) !== 0;
  // Not said here, but behind the data or in a field for large files.
  const differs = (at: number, value: number): boolean => {
    const here = view.getUint32(at, true);
    return here !== value && here !== UNKNOWN32 && !(isElsewhere && here === 0);
  };
  if (said !== member.name) throw malformed(`its directory calls "${said}" so`, name);
  if (method !== member.method || differs(18, member.compressedBytes) || differs(22, member.sizeBytes))
    throw malformed("its own header and the directory say different sizes", name);
  return headerOffset + LOCAL_BYTES + nameBytes + view.getUint16(28, true);
}

/** The bytes of a member, with its checksum verified. */
export const readZipMember = async (source: Source, member: ZipMember): Promise<Uint8Array> =>
  readAll(await openZipMember(source, member));

/** Uncompressed, and without times: the same files give the same bytes. */
export function writeStoredZip(files: Iterable<readonly [name: string, bytes: Uint8Array]>): Uint8Array {
  return zipSync(Object.fromEntries(files), { level: 0, mtime: new Date(1980, 0, 1) });
}

function decodeEntry(entry: DataView, where: string): ZipMember {
  const flags = entry.getUint16(8, true);
  const method = entry.getUint16(10, true);
  const nameBytes = entry.getUint16(28, true);
  const name = new TextDecoder().decode(new Uint8Array(entry.buffer, entry.byteOffset + 46, nameBytes));
  const zip64 = zip64Fields(entry, 46 + nameBytes, entry.getUint16(30, true));
  const field = (at: number): number => {
    const value = entry.getUint32(at, true);
    if (value !== UNKNOWN32) return value;
    return zip64.shift() ?? value;
  };
  // In the order in which the zip64 extra field lists what does not fit.
  const sizeBytes = field(24);
  const compressedBytes = field(20);
  const headerOffset = field(42);
  if ((flags & 1) !== 0) throw unsupported("an encrypted zip", where);
  if (method !== 0 && method !== 8) throw unsupported(`a zip compressed by method ${method}`, where);
  if (method === 0 && sizeBytes !== compressedBytes) throw malformed(`"${name}" has two sizes`, where);
  const crc = entry.getUint32(16, true);
  return {
    name,
    sizeBytes,
    compressedBytes,
    method: method === 0 ? "stored" : "deflated",
    crc,
    headerOffset,
  };
}

function zip64Fields(entry: DataView, start: number, length: number): number[] {
  for (let at = start; at + 4 <= start + length && at + 4 <= entry.byteLength; ) {
    const size = entry.getUint16(at + 2, true);
    if (entry.getUint16(at, true) === 1 && at + 4 + size <= entry.byteLength) {
      return Array.from({ length: Math.floor(size / 8) }, (_, i) =>
        Number(entry.getBigUint64(at + 4 + 8 * i, true)),
      );
    }
    at += 4 + size;
  }
  return [];
}

async function findDirectory(source: Source): Promise<{ offset: number; length: number; count: number }> {
  const tailBytes = Math.min(source.sizeBytes, END_BYTES + MAX_COMMENT_BYTES);
  const tailOffset = source.sizeBytes - tailBytes;
  const view = viewOf(await source.read(tailOffset, tailBytes));
  let at = tailBytes - END_BYTES;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === END && at + END_BYTES + view.getUint16(at + 20, true) === tailBytes)
  ) {
    at--;
  }
  if (at < 0) throw malformed("it is a zip without an end, perhaps cut off", source.name);
  const count = view.getUint16(at + 10, true);
  const length = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  if (count !== 0xffff && length !== UNKNOWN32 && offset !== UNKNOWN32) return { offset, length, count };
  const locator = at - 20;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR64) return { offset, length, count };
  const end64 = Number(view.getBigUint64(locator + 8, true));
  if (end64 + 56 > source.sizeBytes) throw malformed("its zip64 directory lies outside it", source.name);
  const record = viewOf(await source.read(end64, 56));
  if (record.getUint32(0, true) !== END64) throw malformed("a broken zip64 directory", source.name);
  const [fullCount, fullLength, fullOffset] = [32, 40, 48].map((field) =>
    Number(record.getBigUint64(field, true)),
  );
  return { offset: fullOffset ?? 0, length: fullLength ?? 0, count: fullCount ?? 0 };
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function malformed(reason: string, where: string): VernierError {
  return new VernierError("file.malformed", { reason }, { where });
}

function unsupported(what: string, where: string): VernierError {
  return new VernierError("file.unsupported", { what, remedy: "pack it again without" }, { where });
}
