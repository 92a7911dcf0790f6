/** @file A path → what is there: a model or input file, or the folder that holds one, and the files beside it. */

import { createHash } from "node:crypto";
import { closeSync, openSync, type Stats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { VernierError } from "../base/errors.ts";
import { type Detected, detect } from "./detect.ts";
import { openHdf5 } from "./hdf5.node.ts";
import type { Hdf5File } from "./hdf5.ts";
import { readJson } from "./json-text.ts";
import { kerasShardNames } from "./keras-weights.ts";
import { requireWithin, type Source } from "./source.ts";
import { decodeShardPaths } from "./tfjs-manifest.ts";

export interface OpenedPath {
  /** Of the file, also when a folder was given. */
  readonly path: string;
  readonly source: Source;
  readonly detected: Detected;
  /** A file beside this one; throws `file.unreadable`. */
  openBeside(relativePath: string): Promise<Source>;
  /** The HDF5 reader over this file, started once. */
  hdf5(): Promise<Hdf5File>;
  /** One over another source: a part of this file, or a file beside it. Closed together with this. */
  openHdf5(source: Source): Promise<Hdf5File>;
  /** Of the file; of a `model.json` and its weight files together, in their order. Hex. */
  sha256(): Promise<string>;
  close(): Promise<void>;
}

/** Throws `file.unreadable` when nothing is there; an unknown content is data. */
export async function openPath(path: string): Promise<OpenedPath> {
  const file = await modelFileAt(path);
  const source = await fileSource(file);
  let reader: Promise<Hdf5File> | null = null;
  const hdf5 = (): Promise<Hdf5File> => {
    reader ??= openHdf5(source);
    return reader;
  };
  const others: Hdf5File[] = [];
  const openOther = async (other: Source): Promise<Hdf5File> => {
    const opened = await openHdf5(other);
    others.push(opened);
    return opened;
  };
  const close = async (): Promise<void> => {
    await Promise.all([(await reader?.catch(() => null))?.close(), ...others.map((other) => other.close())]);
  };
  try {
    const detected = await detect(source, hdf5);
    const openBeside = (relativePath: string): Promise<Source> =>
      fileSource(join(dirname(file), relativePath));
    return {
      path: file,
      source,
      detected,
      openBeside,
      hdf5,
      openHdf5: openOther,
      sha256: () => sha256(source, detected, openBeside),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A file, read by position. It is opened for each read, so that nothing needs closing. */
export async function fileSource(path: string): Promise<Source> {
  const { size } = await statOf(path, path);
  const absolute = resolve(path);
  return {
    name: path,
    sizeBytes: size,
    origin: { kind: "file", path: absolute, offset: 0, sizeBytes: size },
    async read(offset, length) {
      requireWithin({ name: path, sizeBytes: size }, offset, length);
      const handle = await open(absolute, "r");
      try {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length; ) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) {
            const details = { expected: `${offset + length} bytes`, received: `${offset + done}` };
            throw new VernierError("file.truncated", details, { where: [path] });
          }
          done += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}

/** In a folder: `model.json`, else the only Keras file. */
async function modelFileAt(path: string): Promise<string> {
  if (!(await statOf(path, path, true)).isDirectory()) return path;
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

async function statOf(path: string, where: string, allowFolder = false): Promise<Stats> {
  try {
    const stats = await stat(path);
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

async function sha256(
  source: Source,
  { kind }: Detected,
  openBeside: (path: string) => Promise<Source>,
): Promise<string> {
  const hash = createHash("sha256");
  const add = async (part: Source): Promise<void> => {
    const step = 4 * 2 ** 20;
    for (let at = 0; at < part.sizeBytes; at += step) {
      hash.update(await part.read(at, Math.min(step, part.sizeBytes - at)));
    }
  };
  await add(source);
  if (kind === "tfjs-layers" || kind === "tfjs-graph" || kind === "tfjs-weights-only") {
    const { json } = await readJson(source);
    const manifest = (json as { weightsManifest?: unknown }).weightsManifest ?? [];
    for (const path of decodeShardPaths(manifest, [source.name, "weightsManifest"])) {
      await add(await openBeside(path));
    }
  }
  if (kind === "keras-weights-sharded")
    for (const name of await kerasShardNames(source)) await add(await openBeside(name));
  return hash.digest("hex");
}
