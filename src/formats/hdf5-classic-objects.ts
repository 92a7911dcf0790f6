/** @file Paths → groups and datasets, links inside the file followed. Circles end at HDF5's own limit. */

import { type Blocks, Recent } from "./hdf5-classic-blocks.ts";
import { type Group, openGroup } from "./hdf5-classic-group.ts";
import { MESSAGE, type Message, readMessages } from "./hdf5-classic-header.ts";
import { compactGroup } from "./hdf5-classic-links.ts";
import type { Superblock } from "./hdf5-classic-superblock.ts";
import { malformed, unsupported } from "./hdf5-header.ts";
import { MAX_PATH_DEPTH, MAX_SOFT_LINKS, requireAtMost } from "./limits.ts";

export interface StoredObject {
  readonly kind: "group" | "dataset";
  readonly messages: readonly Message[];
  /** Of a group: its names. */
  group(): Promise<Group>;
}

const KEPT_OBJECTS = 2_000;

export class Objects {
  readonly #blocks: Blocks;
  readonly #superblock: Superblock;
  readonly #found = new Recent<string, StoredObject>(KEPT_OBJECTS);

  constructor(blocks: Blocks, superblock: Superblock) {
    this.#blocks = blocks;
    this.#superblock = superblock;
  }

  /** null when nothing is there. */
  async find(path: string): Promise<StoredObject | null> {
    return this.#found.get(path) ?? this.#find(stepsOf(path), 0);
  }

  async #find(steps: readonly string[], links: number): Promise<StoredObject | null> {
    const path = `/${steps.join("/")}`;
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    const object = await this.#open(steps, links);
    if (object !== null) this.#found.set(path, object);
    return object;
  }

  async #open(steps: readonly string[], links: number): Promise<StoredObject | null> {
    const name = steps.at(-1);
    if (name === undefined) return this.#object(this.#superblock.root);
    const parentSteps = steps.slice(0, -1);
    const parent = await this.#find(parentSteps, links);
    if (parent?.kind !== "group") return null;
    const link = await (await parent.group()).find(name);
    if (link === null) return null;
    if (link.kind === "outside") throw unsupported("an HDF5 file with a link out of it");
    if (link.kind === "hard") return this.#object(link.header);
    if (links >= MAX_SOFT_LINKS) throw malformed("links that lead in a circle");
    const target = stepsOf(link.path.startsWith("/") ? link.path : `${parentSteps.join("/")}/${link.path}`);
    const object = await this.#find(target, links + 1);
    if (object === null) throw unsupported("an HDF5 file with a link to nothing in it");
    return object;
  }

  async #object(header: number | null): Promise<StoredObject> {
    const messages = await readMessages(this.#blocks, header);
    const bodyOf = (type: number): Uint8Array | undefined =>
      messages.find((message) => message.type === type)?.body;
    const table = bodyOf(MESSAGE.symbolTable);
    const info = bodyOf(MESSAGE.linkInfo);
    const [version = 0, flags = 0] = bodyOf(MESSAGE.groupInfo) ?? [];
    if (version !== 0 || flags > 3) throw malformed("a group info message of no known version");
    let group: Promise<Group> | null = null;
    const open = async (): Promise<Group> => {
      group ??= info
        ? Promise.resolve(compactGroup(info, messages))
        : openGroup(this.#blocks, this.#superblock, table ?? new Uint8Array());
      return group;
    };
    if (info !== undefined || table !== undefined) return { kind: "group", messages, group: open };
    if (bodyOf(MESSAGE.datatype) === undefined)
      throw malformed("an object that is neither group nor dataset");
    if (bodyOf(MESSAGE.dataspace) === undefined) throw unsupported("an HDF5 file with a datatype of its own");
    return { kind: "dataset", messages, group: open };
  }
}

/** Steps of a path; throws `file.limit` beyond a depth. */
function stepsOf(path: string): string[] {
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  requireAtMost("the depth of an HDF5 path", steps.length, MAX_PATH_DEPTH, path);
  return steps;
}

export const normal = (path: string): string => `/${stepsOf(path).join("/")}`;
