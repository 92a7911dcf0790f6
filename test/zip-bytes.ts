/** @file Zip archives whose headers may lie, byte by byte, for the tests of readers that must notice. */

import { deflateRawSync } from "node:zlib";
import { crc32 } from "../src/formats/crc32.ts";

export interface ZipEntry {
  readonly name: string;
  /** What is in it, before it is compressed. */
  readonly bytes: Uint8Array;
  readonly deflate?: boolean;
  /** In place of what is true; `offset`: of another member's header, by its number in the list. */
  readonly directory?: Lies & { readonly offset?: number; readonly sameAs?: number };
  readonly local?: Lies & { readonly name?: string; readonly flags?: number };
}

interface Lies {
  readonly sizeBytes?: number;
  readonly compressedBytes?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
}

interface Placed {
  readonly entry: ZipEntry;
  readonly data: Uint8Array;
  readonly offset: number;
}

export function zipBytes(entries: readonly ZipEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const placed: Placed[] = [];
  let at = 0;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    at += part.length;
  };
  for (const entry of entries) {
    const data = entry.deflate === true ? new Uint8Array(deflateRawSync(entry.bytes)) : entry.bytes;
    placed.push({ entry, data, offset: at });
    add(header("local", entry, data, { ...entry.local }));
    add(data);
  }
  const start = at;
  for (const { entry, data, offset } of placed) {
    const lies = { ...entry.directory };
    const shown = lies.offset ?? (lies.sameAs === undefined ? offset : (placed[lies.sameAs]?.offset ?? 0));
    add(header("directory", entry, data, { ...lies, offset: shown }));
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, at - start, true);
  end.setUint32(16, start, true);
  add(new Uint8Array(end.buffer));
  return new Uint8Array(Buffer.concat(parts));
}

function header(
  kind: "local" | "directory",
  entry: ZipEntry,
  data: Uint8Array,
  lies: Lies & { readonly name?: string; readonly offset?: number },
): Uint8Array {
  const name = new TextEncoder().encode(lies.name ?? entry.name);
  const fixed = kind === "local" ? 30 : 46;
  const bytes = new Uint8Array(fixed + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, kind === "local" ? 0x04034b50 : 0x02014b50, true);
  // The directory's fields are the local header's, two bytes later.
  const shift = kind === "local" ? 0 : 2;
  view.setUint16(4 + shift, 20, true);
  view.setUint16(6 + shift, lies.flags ?? 0x800, true);
  view.setUint16(8 + shift, lies.method ?? (entry.deflate === true ? 8 : 0), true);
  view.setUint32(14 + shift, lies.crc ?? crc32(entry.bytes), true);
  view.setUint32(18 + shift, lies.compressedBytes ?? data.length, true);
  view.setUint32(22 + shift, lies.sizeBytes ?? entry.bytes.length, true);
  view.setUint16(26 + shift, name.length, true);
  if (kind === "directory") view.setUint32(42, lies.offset ?? 0, true);
  bytes.set(name, fixed);
  return bytes;
}
