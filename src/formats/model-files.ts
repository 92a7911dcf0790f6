/**
 * @file A model file with what lies beside and inside it: what it is by its content, a reader of its HDF5, and what closes
 * them. Who has paths, bytes or a page's files says how they are opened.
 */

import { type Detected, detect } from "./detect.ts";
import { gunzipped } from "./gzip.ts";
import type { Hdf5File } from "./hdf5.ts";
import { readJson } from "./json-text.ts";
import { kerasShardNames } from "./keras-weights.ts";
import type { Source } from "./source.ts";
import { decodeShardPaths } from "./tfjs-manifest.ts";

export interface ModelFiles {
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

export interface FileOpeners {
  openBeside(relativePath: string): Promise<Source>;
  openHdf5(source: Source): Promise<Hdf5File>;
  /** Of all their bytes, one after the other. Hex. */
  sha256(parts: readonly Source[]): Promise<string>;
}

/** An unknown content is data. Throws what reading the file's head throws. */
export async function openModelFiles(file: Source, openers: FileOpeners): Promise<ModelFiles> {
  const source = await gunzipped(file);
  const openBeside = async (path: string): Promise<Source> => gunzipped(await openers.openBeside(path));
  let reader: Promise<Hdf5File> | null = null;
  const hdf5 = (): Promise<Hdf5File> => {
    reader ??= openers.openHdf5(source);
    return reader;
  };
  const others: Hdf5File[] = [];
  const openHdf5 = async (other: Source): Promise<Hdf5File> => {
    const opened = await openers.openHdf5(other);
    others.push(opened);
    return opened;
  };
  const close = async (): Promise<void> => {
    await Promise.all([(await reader?.catch(() => null))?.close(), ...others.map((other) => other.close())]);
  };
  try {
    const detected = await detect(source, hdf5);
    const sha256 = async (): Promise<string> =>
      openers.sha256(await partsOf(source, detected.kind, openBeside));
    return { path: source.name, source, detected, openBeside, hdf5, openHdf5, sha256, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function partsOf(
  source: Source,
  kind: Detected["kind"],
  openBeside: (path: string) => Promise<Source>,
): Promise<Source[]> {
  const beside: string[] = [];
  if (kind === "tfjs-layers" || kind === "tfjs-graph" || kind === "tfjs-weights-only") {
    const { json } = await readJson(source);
    const manifest = (json as { weightsManifest?: unknown }).weightsManifest ?? [];
    beside.push(...decodeShardPaths(manifest, [source.name, "weightsManifest"]));
  }
  if (kind === "keras-weights-sharded") beside.push(...(await kerasShardNames(source)));
  return [source, ...(await Promise.all(beside.map(openBeside)))];
}
