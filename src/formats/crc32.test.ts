/** @file CRC-32 against its definition, bit by bit. */

import { expect, test } from "vitest";
import { randomFrom } from "../numerics/random.ts";
import { crc32, crc32Of } from "./crc32.ts";

function byDefinition(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return (c ^ 0xffffffff) >>> 0;
}

test("the check value of the standard", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

test("of 0 to 100 bytes, at once and in two parts wherever it is cut, it is what the definition says", () => {
  const random = randomFrom(3);
  for (let length = 0; length <= 100; length++) {
    const bytes = Uint8Array.from({ length }, () => random.integer(0, 256));
    const expected = byDefinition(bytes);
    expect(crc32(bytes)).toBe(expected);
    for (let cut = 0; cut <= length; cut++) {
      const parts = crc32Of(crc32Of(0, bytes.subarray(0, cut)), bytes.subarray(cut));
      if (parts !== expected) expect.fail(`${length} bytes, cut at ${cut}`);
    }
  }
});
