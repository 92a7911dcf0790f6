/**
 * @file A hash of a tensor's bytes and shape, so that the invocations of a shared layer find their nodes.
 *
 * Two lanes of MurmurHash3's 32-bit mixing (A. Appleby, public domain) with different constants: 64 bits, which
 * a few thousand tensors of one run collide in with probability 10⁻¹². It guards against accidents, not attacks.
 */

import type { Shape, TensorData } from "../tensor/tensor.ts";

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 16 hex digits of the bytes. */
export function hashBytes(bytes: Uint8Array): string {
  const words = bytes.byteLength >>> 2;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const data = new Int32Array(aligned.buffer, aligned.byteOffset, words);
  let a = 0x2f0b4c47;
  let b = 0x6a09e667;
  const mix = (word: number): void => {
    a =
      (Math.imul(rotate(a ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) +
        0xe6546b64) |
      0;
    b =
      (Math.imul(rotate(b ^ Math.imul(rotate(Math.imul(word, 0x239b961b), 16), 0xab0e9789), 17), 5) +
        0x561ccd1b) |
      0;
  };
  for (let i = 0; i < words; i++) mix(data[i] ?? 0);
  let tail = 0;
  for (let i = words * 4; i < aligned.byteLength; i++) tail = (tail << 8) | (aligned[i] ?? 0);
  if (words * 4 < aligned.byteLength) mix(tail);
  const hex = (x: number): string => finish(x, bytes.byteLength).toString(16).padStart(8, "0");
  return hex(a) + hex(b);
}

export function hashTensor(shape: Shape, data: TensorData): string {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new TextEncoder().encode(JSON.stringify(data));
  return `${shape.join("x")}:${hashBytes(bytes)}`;
}
