/**
 * @file Strings of HDF5. Keras tags them ASCII and writes UTF-8, so that the tag is ignored; bytes that are not UTF-8
 * are an error, never a guess.
 */

import type { StringPadding } from "./hdf5-datatype.ts";
import { malformed } from "./hdf5-header.ts";
import type { Heap } from "./hdf5-library.ts";
import { requireAtMost } from "./limits.ts";

export function decodeFixedStrings(
  bytes: Uint8Array,
  width: number,
  padding: StringPadding | undefined,
): string[] {
  if (width <= 0) return [];
  return Array.from({ length: Math.floor(bytes.length / width) }, (_, i) => {
    const field = bytes.subarray(i * width, (i + 1) * width);
    return decodeUtf8(field.subarray(0, lengthOf(field, padding)));
  });
}

/** `heap` holds 32-bit pointers to NUL-terminated bytes elsewhere in the library's memory; NULL is "". */
export function decodeVariableStrings({ heap, start, sizeBytes }: Heap, allowedBytes: number): string[] {
  const pointers = new DataView(heap.buffer, heap.byteOffset + start, sizeBytes);
  let total = 0;
  return Array.from({ length: Math.floor(sizeBytes / 4) }, (_, i) => {
    const pointer = pointers.getUint32(4 * i, true);
    if (pointer === 0) return "";
    const end = heap.indexOf(0, pointer);
    if (pointer >= heap.length || end < 0) throw malformed("a string that points nowhere");
    total += end - pointer;
    requireAtMost("the length of strings in bytes", total, allowedBytes, "");
    return decodeUtf8(heap.slice(pointer, end));
  });
}

export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("a text that is not UTF-8");
  }
}

function lengthOf(field: Uint8Array, padding: StringPadding | undefined): number {
  switch (padding) {
    case "nul-terminated": {
      const end = field.indexOf(0);
      return end < 0 ? field.length : end;
    }
    case "nul-padded":
      return lengthWithout(field, 0);
    case "space-padded":
      return lengthWithout(field, 0x20);
    case undefined:
      throw malformed("an unknown string padding");
    default:
      return padding satisfies never;
  }
}

function lengthWithout(field: Uint8Array, pad: number): number {
  let length = field.length;
  while (length > 0 && field[length - 1] === pad) length--;
  return length;
}
