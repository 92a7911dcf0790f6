/** @file NumPy's fixed-width strings: `U` is UTF-32 code points, `S` is bytes (read as UTF-8); both NUL-padded. */

import { decodeUtf8 } from "./hdf5-strings.ts";

export function decodeNpyStrings(
  bytes: Uint8Array,
  spec: { width: number; isUnicode: boolean; littleEndian: boolean; count: number },
): string[] {
  const { width, isUnicode, littleEndian, count } = spec;
  return Array.from({ length: count }, (_, i) => {
    const field = bytes.subarray(i * width, (i + 1) * width);
    return isUnicode ? textFromCodePoints(field, littleEndian) : textFromBytes(field);
  });
}

export function encodeNpyStrings(strings: readonly string[]): { descr: string; body: Uint8Array } {
  const points = strings.map((text) => Array.from(text, (c) => c.codePointAt(0) ?? 0));
  const longest = points.reduce((length, text) => Math.max(length, text.length), 1);
  const body = new Uint32Array(longest * strings.length);
  points.forEach((text, i) => body.set(text, i * longest));
  return { descr: `<U${longest}`, body: new Uint8Array(body.buffer) };
}

function textFromCodePoints(field: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength);
  const points = Array.from({ length: field.length / 4 }, (_, i) => view.getUint32(4 * i, littleEndian));
  while (points.at(-1) === 0) points.pop();
  // U+FFFD for what is no code point, as every decoder writes it.
  return points.map((point) => (point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point))).join("");
}

function textFromBytes(field: Uint8Array): string {
  let length = field.length;
  while (length > 0 && field[length - 1] === 0) length--;
  return decodeUtf8(field.subarray(0, length));
}
