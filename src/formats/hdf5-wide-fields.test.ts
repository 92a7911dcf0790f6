/** @file Damage to the upper half of each wide field is found, and only that. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { SyncReader } from "./hdf5-slice-fs.ts";
import { watchWideFields } from "./hdf5-wide-fields.ts";

const original = new Uint8Array(readFileSync(new URL("../../test/fixtures/hdf5/keras.h5", import.meta.url)));

function readerOf(bytes: Uint8Array): SyncReader {
  return {
    sizeBytes: bytes.length,
    readInto: (target, at) => target.set(bytes.subarray(at, at + target.length)),
  };
}

/** The whole file, in reads of `step` bytes. */
function damageIn(bytes: Uint8Array, step = 512, watching = true): string | null {
  const watched = watchWideFields(readerOf(bytes));
  watched.watching = watching;
  for (let at = 0; at < bytes.length; at += step) {
    watched.readInto(new Uint8Array(Math.min(step, bytes.length - at)), at);
  }
  return watched.damage;
}

const find = (letters: string): number => {
  const wanted = new TextEncoder().encode(letters);
  return original.findIndex((_, i) => wanted.every((byte, k) => original[i + k] === byte));
};
const raised = (at: number): Uint8Array => {
  const bytes = original.slice();
  bytes[at] = 1;
  return bytes;
};

test("a sound file has no damage, however it is read", () => {
  for (const step of [1, 3, 512, original.length]) expect(damageIn(original, step)).toBeNull();
});

describe("the fifth byte of a 64-bit field", () => {
  test.each([
    ["HEAP", 8, "the size of a local heap"],
    ["HEAP", 16, "the head of its free list"],
    ["HEAP", 24, "the address of its data"],
    ["GCOL", 8, "the size of a global heap"],
    ["GCOL", 24, "the size of its first object"],
    ["SNOD", 8, "the name of the first symbol"],
    ["SNOD", 48, "the name of the second symbol"],
    ["TREE", 40, "the last key of a group's tree"],
  ])("%s + %i: %s", (letters, field) => {
    const at = find(letters) + field + 4;
    for (const step of [1, 3, 512]) expect(damageIn(raised(at), step)).toMatch(/beyond the file/);
    expect(damageIn(raised(at), 512, false)).toBeNull();
  });

  test("the links of a local heap's free list", () => {
    const heap = find("HEAP");
    const view = new DataView(original.buffer);
    const block = Number(view.getBigUint64(heap + 24, true) + view.getBigUint64(heap + 16, true));
    for (const field of [0, 8]) expect(damageIn(raised(block + field + 4))).toMatch(/beyond the file/);
  });
});
