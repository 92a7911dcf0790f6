/** @file Bytes that are read where they are needed: a file, a part of a file, or an array in memory. */

import { VernierError } from "../base/errors.ts";

export interface Source {
  /** For messages: a path, or what the user called it. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Exactly `length` bytes from `offset`, the caller's own or a view of what the source is made of. `into` is memory
   * that may hold them, where it is large enough. Throws `file.truncated` when the source ends before.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /** How another thread can read the same bytes by itself; without it they are copied there. */
  readonly origin?: SourceOrigin;
}

/** What crosses to a worker thread instead of the bytes. */
export type SourceOrigin =
  | { readonly kind: "file"; readonly path: string; readonly offset: number; readonly sizeBytes: number }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

export function bytesSource(given: Uint8Array, name: string): Source {
  // Node's Buffer is one whose `slice` copies nothing; its bytes are meant.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  return {
    name,
    sizeBytes: bytes.byteLength,
    origin: { kind: "bytes", bytes },
    async read(offset, length) {
      requireWithin({ name, sizeBytes: bytes.byteLength }, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** A part of another source, such as a stored member of a zip. */
export function sliceSource(source: Source, offset: number, sizeBytes: number, name: string): Source {
  requireWithin(source, offset, sizeBytes);
  const origin = sliceOrigin(source.origin, offset, sizeBytes);
  return {
    name,
    sizeBytes,
    ...(origin === undefined ? {} : { origin }),
    async read(start, length, into) {
      requireWithin({ name, sizeBytes }, start, length);
      return source.read(offset + start, length, into);
    },
  };
}

export function requireWithin(
  { name, sizeBytes }: { name: string; sizeBytes: number },
  offset: number,
  length: number,
): void {
  if (offset >= 0 && length >= 0 && offset + length <= sizeBytes) return;
  const details = { expected: `${offset + length} bytes`, received: `${sizeBytes} bytes` };
  throw new VernierError("file.truncated", details, { where: [name] });
}

/** `into` cut to `length`, or new memory. */
export const memoryFor = (length: number, into: Uint8Array | undefined): Uint8Array =>
  into !== undefined && into.byteLength >= length ? into.subarray(0, length) : new Uint8Array(length);

export async function readAll(source: Source): Promise<Uint8Array> {
  return source.read(0, source.sizeBytes);
}

function sliceOrigin(
  origin: SourceOrigin | undefined,
  offset: number,
  sizeBytes: number,
): SourceOrigin | undefined {
  switch (origin?.kind) {
    case undefined:
      return undefined;
    case "file":
      return { ...origin, offset: origin.offset + offset, sizeBytes };
    case "bytes":
      return { kind: "bytes", bytes: origin.bytes.subarray(offset, offset + sizeBytes) };
    default:
      return origin satisfies never;
  }
}
