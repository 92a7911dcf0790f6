/** @file Requests and replies of a TF.js in a page as frames of the protocol: the tensors of a call lie flat behind its header. */

import { integer, listOf, oneOf, string } from "../base/decode.ts";
import { isObject } from "../base/json.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TracedCall, TracedCell } from "./engine.ts";
import { encodeFrame, type Frame } from "./protocol.ts";
import { type Reply, type Request, tensorsOf } from "./tfjs-protocol.ts";

export const encodeRequest = ({ kind, inputs }: Request): Uint8Array[] => encodeFrame({ type: kind }, inputs);

export function decodeRequest({ type, tensors }: Frame): Request {
  return { kind: oneOf("predict", "trace").decode(type), inputs: tensors };
}

export function encodeReply(reply: Reply): Uint8Array[] {
  switch (reply.kind) {
    case "call": {
      const { call, sizeKiB } = reply;
      const { path, className, inputHashes, outputHashes } = call;
      const cells = call.cells.map(({ direction, inputs, states, outputs, newStates }) => ({
        direction,
        counts: [inputs, states, outputs, newStates].map(({ length }) => length),
      }));
      const header = { path, className, inputHashes, outputHashes, cells, sizeKiB, own: call.outputs.length };
      return encodeFrame({ type: "call", ...header }, tensorsOf(call));
    }
    case "done":
      return encodeFrame({ type: "done" }, reply.outputs);
    case "ready":
    case "failed": {
      const { kind: type, ...said } = reply;
      return encodeFrame({ type, said });
    }
    default:
      return reply satisfies never;
  }
}

const strings = listOf(string);
const counts = listOf(integer(0));
const direction = oneOf("", "forward", "backward");

/** What came from a page of ours: its form is checked as far as a mistake of ours could spoil it. */
export function decodeReply({ type, header, tensors }: Frame): Reply {
  switch (type) {
    case "call": {
      const rest = [...tensors];
      const outputs = rest.splice(0, integer(0).decode(header["own"]));
      const cells = Array.isArray(header["cells"]) ? header["cells"] : [];
      const call: TracedCall = {
        path: string.decode(header["path"]),
        className: string.decode(header["className"]),
        inputHashes: strings.decode(header["inputHashes"]),
        outputHashes: strings.decode(header["outputHashes"]),
        outputs,
        cells: cells.filter(isObject).map((cell) => cellFrom(cell, rest)),
      };
      return { kind: "call", call, sizeKiB: integer(0).decode(header["sizeKiB"]) };
    }
    case "done":
      return { kind: "done", outputs: tensors };
    default:
      return { kind: oneOf("ready", "failed").decode(type), ...(header["said"] as object) } as Reply;
  }
}

function cellFrom(cell: Record<string, unknown>, rest: Tensor[]): TracedCell {
  const [inputs = [], states = [], outputs = [], newStates = []] = counts
    .decode(cell["counts"])
    .map((count) => rest.splice(0, count));
  return { direction: direction.decode(cell["direction"]), inputs, states, outputs, newStates };
}
