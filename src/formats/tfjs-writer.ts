/**
 * @file A layers model for TF.js: `model.json` and its weights, laid out as TF.js's converter does: all weights end to
 * end, little-endian, cut into files of `shardSizeBytes` wherever that falls.
 */

import { invalid } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { MAX_SHARDS, requireAtMost } from "./limits.ts";
import type { OutputFile } from "./output.ts";
import type { ManifestEntry } from "./tfjs-manifest.ts";
import { planWeight, type RoundedWeight, type StoredWeight, type TfjsWeightToWrite } from "./tfjs-stored.ts";

export interface TfjsLayersToWrite {
  /** Every key of `model.json` but `weightsManifest`. */
  readonly modelJson: JsonObject;
  /** In the order of the manifest. */
  readonly weights: readonly TfjsWeightToWrite[];
  /** @default 4 MiB, the largest file that every major browser caches (write_weights.py) */
  readonly shardSizeBytes?: number;
  /** @default "group1-shard1of2.bin" for index 0 of 2 */
  readonly shardName?: (index: number, count: number) => string;
}

export interface TfjsFiles {
  /** The weight files in their order, then `model.json`, which names them. */
  readonly files: readonly OutputFile[];
  readonly rounded: readonly RoundedWeight[];
}

/**
 * Throws `weights.unwritable` for what TF.js cannot hold, and `config.invalid` for a number that JSON cannot say.
 * Reads those weights whose numbers decide how they are stored; the bytes are read when the files are.
 */
export async function writeTfjsLayers({
  modelJson,
  weights,
  shardSizeBytes = 4 * 2 ** 20,
  shardName = (index, count) => `group1-shard${index + 1}of${count}.bin`,
}: TfjsLayersToWrite): Promise<TfjsFiles> {
  requireUniqueNames(weights);
  const stored: StoredWeight[] = [];
  for (const weight of weights) stored.push(await planWeight(weight));
  const total = stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const count = Math.ceil(total / shardSizeBytes);
  requireAtMost("the number of weight files", count, MAX_SHARDS, "model.json");
  const piecesOf = cutter(stored, total);
  const shards = Array.from({ length: count }, (_, i) => {
    const from = i * shardSizeBytes;
    const to = Math.min(total, from + shardSizeBytes);
    return { name: shardName(i, count), sizeBytes: to - from, pieces: () => piecesOf(from, to) };
  });
  const weightsManifest = [
    { paths: shards.map(({ name }) => name), weights: stored.map(({ entry }) => jsonFromEntry(entry)) },
  ];
  return {
    files: [...shards, jsonFile("model.json", { ...modelJson, weightsManifest })],
    rounded: stored.flatMap(({ rounded }) => (rounded === null ? [] : [rounded])),
  };
}

/**
 * The bytes from one position to another of all weights end to end. Where one call stopped the next goes on: files that
 * are read in turn read each weight once, however many files it spans.
 */
function cutter(
  weights: readonly StoredWeight[],
  total: number,
): (from: number, to: number) => AsyncGenerator<Uint8Array> {
  let parked: Cursor | null = null;
  return async function* piecesOf(from, to) {
    const cursor =
      parked?.at === from ? parked : { at: from, rest: new Uint8Array(0), stream: bytesFrom(weights, from) };
    if (cursor === parked) parked = null;
    try {
      while (cursor.at < to) {
        if (cursor.rest.byteLength === 0) {
          const next = await cursor.stream.next();
          if (next.done === true)
            throw new VernierError("internal", { reason: `a weight ended before byte ${to}` });
          cursor.rest = next.value;
        }
        const part = cursor.rest.subarray(0, to - cursor.at);
        cursor.rest = cursor.rest.subarray(part.byteLength);
        cursor.at += part.byteLength;
        if (part.byteLength > 0) yield part;
      }
    } finally {
      const goesOn = cursor.at === to && to < total;
      const done = goesOn ? parked : cursor;
      if (goesOn) parked = cursor;
      await done?.stream.return(undefined);
    }
  };
}

interface Cursor {
  at: number;
  rest: Uint8Array;
  readonly stream: AsyncGenerator<Uint8Array>;
}

async function* bytesFrom(weights: readonly StoredWeight[], from: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const { entry, sizeBytes, bytes } of weights) {
    const end = at + sizeBytes;
    if (end > from) {
      for await (const piece of bytes()) {
        const skip = Math.min(Math.max(from - at, 0), piece.byteLength);
        at += piece.byteLength;
        if (skip < piece.byteLength) yield piece.subarray(skip);
      }
      if (at !== end) {
        const reason = `weight "${entry.name}" gave other than the ${sizeBytes} bytes of its shape`;
        throw new VernierError("internal", { reason });
      }
    }
    at = end;
  }
}

function requireUniqueNames(weights: readonly TfjsWeightToWrite[]): void {
  const seen = new Set<string>();
  for (const { name } of weights) {
    const reason = "another weight has the same name";
    if (seen.has(name)) throw new VernierError("weights.unwritable", { weight: name, reason });
    seen.add(name);
  }
}

/** Keys in the converter's order; it says the dtype before quantization twice. */
function jsonFromEntry({ name, shape, dtype, quantization, group }: ManifestEntry): JsonObject {
  return {
    name,
    shape,
    dtype,
    ...(quantization === null ? {} : { quantization: { ...quantization, original_dtype: dtype } }),
    ...(group === null ? {} : { group }),
  };
}

function jsonFile(name: string, json: JsonObject): OutputFile {
  const text = JSON.stringify(json, (key, value: unknown) => {
    if (typeof value !== "number" || Number.isFinite(value)) return value;
    throw invalid("a number that JSON can say", String(value), [name, key]);
  });
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    sizeBytes: bytes.byteLength,
    async *pieces() {
      yield bytes;
    },
  };
}
