/** @file Compressed files are unpacked only where they are ones. */

import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { gunzipped } from "./gzip.ts";
import { bytesSource, readAll } from "./source.ts";

const sourceOf = (bytes: Uint8Array) => bytesSource(bytes, "file");

test("a compressed file is read as what it holds, with a name in its header too", async () => {
  const bytes = new TextEncoder().encode("weights ".repeat(1000));
  const packed = gzipSync(bytes);
  const named = Buffer.concat([
    packed.subarray(0, 3),
    Buffer.of(8),
    packed.subarray(4, 10),
    Buffer.from("model.json\0"),
    packed.subarray(10),
  ]);
  expect(await readAll(await gunzipped(sourceOf(packed)))).toEqual(bytes);
  expect(await readAll(await gunzipped(sourceOf(named)))).toEqual(bytes);
});

test("numbers that only begin like gzip stay as they are, and so does a damaged file", async () => {
  const numbers = Uint8Array.from({ length: 400 }, (_, i) => (i < 3 ? ([0x1f, 0x8b, 8][i] ?? 0) : i * 7));
  expect(await readAll(await gunzipped(sourceOf(numbers)))).toEqual(numbers);
  const damaged = Uint8Array.from(gzipSync("weights ".repeat(1000)));
  damaged[20] = (damaged[20] ?? 0) ^ 255;
  expect(await readAll(await gunzipped(sourceOf(damaged)))).toEqual(damaged);
});

test("what unpacks to less or more than it says is not taken for a compressed file", async () => {
  const packed = Uint8Array.from(gzipSync("weights ".repeat(100)));
  packed[packed.length - 4] = 1;
  expect(await readAll(await gunzipped(sourceOf(packed)))).toEqual(packed);
});
