/**
 * @file Where a result is written: first beside its place under a temporary name, where it can be proved, then into
 * place at once. Whoever opens the destination at any moment, also after a kill, finds the old model or the new one.
 *
 * A new folder and a single file are renamed into place. In a folder that is there, the new weight files get names
 * that are not in use, the file that names them (`model.json`, the last) is renamed over the old one, and then the old
 * model's weight files go. Everything else in the folder stays. The temporary folder lies inside a folder that is
 * there, not beside it: that may be a mount of its own, into which nothing can be renamed from outside.
 */

import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { VernierError } from "../base/errors.ts";
import { type DestinationPlace, findPlace } from "./destination-place.node.ts";
import { type FileOperations, fileOperations, type OnStep } from "./file-operations.node.ts";
import { onInterrupt } from "./interrupt.node.ts";
import { cleanLeftovers, removeUnnamed, temporaryName, weightFilesOf, writeNames } from "./leftovers.node.ts";
import type { OutputFile } from "./output.ts";
import { renameShards } from "./tfjs-rename.ts";

export interface DestinationOptions {
  /** "file": one file (`.keras`, `.h5`). "folder": a TF.js model; `dest` may also be its `model.json`. */
  readonly kind: "folder" | "file";
  /** May what is there be replaced? */
  readonly overwrite: boolean;
  /** Before each change to the disk. */
  readonly onStep?: OnStep;
}

export interface Destination extends AsyncDisposable {
  /**
   * Writes the files under a temporary name. The last is the one that a reader opens first; a "file" has no other, and
   * is named as the destination. Throws `dest.unwritable`; then, and when this is disposed, nothing is left behind.
   */
  stage(files: readonly OutputFile[]): Promise<Staged>;
}

export interface Staged {
  /** Of the staged model: `model.json`, or the file. */
  readonly path: string;
  /** Puts it into place; the paths written, the model's last. Throws `dest.exists` or `dest.unwritable`, then all is as before. */
  commit(): Promise<readonly string[]>;
  discard(): Promise<void>;
}

/** Changes nothing yet. Throws `dest.exists` when something is there, `dest.unwritable` when nothing can be written. */
export async function openDestination(dest: string, options: DestinationOptions): Promise<Destination> {
  const place = await findPlace(dest, options);
  const files = fileOperations(dest, options.onStep);
  const open = new Set<Staged>();
  return {
    async stage(outputs) {
      await cleanLeftovers(place.base, files);
      return stageAt(place, outputs, files, open);
    },
    async [Symbol.asyncDispose]() {
      for (const staged of open) await staged.discard();
    },
  };
}

async function stageAt(
  place: DestinationPlace,
  outputs: readonly OutputFile[],
  files: FileOperations,
  open: Set<Staged>,
): Promise<Staged> {
  const folder = join(place.base, temporaryName());
  const interrupts = onInterrupt(() => rmSync(folder, { recursive: true, force: true }));
  const discard = async (): Promise<void> => {
    interrupts[Symbol.dispose]();
    await files.remove(folder);
  };
  try {
    const names = await writeAll(place, folder, outputs, files);
    const staged: Staged = {
      path: join(folder, names.at(-1) ?? ""),
      async discard() {
        open.delete(staged);
        await discard();
      },
      commit() {
        open.delete(staged); // from here on the commit itself removes what it leaves, also when nobody waits for it
        return interrupts.hold(async () => {
          let old: readonly string[];
          try {
            old = await COMMITS[place.kind]({ place, folder, names, files });
          } catch (error) {
            await discard().catch(() => {});
            throw error;
          }
          // The new model is in place. What cannot be tidied now stays listed in the temporary folder for a later run.
          const tidied = files.syncFolder(place.base).then(() => removeUnnamed(place.base, old, files));
          await tidied.then(discard).catch(() => interrupts[Symbol.dispose]());
          return place.kind === "file" ? [place.shown] : names.map((name) => join(place.shown, name));
        });
      },
    };
    open.add(staged);
    return staged;
  } catch (error) {
    await discard().catch(() => {}); // the first error is the one to hear of
    throw error;
  }
}

/** The names that the files got. */
async function writeAll(
  place: DestinationPlace,
  folder: string,
  outputs: readonly OutputFile[],
  files: FileOperations,
): Promise<readonly string[]> {
  const model = outputs.at(-1);
  if (model === undefined || (place.kind === "file" && outputs.length !== 1)) {
    throw new VernierError("internal", { reason: `${outputs.length} files for one destination` });
  }
  await files.makeFolder(folder);
  // Half the time of writing, so only where new names may be needed.
  const hash = place.kind === "into" ? createHash("sha256") : undefined;
  for (const { name, ...file } of outputs.slice(0, -1)) {
    if (name.includes("/")) await files.makeFolder(dirname(join(folder, name)));
    hash?.update(`${file.sizeBytes},`);
    await files.writeFile(join(folder, name), file, hash);
  }
  const old = outputs.slice(0, -1).map(({ name }) => name);
  const inUse = (name: string): Promise<boolean> => files.isThere(join(place.base, name));
  const renamed =
    hash !== undefined && (await isAny([...old, model.name], inUse))
      ? await renameShards(old, hash.digest("hex"), inUse)
      : null;
  if (renamed !== null) await files.synced(); // where a file that is open cannot be renamed
  for (const [i, name] of old.entries()) {
    const to = renamed?.names[i] ?? name;
    if (to !== name) await files.rename(join(folder, name), join(folder, to));
  }
  const last = renamed === null ? model : await renamed.rewrite(model);
  const lastName = place.kind === "file" ? place.name : model.name;
  await files.writeFile(join(folder, lastName), last);
  await Promise.all([files.synced(), files.syncFolder(folder)]);
  return [...(renamed?.names ?? old), lastName];
}

async function isAny(names: readonly string[], inUse: (name: string) => Promise<boolean>): Promise<boolean> {
  for (const name of names) if (await inUse(name)) return true;
  return false;
}

interface Commit {
  readonly place: DestinationPlace;
  /** The temporary one. */
  readonly folder: string;
  readonly names: readonly string[];
  readonly files: FileOperations;
}

/** Each gives the names of the replaced model's weight files, which may go now. */
const COMMITS: { readonly [K in DestinationPlace["kind"]]: (commit: Commit) => Promise<readonly string[]> } =
  {
    async file({ place: { base, name, replaces }, folder, files }) {
      const to = join(base, name);
      await (replaces ? files.rename : files.renameNew)(join(folder, name), to);
      return [];
    },
    async new({ place: { base, name }, folder, files }) {
      await files.renameNew(folder, join(base, name));
      return [];
    },
    async into({ place: { base, replaces }, folder, names, files }) {
      const model = names.at(-1) ?? "";
      const shards = names.slice(0, -1);
      const old = (await weightFilesOf(join(base, model))) ?? [];
      await writeNames(folder, [...shards, ...old], files);
      const moved: string[] = [];
      try {
        for (const name of shards) {
          if (name.includes("/")) await files.makeFolder(dirname(join(base, name)));
          await files.renameNew(join(folder, name), join(base, name));
          moved.push(name);
        }
        await files.syncFolder(base);
        await (replaces ? files.rename : files.renameNew)(join(folder, model), join(base, model));
      } catch (error) {
        for (const name of moved) await files.remove(join(base, name)).catch(() => {});
        throw error;
      }
      return old;
    },
  };
