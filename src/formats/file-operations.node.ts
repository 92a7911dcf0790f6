/**
 * @file Changes to the disk, one by one: each says before what it is about to do, and fails in the user's words.
 * What has to survive a power failure is synced here, files and the folders that name them.
 */

import type { Hash } from "node:crypto";
import { writeSync } from "node:fs";
import { chmod, type FileHandle, lstat, mkdir, open, rename, rm } from "node:fs/promises";
import { VernierError } from "../base/errors.ts";
import type { OutputFile } from "./output.ts";

/** Told before each of them. Tests end the process here, or throw what a disk would. */
export type OnStep = (operation: keyof FileOperations | "write", path: string) => void;

export interface FileOperations {
  makeFolder(path: string): Promise<void>;
  /**
   * A new file; it lasts when `synced` has ended: meanwhile the next one can be written. `hash` gets its bytes too. A
   * piece is on its way before the next is asked for. Throws `internal` when they are not as many as was said.
   */
  writeFile(path: string, file: Pick<OutputFile, "sizeBytes" | "pieces">, hash?: Hash): Promise<void>;
  /** All files written so far are on the disk. Throws what kept one of them from it. */
  synced(): Promise<void>;
  isThere(path: string): Promise<boolean>;
  /** Replaces a file that is there, at once, and keeps its permissions. */
  rename(from: string, to: string): Promise<void>;
  /** Fails where something is. Whoever brings something there between the look and the change loses it. */
  renameNew(from: string, to: string): Promise<void>;
  /** A file or a folder with all that it holds; nothing there is fine. */
  remove(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
}

/** Pieces are gathered up to here; larger ones are written as they are. */
const GATHERED_BYTES = 256 * 2 ** 10;

/** Files that are open at once, while the disk takes them. */
const MAX_SYNCING = 16;

/** Every operation throws `dest.unwritable`, at `where`. */
export function fileOperations(where: string, onStep: OnStep = () => {}): FileOperations {
  const step = async <T>(
    operation: Parameters<OnStep>[0],
    path: string,
    act: () => Promise<T>,
  ): Promise<T> => {
    try {
      onStep(operation, path);
      return await act();
    } catch (cause) {
      throw cause instanceof VernierError ? cause : unwritable(cause, where);
    }
  };
  /** Each ends with its error, or null. */
  const syncing = new Set<Promise<unknown>>();
  const synced = async (): Promise<void> => {
    for (const end of syncing) {
      const error = await end;
      syncing.delete(end);
      if (error !== null) throw error;
    }
  };
  return {
    synced,
    makeFolder: (path) => step("makeFolder", path, async () => void (await mkdir(path, { recursive: true }))),
    async writeFile(path, { sizeBytes, pieces }, hash) {
      if (syncing.size >= MAX_SYNCING) await synced();
      const handle = await step("writeFile", path, () => open(path, "wx"));
      let closing: Promise<unknown> | null = null;
      try {
        let written = 0;
        // What reading the pieces throws is about the source, not about this disk.
        for await (const piece of gathered(pieces())) {
          hash?.update(piece);
          written += piece.byteLength;
          await step("write", path, () => writeFully(handle, piece));
        }
        if (written !== sizeBytes) {
          const reason = `${written} bytes came for a file of ${sizeBytes}`;
          throw new VernierError("internal", { reason }, { where: [path] });
        }
        closing = step("write", path, () => handle.sync())
          .finally(() => handle.close())
          .then(
            () => null,
            (error: unknown) => error,
          );
        syncing.add(closing);
      } finally {
        if (closing === null) await handle.close();
      }
    },
    isThere: (path) => step("isThere", path, () => isThere(path)),
    rename: (from, to) =>
      step("rename", to, async () => {
        const old = await lstat(to).catch(() => null);
        if (old?.isFile() === true) await chmod(from, old.mode & 0o777);
        await rename(from, to);
      }),
    renameNew: (from, to) =>
      step("renameNew", to, async () => {
        if (await isThere(to)) throw new VernierError("dest.exists", { what: `"${to}" is there` }, { where });
        await rename(from, to);
      }),
    remove: (path) =>
      step("remove", path, async () => {
        await Promise.all(syncing); // a file that is open cannot go everywhere
        await rm(path, { recursive: true, force: true });
      }),
    syncFolder: (path) => step("syncFolder", path, () => syncFolder(path)),
  };
}

export function unwritable(cause: unknown, where: string): VernierError<"dest.unwritable"> {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new VernierError("dest.unwritable", { reason: REASONS[code] ?? code }, { where, cause });
}

const REASONS: { readonly [code: string]: string } = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file system takes no file that large",
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  ENOENT: "the folder is not there (any more)",
  ENOTDIR: "a part of the path is a file, not a folder",
  ENAMETOOLONG: "the name is too long for the file system",
  EXDEV: "the place is on another file system than the folder around it",
  ENOTEMPTY: "something appeared there meanwhile",
  EEXIST: "something appeared there meanwhile",
  EMFILE: "too many files are open",
  EBUSY: "another program is using it",
  EIO: "the disk reports an error",
};

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

/** Fewer and larger writes: a model has hundreds of weights of a few kilobytes. */
async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(GATHERED_BYTES);
  let held = 0;
  for await (const piece of pieces) {
    if (held + piece.byteLength > memory.byteLength) {
      yield memory.subarray(0, held);
      held = 0;
    }
    if (piece.byteLength > memory.byteLength) {
      yield piece;
      continue;
    }
    memory.set(piece, held);
    held += piece.byteLength;
  }
  if (held > 0) yield memory.subarray(0, held);
}

/** A small piece at once: handing it to another thread and back takes longer than copying it. */
async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const left = bytes.byteLength - at;
    at +=
      left <= GATHERED_BYTES
        ? writeSync(handle.fd, bytes, at, left)
        : (await handle.write(bytes, at, left)).bytesWritten;
  }
}

/** Makes the names in a folder last. Windows and some network file systems cannot open a folder; they have no need. */
async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch {
    return;
  }
  try {
    await handle.sync();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code !== "EINVAL" && code !== "EPERM" && code !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}
