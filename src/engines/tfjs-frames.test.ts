/** @file Requests and replies come out of their frames as they went in. */

import { expect, test } from "vitest";
import type { Tensor } from "../tensor/tensor.ts";
import { FrameDecoder } from "./protocol.ts";
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from "./tfjs-frames.ts";
import type { Reply } from "./tfjs-protocol.ts";

const tensor = (...values: number[]): Tensor => ({
  shape: [values.length],
  dtype: "float32",
  data: Float32Array.from(values),
});

const frameOf = (pieces: readonly Uint8Array[]) => {
  const decoder = new FrameDecoder();
  const [frame] = pieces.flatMap((piece) => decoder.push(piece));
  if (frame === undefined) throw new Error("no frame came out");
  return frame;
};

test("a request", () => {
  const request = { kind: "trace", inputs: [tensor(1, 2), tensor()] } as const;
  expect(decodeRequest(frameOf(encodeRequest(request)))).toEqual(request);
});

test.each<Reply>([
  {
    kind: "ready",
    hardware: "software renderer: x",
    inputs: [{ name: "x", shape: [null, 3], dtype: "float32" }],
    outputs: [],
  },
  { kind: "done", outputs: [tensor(3)] },
  { kind: "failed", failure: { from: "tfjs", name: "Error", message: "no" } },
  {
    kind: "call",
    sizeKiB: 0,
    call: {
      path: "outer/lstm",
      className: "LSTM",
      inputHashes: ["a"],
      outputHashes: ["b", "c"],
      outputs: [tensor(1), tensor(2)],
      cells: [
        {
          direction: "forward",
          inputs: [tensor(3)],
          states: [tensor(4), tensor(5)],
          outputs: [tensor(6)],
          newStates: [tensor(7), tensor(8)],
        },
        { direction: "backward", inputs: [tensor(9)], states: [], outputs: [tensor(10)], newStates: [] },
      ],
    },
  },
])("a reply: $kind", (reply) => {
  expect(decodeReply(frameOf(encodeReply(reply)))).toEqual(reply);
});

test("what is neither is refused", () => {
  expect(() => decodeReply({ type: "other", header: {}, tensors: [] })).toThrow(/ready/);
  expect(() => decodeRequest({ type: "done", header: {}, tensors: [] })).toThrow(/predict/);
  expect(() => decodeReply({ type: "call", header: { own: -1 }, tensors: [] })).toThrow();
});
