/**
 * @file Zip archives written as a stream. Members are stored, so that every size and offset is known before the first
 * byte; only a member's checksum is not, and follows it (a data descriptor). Times are 1980's first day: the same
 * files give the same bytes.
 * (PKWARE APPNOTE 6.3.10: §4.3.7 local header, §4.3.9 descriptor, §4.3.12 directory, §4.3.14–16 ends, §4.5.3 zip64.)
 */

import { VernierError } from "../base/errors.ts";
import { crc32Of } from "./crc32.ts";
import type { OutputFile } from "./output.ts";

interface Member {
  readonly file: OutputFile;
  readonly name: Uint8Array;
  readonly offset: number;
  /** The member has 4 GiB or more: its header says so before it, its descriptor is wider. */
  readonly wide: boolean;
  readonly sizeBytes: number;
}

const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const CENTRAL = 0x02014b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const END = 0x06054b50;

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END64_BYTES = 56;
const LOCATOR64_BYTES = 20;
const END_BYTES = 22;

const MAX32 = 0xffffffff;
const MAX16 = 0xffff;
/** The first version that knows what is used: 2.0, and 4.5 for zip64. */
const VERSION = 20;
const VERSION64 = 45;
/** Made on Unix: then the high half of the external attributes is a mode, "-rw-r--r--". */
const MADE_ON_UNIX = 3 << 8;
const FILE_MODE = 0o100644;
const DESCRIPTOR_FOLLOWS = 1 << 3;
const UTF8_NAME = 1 << 11;
/** 1980-01-01 in DOS's format; the time is 0. */
const DATE = (1 << 5) | 1;

/**
 * `pieces` throws `internal` when a file gives more or fewer bytes than it said. Throws `internal` when two files
 * have one name.
 */
export function zipOf(files: readonly OutputFile[], name: string): OutputFile {
  const members: Member[] = [];
  const names = new Set<string>();
  let offset = 0;
  for (const file of files) {
    if (names.has(file.name)) {
      throw new VernierError("internal", { reason: `"${file.name}" is twice in a zip` }, { where: name });
    }
    names.add(file.name);
    const member = memberOf(file, offset);
    members.push(member);
    offset += member.sizeBytes;
  }
  const directoryBytes = members.reduce((sum, member) => sum + centralBytes(member), 0);
  const endBytes = needsEnd64(members, offset, directoryBytes) ? END64_BYTES + LOCATOR64_BYTES : 0;
  return {
    name,
    sizeBytes: offset + directoryBytes + endBytes + END_BYTES,
    pieces: () => piecesOf(members, { offset, directoryBytes, name }),
  };
}

async function* piecesOf(
  members: readonly Member[],
  { offset, directoryBytes, name }: { offset: number; directoryBytes: number; name: string },
): AsyncIterable<Uint8Array> {
  const checksums: number[] = [];
  for (const member of members) {
    yield localHeader(member);
    let crc = 0;
    let received = 0;
    for await (const bytes of member.file.pieces()) {
      received += bytes.length;
      if (received > member.file.sizeBytes) break;
      crc = crc32Of(crc, bytes);
      yield bytes;
    }
    if (received !== member.file.sizeBytes) {
      const reason = `a file of ${member.file.sizeBytes} bytes gave ${received} or more`;
      throw new VernierError("internal", { reason }, { where: `${name}:${member.file.name}` });
    }
    checksums.push(crc);
    yield descriptor(member, crc);
  }
  // As few pieces as possible: a directory of 10,000 members has less than 2 MB.
  const directory = new Uint8Array(directoryBytes);
  let at = 0;
  members.forEach((member, i) => {
    directory.set(centralHeader(member, checksums[i] ?? 0), at);
    at += centralBytes(member);
  });
  yield directory;
  yield endRecords(members, offset, directoryBytes);
}

function memberOf(file: OutputFile, offset: number): Member {
  const name = new TextEncoder().encode(file.name);
  if (name.length > MAX16) {
    throw new VernierError("internal", { reason: "a name in a zip of 64 KiB" }, { where: file.name });
  }
  const wide = file.sizeBytes >= MAX32;
  const header = LOCAL_BYTES + name.length + (wide ? 20 : 0);
  return { file, name, offset, wide, sizeBytes: header + file.sizeBytes + (wide ? 24 : 16) };
}

/** Sizes and checksum are 0, as a descriptor follows. */
function localHeader({ name, wide }: Member): Uint8Array {
  const view = new DataView(new ArrayBuffer(LOCAL_BYTES + name.length + (wide ? 20 : 0)));
  view.setUint32(0, LOCAL, true);
  view.setUint16(4, wide ? VERSION64 : VERSION, true);
  view.setUint16(6, flagsOf(name), true);
  view.setUint16(12, DATE, true);
  if (wide) {
    view.setUint32(18, MAX32, true);
    view.setUint32(22, MAX32, true);
    view.setUint16(28, 20, true);
    view.setUint16(30 + name.length, 1, true);
    view.setUint16(32 + name.length, 16, true);
  }
  view.setUint16(26, name.length, true);
  return withName(view, name, LOCAL_BYTES);
}

function descriptor({ file, wide }: Member, crc: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(wide ? 24 : 16));
  view.setUint32(0, DESCRIPTOR, true);
  view.setUint32(4, crc, true);
  if (wide) {
    view.setBigUint64(8, BigInt(file.sizeBytes), true);
    view.setBigUint64(16, BigInt(file.sizeBytes), true);
  } else {
    view.setUint32(8, file.sizeBytes, true);
    view.setUint32(12, file.sizeBytes, true);
  }
  return bytesOf(view);
}

function centralHeader(member: Member, crc: number): Uint8Array {
  const { file, name, offset, wide } = member;
  const extra = wideFields(member);
  const view = new DataView(new ArrayBuffer(centralBytes(member)));
  view.setUint32(0, CENTRAL, true);
  view.setUint16(4, MADE_ON_UNIX | (extra.length > 0 ? VERSION64 : VERSION), true);
  view.setUint16(6, extra.length > 0 ? VERSION64 : VERSION, true);
  view.setUint16(8, flagsOf(name), true);
  view.setUint16(14, DATE, true);
  view.setUint32(16, crc, true);
  view.setUint32(20, wide ? MAX32 : file.sizeBytes, true);
  view.setUint32(24, wide ? MAX32 : file.sizeBytes, true);
  view.setUint16(28, name.length, true);
  view.setUint32(38, FILE_MODE * 2 ** 16, true);
  view.setUint32(42, offset >= MAX32 ? MAX32 : offset, true);
  if (extra.length > 0) {
    const at = CENTRAL_BYTES + name.length;
    view.setUint16(30, 4 + 8 * extra.length, true);
    view.setUint16(at, 1, true);
    view.setUint16(at + 2, 8 * extra.length, true);
    extra.forEach((value, i) => view.setBigUint64(at + 4 + 8 * i, BigInt(value), true));
  }
  return withName(view, name, CENTRAL_BYTES);
}

/** What has no place in 32 bits, in the order of the zip64 extra field. */
function wideFields({ file, offset, wide }: Member): number[] {
  return [...(wide ? [file.sizeBytes, file.sizeBytes] : []), ...(offset >= MAX32 ? [offset] : [])];
}

function centralBytes(member: Member): number {
  const wide = wideFields(member).length;
  return CENTRAL_BYTES + member.name.length + (wide === 0 ? 0 : 4 + 8 * wide);
}

const needsEnd64 = (members: readonly Member[], offset: number, directoryBytes: number): boolean =>
  members.length >= MAX16 || offset >= MAX32 || directoryBytes >= MAX32;

function endRecords(members: readonly Member[], offset: number, directoryBytes: number): Uint8Array {
  const { length } = members;
  const wide = needsEnd64(members, offset, directoryBytes);
  const start = wide ? END64_BYTES + LOCATOR64_BYTES : 0;
  const view = new DataView(new ArrayBuffer(start + END_BYTES));
  if (wide) {
    view.setUint32(0, END64, true);
    view.setBigUint64(4, BigInt(END64_BYTES - 12), true);
    view.setUint16(12, MADE_ON_UNIX | VERSION64, true);
    view.setUint16(14, VERSION64, true);
    [length, length, directoryBytes, offset].forEach((value, i) =>
      view.setBigUint64(24 + 8 * i, BigInt(value), true),
    );
    view.setUint32(END64_BYTES, LOCATOR64, true);
    view.setBigUint64(END64_BYTES + 8, BigInt(offset + directoryBytes), true);
    view.setUint32(END64_BYTES + 16, 1, true);
  }
  view.setUint32(start, END, true);
  view.setUint16(start + 8, Math.min(length, MAX16), true);
  view.setUint16(start + 10, Math.min(length, MAX16), true);
  view.setUint32(start + 12, Math.min(directoryBytes, MAX32), true);
  view.setUint32(start + 16, Math.min(offset, MAX32), true);
  return bytesOf(view);
}

const flagsOf = (name: Uint8Array): number =>
  DESCRIPTOR_FOLLOWS | (name.some((byte) => byte > 0x7f) ? UTF8_NAME : 0);

function withName(view: DataView, name: Uint8Array, at: number): Uint8Array {
  const bytes = bytesOf(view);
  bytes.set(name, at);
  return bytes;
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer);
