/**
 * @file CRC-32 as zip uses it (ISO 3309, reflected polynomial 0xEDB88320), 16 bytes a step: sixteen tables say what
 * each of 16 bytes adds to the remainder ("slicing-by-16", after Kounavis and Berry 2005).
 */

const STEP = 16;

/** `TABLES[k * 256 + byte]`: the remainder of `byte` followed by k zero bytes. */
const TABLES = tables();

export const crc32 = (bytes: Uint8Array): number => crc32Of(0, bytes);

/** The CRC of what `previous` is the CRC of, followed by `bytes`; `previous` of nothing is 0. */
export function crc32Of(previous: number, bytes: Uint8Array): number {
  const t = TABLES;
  const stepped = bytes.length - (bytes.length % STEP);
  let c = ~previous;
  let at = 0;
  // Indices are in range by construction; `as number` costs nothing where `?? 0` costs a branch per byte.
  for (; at < stepped; at += STEP) {
    c =
      (t[3840 + ((bytes[at] as number) ^ (c & 0xff))] as number) ^
      (t[3584 + ((bytes[at + 1] as number) ^ ((c >>> 8) & 0xff))] as number) ^
      (t[3328 + ((bytes[at + 2] as number) ^ ((c >>> 16) & 0xff))] as number) ^
      (t[3072 + ((bytes[at + 3] as number) ^ (c >>> 24))] as number) ^
      (t[2816 + (bytes[at + 4] as number)] as number) ^
      (t[2560 + (bytes[at + 5] as number)] as number) ^
      (t[2304 + (bytes[at + 6] as number)] as number) ^
      (t[2048 + (bytes[at + 7] as number)] as number) ^
      (t[1792 + (bytes[at + 8] as number)] as number) ^
      (t[1536 + (bytes[at + 9] as number)] as number) ^
      (t[1280 + (bytes[at + 10] as number)] as number) ^
      (t[1024 + (bytes[at + 11] as number)] as number) ^
      (t[768 + (bytes[at + 12] as number)] as number) ^
      (t[512 + (bytes[at + 13] as number)] as number) ^
      (t[256 + (bytes[at + 14] as number)] as number) ^
      (t[bytes[at + 15] as number] as number);
  }
  for (; at < bytes.length; at++) {
    c = (c >>> 8) ^ (t[(c ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~c >>> 0;
}

function tables(): Int32Array {
  const t = new Int32Array(STEP * 256);
  for (let byte = 0; byte < 256; byte++) {
    let c = byte;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    t[byte] = c;
  }
  for (let i = 256; i < t.length; i++) {
    const before = t[i - 256] ?? 0;
    t[i] = (before >>> 8) ^ (t[before & 0xff] ?? 0);
  }
  return t;
}
