/** @file A path → what is there: a model or input file, or the folder that holds one, and the files beside it. */

import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { VernierError } from "../base/errors.ts";
import { openHdf5 } from "./hdf5.node.ts";
import { keptHandle } from "./kept-handle.node.ts";
import { PIECE_BYTES } from "./limits.ts";
import { type ModelFiles, openModelFiles } from "./model-files.ts";
import { memoryFor, requireWithin, type Source } from "./source.ts";

export interface FileSource extends Source {
  /** It opens again when it is read again. */
  close(): Promise<void>;
}

/** As `readFile` does. 200 MB in one call took 220 ms, in steps of 4 MiB 130–230 ms, in these 125 ms. */
const MAX_READ_BYTES = 2 ** 19;

/** One copies while another waits for its turn: 250 MB take three fifths of the time. */
const READS_AT_ONCE = 2;

/** Up to here at once: handing a read to another thread and back takes longer than copying this many bytes. */
const MAX_READ_AT_ONCE_BYTES = 2 ** 18;

/** 0, `by`, 2 `by`, … below `length`. */
function* steps(length: number, by: number): Generator<number> {
  for (let start = 0; start < length; start += by) yield start;
}

/** Throws `file.unreadable` when nothing is there; an unknown content is data. */
export async function openPath(path: string): Promise<ModelFiles> {
  const file = await modelFileAt(path);
  const files: FileSource[] = [];
  const open = async (at: string): Promise<FileSource> => {
    const source = await fileSource(at);
    files.push(source);
    return source;
  };
  const opened = await openModelFiles(await open(file), {
    openBeside: (relativePath) => open(join(dirname(file), relativePath)),
    openHdf5: (source) => openHdf5(source),
    sha256,
  });
  const close = async (): Promise<void> => {
    await opened.close();
    await Promise.all(files.map((source) => source.close()));
  };
  return { ...opened, close };
}

/** A file, read by position. It is closed when nothing has been read for a moment; `close` does it at once. */
export async function fileSource(path: string): Promise<FileSource> {
  const { size } = statOf(path, path);
  const absolute = resolve(path);
  const kept = keptHandle(absolute);
  return {
    close: kept.close,
    name: path,
    sizeBytes: size,
    origin: { kind: "file", path: absolute, offset: 0, sizeBytes: size },
    async read(offset, length, into) {
      requireWithin({ name: path, sizeBytes: size }, offset, length);
      return kept.use(async (handle) => {
        const bytes = memoryFor(length, into);
        const fill = async (start: number, end: number): Promise<void> => {
          for (let done = start; done < end; ) {
            const bytesRead =
              end - done <= MAX_READ_AT_ONCE_BYTES
                ? readSync(handle.fd, bytes, done, end - done, offset + done)
                : (await handle.read(bytes, done, end - done, offset + done)).bytesRead;
            if (bytesRead === 0) {
              const details = { expected: `${offset + length} bytes`, received: `${offset + done}` };
              throw new VernierError("file.truncated", details, { where: [path] });
            }
            done += bytesRead;
          }
        };
        const starts = steps(length, MAX_READ_BYTES);
        const fillNext = async (): Promise<void> => {
          for (const start of starts) await fill(start, Math.min(start + MAX_READ_BYTES, length));
        };
        await Promise.all(Array.from({ length: READS_AT_ONCE }, fillNext));
        return bytes;
      });
    },
  };
}

/** In a folder: `model.json`, else the only Keras file. */
async function modelFileAt(path: string): Promise<string> {
  if (!statOf(path, path, true).isDirectory()) return path;
  const names = await readdir(path);
  if (names.includes("model.json")) return join(path, "model.json");
  const models = names.filter((name) => /\.(keras|h5|hdf5)$/.test(name)).sort();
  const [only] = models;
  if (only !== undefined && models.length === 1) return join(path, only);
  const reason =
    models.length === 0
      ? "the folder holds no model"
      : `the folder holds several models: ${models.join(", ")}`;
  throw new VernierError("file.unreadable", { reason }, { where: [path] });
}

function statOf(path: string, where: string, allowFolder = false): Stats {
  try {
    const stats = statSync(path);
    if (stats.isFile())
      closeSync(openSync(path, "r")); // may be there and not readable
    else if (!(allowFolder && stats.isDirectory())) {
      throw new VernierError("file.unreadable", { reason: "it is no regular file" }, { where: [where] });
    }
    return stats;
  } catch (cause) {
    if (cause instanceof VernierError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    const reason = code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "no permission" : code;
    throw new VernierError("file.unreadable", { reason }, { where: [where], cause });
  }
}

async function sha256(parts: readonly Source[]): Promise<string> {
  const hash = createHash("sha256");
  const largest = parts.reduce((bytes, { sizeBytes }) => Math.max(bytes, sizeBytes), 0);
  const memory = new Uint8Array(Math.min(PIECE_BYTES, largest));
  for (const part of parts) {
    for (let at = 0; at < part.sizeBytes; at += PIECE_BYTES) {
      hash.update(await part.read(at, Math.min(PIECE_BYTES, part.sizeBytes - at), memory));
    }
  }
  return hash.digest("hex");
}
