/** @file Tests of the framed protocol. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { isVernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { encodeFrame, type Frame, FrameDecoder, MAX_HEADER_BYTES } from "./protocol.ts";

const TENSORS: readonly Tensor[] = [
  { shape: [2, 2], dtype: "float32", data: Float32Array.of(1, -0, Number.NaN, 1e-40) },
  { shape: [3], dtype: "bool", data: Uint8Array.of(1, 0, 1) },
  { shape: [2], dtype: "float16", data: Float32Array.of(0.5, -65504) },
  { shape: [1], dtype: "bfloat16", data: Float32Array.of(3.140625) },
  { shape: [2], dtype: "int64", data: BigInt64Array.of(-1n, 2n ** 60n) },
  { shape: [2, 1], dtype: "string", data: ["", "Größe\0漢"] },
  { shape: [0, 4], dtype: "int32", data: new Int32Array(0) },
  { shape: [], dtype: "float64", data: Float64Array.of(Math.PI) },
];

const joined = (pieces: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(pieces.flatMap((piece) => [...piece]));

function decodeInPieces(bytes: Uint8Array, cuts: readonly number[]): Frame[] {
  const decoder = new FrameDecoder();
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const frames = edges.slice(1).flatMap((end, i) => decoder.push(bytes.slice(edges[i], end)));
  expect(decoder.pendingBytes).toBe(0);
  return frames;
}

test("what is encoded is decoded, however the stream is cut", () => {
  const bytes = joined([
    ...encodeFrame({ type: "first", text: "ä" }, TENSORS),
    ...encodeFrame({ type: "second" }),
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
      const [first, second, ...rest] = decodeInPieces(bytes, cuts);
      expect(rest).toEqual([]);
      expect(first).toEqual({ type: "first", header: { text: "ä" }, tensors: TENSORS });
      expect(second).toEqual({ type: "second", header: {}, tensors: [] });
    }),
  );
});

const frameOf = (header: unknown, payload = 0): Uint8Array => {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(4 + text.length + payload);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  return bytes;
};

test.each([
  ["text where a frame should be", new TextEncoder().encode("Traceback (most recent call last):")],
  ["a header beyond the limit", new Uint8Array(new Uint32Array([MAX_HEADER_BYTES + 1]).buffer)],
  ["a header that is no JSON", frameOf("{")],
  ["a header without a type", frameOf({})],
  ["an unknown dtype", frameOf({ type: "x", tensors: [{ shape: [], dtype: "float31", bytes: 4 }] }, 4)],
  ["a negative extent", frameOf({ type: "x", tensors: [{ shape: [-1], dtype: "float32", bytes: 4 }] }, 4)],
  [
    "a payload beyond the limit",
    frameOf({ type: "x", tensors: [{ shape: [1], dtype: "float32", bytes: 2 ** 40 }] }),
  ],
  [
    "bytes that do not fit the shape",
    frameOf({ type: "x", tensors: [{ shape: [2], dtype: "float32", bytes: 4 }] }, 4),
  ],
  [
    "a string that is cut off",
    frameOf({ type: "x", tensors: [{ shape: [1], dtype: "string", bytes: 3 }] }, 3),
  ],
])("%s is refused", (_, bytes) => {
  try {
    new FrameDecoder().push(bytes);
    expect.unreachable();
  } catch (error) {
    expect(isVernierError(error, "protocol.malformed")).toBe(true);
  }
});
