/** @file The weight files of a `model.json` as one row of bytes; any part of it can be read, across files too. */

import { isVernierError, VernierError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import { memoryFor, type Source } from "./source.ts";
import type { ManifestGroup } from "./tfjs-manifest.ts";

export interface Shards {
  /** Of the files up to the first missing one. */
  readonly sizeBytes: number;
  /** Where each manifest group begins in the row; the last is its end. */
  readonly groupOffsets: readonly number[];
  readonly problems: readonly Problem[];
  /** `what` names the weight in errors; `into` is memory that may hold the bytes. Throws `file.unreadable` or `file.truncated` naming file, weight and byte. */
  read(offset: number, length: number, what: string, into?: Uint8Array): Promise<Uint8Array>;
}

interface Shard {
  readonly path: string;
  readonly offset: number;
  readonly source: Source;
}

export async function openShards(
  groups: readonly ManifestGroup[],
  open: (path: string) => Promise<Source>,
  modelName: string,
): Promise<Shards> {
  const shards: Shard[] = [];
  const problems: Problem[] = [];
  const groupOffsets: number[] = [];
  let sizeBytes = 0;
  let missing: { path: string; cause: unknown } | null = null;
  for (const { paths } of groups) {
    groupOffsets.push(sizeBytes);
    for (const path of paths) {
      try {
        const source = await open(path);
        // Where the bytes after a missing file lie in the row is not known.
        if (missing === null) shards.push({ path, offset: sizeBytes, source });
        if (missing === null) sizeBytes += source.sizeBytes;
      } catch (cause) {
        if (!isVernierError(cause)) throw cause;
        problems.push({ ...cause.problem, code: "weights.file-missing", where: `${modelName}: ${path}` });
        missing ??= { path, cause };
      }
    }
  }
  groupOffsets.push(sizeBytes);
  const last = shards.at(-1);

  const fail = (offset: number, length: number, what: string): VernierError => {
    if (missing !== null) {
      const reason = `"${missing.path}", which weight "${what}" needs at byte ${offset}, cannot be opened`;
      return new VernierError("file.unreadable", { reason }, { where: [modelName], cause: missing.cause });
    }
    const start = last?.offset ?? 0;
    const details = {
      expected: `${offset + length - start} bytes for weight "${what}"`,
      received: `${sizeBytes - start}`,
    };
    return new VernierError("file.truncated", details, { where: last?.source.name ?? modelName });
  };
  return {
    sizeBytes,
    groupOffsets,
    problems,
    async read(offset, length, what, into) {
      if (offset + length > sizeBytes) throw fail(offset, length, what);
      const parts = shards.filter((shard) => {
        return shard.offset < offset + length && shard.offset + shard.source.sizeBytes > offset;
      });
      const [only] = parts;
      if (only !== undefined && parts.length === 1)
        return only.source.read(offset - only.offset, length, into);
      const bytes = memoryFor(length, into);
      for (const { offset: at, source } of parts) {
        const from = Math.max(offset, at);
        const to = Math.min(offset + length, at + source.sizeBytes);
        const place = bytes.subarray(from - offset, to - offset);
        const part = await source.read(from - at, to - from, place);
        if (part.buffer !== place.buffer) place.set(part);
      }
      return bytes;
    },
  };
}
