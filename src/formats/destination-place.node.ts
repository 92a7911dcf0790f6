/** @file What is at a destination, and whether it may be written there: asked before any work is done. */

import { constants, type Stats } from "node:fs";
import { access, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { VernierError } from "../base/errors.ts";
import { unwritable } from "./file-operations.node.ts";
import { isTemporary } from "./leftovers.node.ts";

export interface DestinationPlace {
  /** "new": a folder that is not there yet. "into": one that is. */
  readonly kind: "file" | "new" | "into";
  /** Where temporary files go: the folder itself for "into", else the folder around it. Links are followed. */
  readonly base: string;
  /** Of the file or the new folder, in `base`. */
  readonly name: string;
  /** The destination as the user wrote it; a folder's for `model.json`. */
  readonly shown: string;
  /** May something that is there be replaced? */
  readonly replaces: boolean;
}

export async function findPlace(
  dest: string,
  { kind, overwrite }: { readonly kind: "folder" | "file"; readonly overwrite: boolean },
): Promise<DestinationPlace> {
  const there = await look(dest, dest);
  if (kind === "folder" && basename(dest) === "model.json" && there?.isDirectory() !== true) {
    if (there !== null && !overwrite) throw exists(dest, "a file is there");
    const shown = dirname(dest);
    return placeOf(dest, shown, await look(shown, dest), overwrite);
  }
  if (kind === "file") return filePlace(dest, there, overwrite);
  if (there?.isDirectory() === true && !overwrite) {
    const names = (await readdir(dest).catch(refuse(dest))).filter((name) => !isTemporary(name));
    const some = names.length === 1 ? `"${names[0]}"` : `${names.length} files, "${names[0]}" among them`;
    if (names.length > 0) throw exists(dest, `the folder holds ${some}`);
  }
  return placeOf(dest, dest, there, overwrite);
}

async function placeOf(
  dest: string,
  shown: string,
  there: Stats | null,
  replaces: boolean,
): Promise<DestinationPlace> {
  if (there === null) return { kind: "new", ...(await around(dest, shown)), shown, replaces };
  if (!there.isDirectory()) {
    throw new VernierError(
      "dest.unwritable",
      { reason: "a file is there, where a folder is needed" },
      { where: dest },
    );
  }
  const base = await realpath(shown).catch(refuse(dest));
  await requireWritable(base, dest);
  return { kind: "into", base, name: "", shown, replaces };
}

async function filePlace(dest: string, there: Stats | null, replaces: boolean): Promise<DestinationPlace> {
  if (there === null) return { kind: "file", ...(await around(dest, dest)), shown: dest, replaces };
  if (!there.isFile()) {
    const what = there.isDirectory() ? "a folder is there" : "no regular file is there";
    throw new VernierError("dest.unwritable", { reason: `${what}, where a file is needed` }, { where: dest });
  }
  if (!replaces) throw exists(dest, "a file is there");
  const real = await realpath(dest).catch(refuse(dest));
  await requireWritable(dirname(real), dest);
  return { kind: "file", base: dirname(real), name: basename(real), shown: dest, replaces };
}

/** The folder around something that is not there yet. */
async function around(dest: string, shown: string): Promise<{ base: string; name: string }> {
  const parent = dirname(resolve(shown));
  const stats = await look(parent, dest);
  if (stats?.isDirectory() !== true) {
    const what = stats === null ? "there is no folder" : "this is no folder:";
    throw new VernierError("dest.unwritable", { reason: `${what} ${dirname(shown)}` }, { where: dest });
  }
  await requireWritable(parent, dest);
  return { base: await realpath(parent).catch(refuse(dest)), name: basename(resolve(shown)) };
}

async function look(path: string, dest: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw unwritable(error, dest);
  }
}

async function requireWritable(folder: string, dest: string): Promise<void> {
  await access(folder, constants.W_OK | constants.X_OK).catch(refuse(dest));
}

const refuse =
  (dest: string) =>
  (cause: unknown): never => {
    throw unwritable(cause, dest);
  };

const exists = (dest: string, what: string): VernierError =>
  new VernierError("dest.exists", { what }, { where: join(dest) });
