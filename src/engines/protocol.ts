/**
 * @file The framed protocol in which an engine outside this process speaks, over any stream of bytes.
 *
 * A frame is a uint32 (little-endian) header length, a UTF-8 JSON header, and the bytes of the tensors that the
 * header's `tensors` lists as `{ shape, dtype, bytes }`, in order. Numbers are little-endian in their own width,
 * bool is one byte, a string is a uint32 length and UTF-8.
 */

import { integer, listOf, oneOf } from "../base/decode.ts";
import { isVernierError, VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { bytesFromTensor, tensorFromBytes } from "../formats/elements.ts";
import { DTYPES } from "../tensor/dtype.ts";
import { type Shape, sizeOf, type Tensor } from "../tensor/tensor.ts";

/** Far above a call with 10,000 recurrent steps (about 2 MB); text that is no protocol reads as more than this. */
export const MAX_HEADER_BYTES = 1 << 24;
/** The largest activation of ResNet50 at batch 32 is 103 MB; one ArrayBuffer cannot hold much more than this. */
export const MAX_PAYLOAD_BYTES = 2 ** 31;

export interface Frame {
  readonly type: string;
  /** The rest of the header, undecoded. */
  readonly header: { readonly [key: string]: unknown };
  readonly tensors: readonly Tensor[];
}

/** The bytes of a frame, in pieces to be written one after another. */
export function encodeFrame(
  header: { readonly type: string; readonly [key: string]: unknown },
  tensors: readonly Tensor[] = [],
): Uint8Array[] {
  const payloads = tensors.map((tensor) =>
    tensor.dtype === "string" ? bytesFromStrings(tensor) : bytesFromTensor(tensor),
  );
  const described = tensors.map(({ shape, dtype }, i) => ({
    shape,
    dtype,
    bytes: payloads[i]?.byteLength ?? 0,
  }));
  const text = new TextEncoder().encode(JSON.stringify({ ...header, tensors: described }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.byteLength, true);
  return [length, text, ...payloads];
}

/** Takes bytes as they come and gives the frames that are complete. Throws `protocol.malformed`. */
export class FrameDecoder {
  #chunks: Uint8Array[] = [];
  #available = 0;
  #headerBytes: number | null = null;
  #header: DescribedHeader | null = null;

  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#available += chunk.byteLength;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) frames.push(frame);
    return frames;
  }

  /** Bytes of a frame that has begun but not ended. */
  get pendingBytes(): number {
    return this.#available;
  }

  #next(): Frame | null {
    if (this.#headerBytes === null) {
      const bytes = this.#take(4);
      if (bytes === null) return null;
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      if (length > MAX_HEADER_BYTES) {
        const text = new TextDecoder().decode(bytes).replace(/[^\x20-\x7e]/g, ".");
        throw malformed(`something other than a frame came, beginning with "${text}"`);
      }
      this.#headerBytes = length;
    }
    if (this.#header === null) {
      const bytes = this.#take(this.#headerBytes);
      if (bytes === null) return null;
      this.#header = decodeHeader(bytes);
    }
    const payload = this.#take(this.#header.payloadBytes);
    if (payload === null) return null;
    const { type, header, described } = this.#header;
    this.#headerBytes = this.#header = null;
    let at = 0;
    const tensors = described.map((description) => {
      const bytes = payload.subarray(at, at + description.bytes);
      at += description.bytes;
      return tensorFromPayload(description, bytes);
    });
    return { type, header, tensors };
  }

  /** The next `size` bytes as one piece, or null while they have not all come. */
  #take(size: number): Uint8Array | null {
    if (this.#available < size) return null;
    const taken = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const chunk = this.#chunks[0] ?? new Uint8Array(0);
      const part = chunk.subarray(0, size - filled);
      taken.set(part, filled);
      filled += part.byteLength;
      if (part.byteLength === chunk.byteLength) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.byteLength);
    }
    this.#available -= size;
    return taken;
  }
}

interface Description {
  readonly shape: Shape;
  readonly dtype: (typeof DTYPES)[number];
  readonly bytes: number;
}

interface DescribedHeader {
  readonly type: string;
  readonly header: Record<string, unknown>;
  readonly described: readonly Description[];
  readonly payloadBytes: number;
}

const dtypeDecoder = oneOf(...DTYPES);
const shapeDecoder = listOf(integer(0));
const sizeDecoder = integer(0);

function decodeHeader(bytes: Uint8Array): DescribedHeader {
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (!isObject(json) || typeof json["type"] !== "string") throw malformed("a header without a type");
    const { type, tensors = [], ...header } = json;
    if (!Array.isArray(tensors)) throw malformed("a header whose tensors are no list");
    const described = tensors.map((entry: unknown): Description => {
      const { shape, dtype, bytes: size } = isObject(entry) ? entry : {};
      return {
        shape: shapeDecoder.decode(shape),
        dtype: dtypeDecoder.decode(dtype),
        bytes: sizeDecoder.decode(size),
      };
    });
    const payloadBytes = described.reduce((total, entry) => total + entry.bytes, 0);
    if (payloadBytes > MAX_PAYLOAD_BYTES) throw malformed(`a frame of ${payloadBytes} bytes`);
    return { type, header, described, payloadBytes };
  } catch (error) {
    if (isVernierError(error, "protocol.malformed")) throw error;
    throw malformed(
      `a header that cannot be read (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function tensorFromPayload({ shape, dtype }: Description, bytes: Uint8Array): Tensor {
  try {
    if (dtype !== "string") return tensorFromBytes(bytes, { shape, dtype });
    const data = stringsFromBytes(bytes);
    if (data.length !== sizeOf(shape))
      throw malformed(`${data.length} strings for shape [${shape.join(", ")}]`);
    return { shape, dtype, data };
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error));
  }
}

function bytesFromStrings({ data }: Tensor): Uint8Array {
  const words = Array.from(data as readonly string[], (word) => new TextEncoder().encode(word));
  const bytes = new Uint8Array(words.reduce((total, word) => total + 4 + word.byteLength, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const word of words) {
    view.setUint32(at, word.byteLength, true);
    bytes.set(word, at + 4);
    at += 4 + word.byteLength;
  }
  return bytes;
}

function stringsFromBytes(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: string[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const length = at + 4 <= bytes.byteLength ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.byteLength) throw malformed("a string that is cut off");
    strings.push(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return strings;
}

const malformed = (reason: string): VernierError => new VernierError("protocol.malformed", { reason });
