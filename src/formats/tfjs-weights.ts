/**
 * @file Where each weight of a `model.json` lies, and its value exactly as TF.js decodes it (tfjs-core 4.22
 * io_utils.ts, `decodeWeight`): `stored · scale + min` in float64, rounded once to float32.
 */

import { VernierError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { numberFromFloat16Bits, tensorFromBytes } from "./elements.ts";
import { MAX_STRING_BYTES, PIECE_BYTES, requireAtMost } from "./limits.ts";
import type { Spare } from "./spare.ts";
import type { ManifestEntry, ManifestGroup, Quantization } from "./tfjs-manifest.ts";
import type { Shards } from "./tfjs-shards.ts";

export interface LocatedWeight {
  readonly entry: ManifestEntry;
  readonly offset: number;
  readonly sizeBytes: number;
}

const STORED_BYTES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;
/** Before each string, its length in bytes. */
const LENGTH_BYTES = 4;

export async function locateWeights(
  groups: readonly ManifestGroup[],
  shards: Shards,
  modelName: string,
): Promise<{ weights: readonly LocatedWeight[]; problems: readonly Problem[] }> {
  const weights: LocatedWeight[] = [];
  const problems: Problem[] = [...shards.problems];
  const seen = new Set<string>();
  let offset = 0;
  for (const [i, group] of groups.entries()) {
    const start = shards.groupOffsets[i] ?? 0;
    if (shards.problems.length === 0 && start !== offset)
      problems.push(misaligned(modelName, i, start, offset));
    for (const entry of group.weights) {
      const sizeBytes = await storedBytes(entry, offset, shards);
      if (seen.has(entry.name)) problems.push(duplicate(modelName, entry.name));
      seen.add(entry.name);
      weights.push({ entry, offset, sizeBytes });
      offset += sizeBytes;
    }
  }
  if (shards.problems.length === 0 && offset !== shards.sizeBytes) {
    problems.push(wrongTotal(modelName, offset, shards.sizeBytes));
  }
  return { weights, problems };
}

export async function readTfjsWeight(
  { entry, offset, sizeBytes }: LocatedWeight,
  shards: Shards,
): Promise<Tensor> {
  const { shape, dtype, quantization } = entry;
  const bytes = await shards.read(offset, sizeBytes, entry.name);
  if (quantization !== null) return dequantize(bytes, quantization, entry);
  if (dtype !== "string") return tensorFromBytes(bytes, { shape, dtype });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const data = Array.from({ length: sizeOf(shape) }, () => {
    const length = view.getUint32(at, true);
    const text = decodeText(bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length), entry.name);
    at += LENGTH_BYTES + length;
    return text;
  });
  return { shape, dtype, data };
}

function decodeText(bytes: Uint8Array, weight: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new VernierError("file.malformed", { reason: "a text that is not UTF-8" }, { where: [weight] });
  }
}

/** The same numbers in flat pieces, without the whole in memory; each is good until the next is asked for. */
export async function* tfjsWeightPieces(
  weight: LocatedWeight,
  shards: Shards,
  spare: Spare,
  maxBytes = PIECE_BYTES,
): AsyncIterable<Tensor> {
  const { entry, offset } = weight;
  const { dtype, quantization, shape } = entry;
  const count = sizeOf(shape);
  if (dtype === "string") {
    const { data } = await readTfjsWeight(weight, shards);
    yield { shape: [count], dtype, data };
    return;
  }
  const width = STORED_BYTES[quantization?.dtype ?? dtype];
  const step = Math.max(1, Math.floor(maxBytes / width));
  const memory = spare.take(step * width);
  try {
    for (let at = 0; at < count; at += step) {
      const length = Math.min(step, count - at);
      const bytes = await shards.read(offset + at * width, length * width, entry.name, memory);
      yield quantization === null
        ? tensorFromBytes(bytes, { shape: [length], dtype })
        : dequantize(bytes, quantization, { ...entry, shape: [length] });
    }
  } finally {
    spare.give(memory);
  }
}

function dequantize(bytes: Uint8Array, quantization: Quantization, { shape, dtype }: ManifestEntry): Tensor {
  const stored = quantization.dtype === "uint8" ? bytes : uint16From(bytes);
  if (quantization.dtype === "float16") {
    return { shape, dtype: "float32", data: Float32Array.from(stored, numberFromFloat16Bits) };
  }
  const { scale, min } = quantization;
  if (dtype === "int32") {
    return { shape, dtype, data: Int32Array.from(stored, (v) => Math.round(v * scale + min)) };
  }
  return { shape, dtype: "float32", data: Float32Array.from(stored, (v) => v * scale + min) };
}

function uint16From(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.slice().buffer);
}

/** Strings have no fixed size: TF.js walks them, so this does. */
async function storedBytes(entry: ManifestEntry, offset: number, shards: Shards): Promise<number> {
  const { name, shape, dtype, quantization } = entry;
  if (quantization !== null) return sizeOf(shape) * STORED_BYTES[quantization.dtype];
  if (dtype !== "string") return sizeOf(shape) * STORED_BYTES[dtype];
  let sizeBytes = 0;
  for (let i = 0; i < sizeOf(shape); i++) {
    const prefix = await shards.read(offset + sizeBytes, LENGTH_BYTES, name);
    const length = new DataView(prefix.buffer, prefix.byteOffset, LENGTH_BYTES).getUint32(0, true);
    requireAtMost("the length of a string in bytes", length, MAX_STRING_BYTES, name);
    sizeBytes += LENGTH_BYTES + length;
  }
  return sizeBytes;
}

function misaligned(modelName: string, group: number, start: number, offset: number): Problem {
  return {
    code: "weights.misaligned",
    where: `${modelName}.weightsManifest[${group}]`,
    message: `the files of this group begin at byte ${start}, its weights at byte ${offset} of all files together`,
    hint: "TF.js joins all groups, and so reads other numbers than the writer meant; convert the model again",
    severity: "error",
  };
}

function wrongTotal(modelName: string, expected: number, received: number): Problem {
  return {
    code: received < expected ? "file.truncated" : "weights.unused-bytes",
    where: modelName,
    message: `the weight files hold ${received} bytes, the manifest describes ${expected}`,
    hint: "a weight file may be cut off, or belong to another model.json",
    severity: received < expected ? "error" : "warning",
  };
}

function duplicate(modelName: string, name: string): Problem {
  return {
    code: "weights.duplicate",
    where: `${modelName}.weightsManifest`,
    message: `two weights have the name "${name}"; TF.js keeps the last`,
    hint: "give the layers different names and convert again",
    severity: "warning",
  };
}
