/**
 * @file Where the chunks of a dataset lie: its B-tree, walked once. Every chunk in it is one that HDF5 would find by
 * its search, or the tree is refused: keys rise strictly, and a child's lie between its parent's.
 * (HDF5 File Format Specification 3.0, §III.A.1.)
 */

import type { Shape } from "../tensor/tensor.ts";
import type { Blocks } from "./hdf5-classic-blocks.ts";
import { Fields } from "./hdf5-classic-fields.ts";
import type { Layout } from "./hdf5-classic-messages.ts";
import { malformed } from "./hdf5-header.ts";
import { MAX_CHUNKS, requireAtMost } from "./limits.ts";

export interface Chunk {
  /** Index of its first element. */
  readonly origin: readonly number[];
  readonly address: number;
  readonly storedBytes: number;
  /** Bit i: filter i was left out. */
  readonly filterMask: number;
}

interface Key {
  /** Its last place counts bytes of an element: 0 for a chunk, more in a key that only ends the others. */
  readonly place: readonly number[];
  readonly storedBytes: number;
  readonly filterMask: number;
}

const NODE_HEAD_BYTES = 24;
/** The superblock of version 0 has no word for it (H5D `HDF5_BTREE_CHUNK_IK_DEF`). */
const MAX_CHILDREN = 64;

export async function readChunks(
  blocks: Blocks,
  { index: root, chunk, elementBytes }: Extract<Layout, { kind: "chunked" }>,
): Promise<readonly Chunk[]> {
  if (root === null) return [];
  const found: Chunk[] = [];
  const seen = new Set<number | null>();
  const keyBytes = 8 + 8 * (chunk.length + 1);
  const length = NODE_HEAD_BYTES + MAX_CHILDREN * (keyBytes + 8) + keyBytes;

  const visit = async (
    address: number | null,
    expected: number | null,
    low: Key | null,
    high: Key | null,
  ): Promise<void> => {
    if (seen.has(address)) throw malformed("a chunk tree that comes back to itself");
    seen.add(address);
    const fields = new Fields(await blocks.metadata(address, length), "a node of a chunk tree");
    fields.signature("TREE");
    if (fields.u8() !== 1) throw malformed("a chunk tree of another kind");
    const level = fields.u8();
    if (expected !== null && level !== expected) throw malformed("a tree whose levels do not fall");
    const count = fields.u16();
    if (count > MAX_CHILDREN) throw malformed("a tree node with too many children");
    fields.skip(16);
    let key = decodeKey(fields, [...chunk, elementBytes]);
    for (let i = 0; i < count; i++) {
      const child = fields.address();
      const next = decodeKey(fields, [...chunk, elementBytes]);
      requireRising(key, next);
      if (level > 0) await visit(child, level - 1, key, next);
      else {
        if (low !== null && order(low.place, key.place) > 0)
          throw malformed("a chunk outside its tree's keys");
        if (high !== null) requireRising(key, high);
        if (child === null) throw malformed("a chunk that lies nowhere");
        if (key.place.at(-1) !== 0) throw malformed("a chunk between the places of chunks");
        const { place, storedBytes, filterMask } = key;
        found.push({ origin: place.slice(0, -1), address: child, storedBytes, filterMask });
        requireAtMost("the number of chunks", found.length, MAX_CHUNKS, "");
      }
      key = next;
    }
  };
  await visit(root, null, null, null);
  return found;
}

/** `extents` of a chunk; the last one that of an element in bytes. */
function decodeKey(fields: Fields, extents: Shape): Key {
  const [storedBytes, filterMask] = [fields.u32(), fields.u32()];
  const place = extents.map((extent) => {
    const start = fields.u64();
    if (start % extent !== 0 || !Number.isSafeInteger(start))
      throw malformed("a chunk between the places of chunks");
    return start;
  });
  return { place, storedBytes, filterMask };
}

function requireRising(low: Key, high: Key): void {
  if (order(low.place, high.place) >= 0) throw malformed("a chunk tree whose keys do not rise");
}

function order(a: readonly number[], b: readonly number[]): number {
  for (const [axis, start] of a.entries()) {
    const difference = start - (b[axis] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
