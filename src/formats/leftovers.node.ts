/**
 * @file What a replaced model or a killed run leaves in a folder: weight files that no model there names any more, and
 * our own temporary folders. A file is removed only when we know that it belonged to a model, from that model's
 * `weightsManifest` or from the list that a commit keeps, and no `.json` in the folder names it now.
 */

import { randomBytes } from "node:crypto";
import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, posix, sep } from "node:path";
import { isObject } from "../base/json.ts";
import type { FileOperations } from "./file-operations.node.ts";
import { MAX_JSON_BYTES } from "./limits.ts";
import { decodeShardPaths } from "./tfjs-manifest.ts";

const TEMPORARY = /^\.vernier-[0-9a-f]{16}$/;

export const temporaryName = (): string => `.vernier-${randomBytes(8).toString("hex")}`;
export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** In the temporary folder while a commit moves its files out: the names that may end up belonging to no model. */
const LIST_NAME = ".names.json";

/** A run that has written nothing for this long is taken for dead. */
const DEAD_AFTER_MS = 60 * 60 * 1000;

/**
 * Names that TF.js's tools and their users give weight files. A `model.json` that names `thesis.docx` among its
 * weights does not get it deleted.
 */
const WEIGHT_FILE = /\.(bin|dat|data|buf|weights)$|shard\d+of\d+$/;

/** What the `model.json` at `path` names, as plain relative paths; null where it cannot be read as one. */
export async function weightFilesOf(path: string): Promise<readonly string[] | null> {
  try {
    if ((await stat(path)).size > MAX_JSON_BYTES) return null;
    const json: unknown = JSON.parse(await readFile(path, "utf8"));
    if (!isObject(json) || json["weightsManifest"] === undefined) return [];
    return decodeShardPaths(json["weightsManifest"], [path]).map((name) => posix.normalize(name));
  } catch {
    return null;
  }
}

export async function writeNames(
  temporary: string,
  names: readonly string[],
  files: FileOperations,
): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify({ names }));
  const pieces = async function* () {
    yield bytes;
  };
  await files.writeFile(join(temporary, LIST_NAME), { sizeBytes: bytes.byteLength, pieces });
  await Promise.all([files.synced(), files.syncFolder(temporary)]);
}

/** Removes those of `names` that no model of the folder names. */
export async function removeUnnamed(
  folder: string,
  names: readonly string[],
  files: FileOperations,
): Promise<void> {
  if (names.length === 0) return;
  const named = await namedIn(folder);
  if (named === null) return;
  for (const name of names) {
    if (named.has(name) || !WEIGHT_FILE.test(name)) continue;
    if (await isFileInside(folder, name)) await files.remove(join(folder, name));
  }
}

/** Finishes or undoes what killed runs left in `folder`. What cannot be cleaned stays; it is in nobody's way. */
export async function cleanLeftovers(folder: string, files: FileOperations): Promise<void> {
  for (const name of (await readdir(folder).catch(() => [])).filter(isTemporary)) {
    const temporary = join(folder, name);
    try {
      if (Date.now() - (await lastChangeMs(temporary)) < DEAD_AFTER_MS) continue;
      await removeUnnamed(folder, await readNames(temporary), files);
      await files.remove(temporary);
    } catch {
      // Another run may be cleaning it too, or it is another user's.
    }
  }
}

async function readNames(temporary: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(join(temporary, LIST_NAME), "utf8");
  } catch {
    return [];
  }
  try {
    const { names } = JSON.parse(text) as { names: unknown };
    return decodeShardPaths([{ paths: names }], [temporary]);
  } catch {
    return []; // killed while it was written: nothing had been moved yet
  }
}

/** Every file that some `.json` of the folder names; null where `model.json` is there and cannot be read. */
async function namedIn(folder: string): Promise<ReadonlySet<string> | null> {
  const named = new Set<string>();
  for (const name of (await readdir(folder)).filter((entry) => entry.endsWith(".json"))) {
    const paths = await weightFilesOf(join(folder, name));
    if (paths === null && name === "model.json") return null;
    for (const path of paths ?? []) named.add(path);
  }
  return named;
}

/** Also where a step of the path is a link that leads elsewhere, nothing outside the folder is touched. */
async function isFileInside(folder: string, name: string): Promise<boolean> {
  try {
    const path = join(folder, name);
    const root = await realpath(folder);
    const parent = await realpath(dirname(path));
    return (parent === root || parent.startsWith(root + sep)) && !(await lstat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function lastChangeMs(temporary: string): Promise<number> {
  const paths = [temporary, ...(await readdir(temporary)).map((name) => join(temporary, name))];
  const times = await Promise.all(paths.map(async (path) => (await lstat(path)).mtimeMs));
  return times.reduce((a, b) => Math.max(a, b));
}
