/**
 * @file Reads a layers-model from disk into the artifacts that TF.js's own handler for a URL would make.
 */

import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { gunzipSync } from "node:zlib";
import type { io } from "@tensorflow/tfjs-core";
import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { isGzip } from "../formats/gzip.ts";
import { MAX_TENSOR_BYTES } from "../formats/limits.ts";

interface Group {
  readonly paths: readonly string[];
  readonly weights: io.WeightsManifestEntry[];
}

/** Throws `file.unreadable` and `file.malformed`; what TF.js would complain about itself is left to it. */
export function readArtifacts(path: string): io.ModelArtifacts {
  const json = readJson(path);
  const artifacts = { ...json, modelTopology: (json["modelTopology"] ?? null) as Record<string, never> };
  const groups = json["weightsManifest"];
  if (groups === undefined || groups === null) return artifacts;
  if (!Array.isArray(groups) || !groups.every(isGroup)) {
    throw new VernierError(
      "file.malformed",
      { reason: "weightsManifest is not a list of { paths, weights }" },
      { where: path },
    );
  }
  const folder = dirname(path);
  const shards = groups.flatMap(({ paths }) => paths).map((shard) => insideOf(folder, shard));
  return {
    ...artifacts,
    weightSpecs: groups.flatMap(({ weights }) => weights),
    weightData: concatenate(shards),
  };
}

function readJson(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = unpacked(readFileSync(path)).toString("utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch (cause) {
    throw new VernierError(
      "file.malformed",
      { reason: `not JSON (${(cause as Error).message})` },
      { where: path, cause },
    );
  }
  throw new VernierError("file.malformed", { reason: "not a JSON object" }, { where: path });
}

/** As a server sends what lies compressed on its disk; numbers that only begin like gzip stay as they are. */
function unpacked(bytes: Buffer): Buffer {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_TENSOR_BYTES - 1 });
  } catch {
    return bytes;
  }
}

function isGroup(json: unknown): json is Group {
  return (
    isObject(json) &&
    Array.isArray(json["paths"]) &&
    json["paths"].every((path) => typeof path === "string") &&
    Array.isArray(json["weights"])
  );
}

/** A manifest may name files beside it and below, as a page's server would serve them; nothing above. */
function insideOf(folder: string, path: string): string {
  const file = resolve(folder, path);
  const way = relative(folder, file);
  if (way === ".." || way.startsWith(`..${sep}`) || resolve(way) === way) {
    throw new VernierError(
      "file.malformed",
      { reason: `weightsManifest leads out of the model's folder: ${path}` },
      { where: folder },
    );
  }
  return file;
}

/** One buffer, as older TF.js want it, filled without a second copy. */
function concatenate(files: readonly string[]): ArrayBuffer {
  const parts = files.map(partOf);
  const data = new Uint8Array(parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  let at = 0;
  for (const part of parts) {
    part.readInto(data.subarray(at, at + part.sizeBytes));
    at += part.sizeBytes;
  }
  return data.buffer;
}

interface FilePart {
  readonly sizeBytes: number;
  readInto(target: Uint8Array): void;
}

function partOf(file: string): FilePart {
  const sizeBytes = sizeOfFile(file);
  const start = new Uint8Array(Math.min(sizeBytes, 3));
  readInto(file, start);
  const whole = isGzip(start) ? unpacked(readFileSync(file)) : null;
  return whole === null
    ? { sizeBytes, readInto: (target) => readInto(file, target) }
    : { sizeBytes: whole.length, readInto: (target) => target.set(whole) };
}

/** From the file's beginning, as much as the target holds. */
function readInto(file: string, target: Uint8Array): void {
  const handle = openSync(file, "r");
  try {
    for (let at = 0; at < target.length; ) {
      const count = readSync(handle, target, at, target.length - at, null);
      if (count === 0)
        throw new VernierError(
          "file.truncated",
          { expected: `${target.length} bytes`, received: "less" },
          { where: file },
        );
      at += count;
    }
  } finally {
    closeSync(handle);
  }
}

function sizeOfFile(file: string): number {
  try {
    return statSync(file).size;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(path: string, cause: unknown): VernierError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : message;
  return new VernierError("file.unreadable", { reason }, { where: path, cause });
}
