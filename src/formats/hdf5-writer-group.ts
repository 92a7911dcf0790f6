/**
 * @file How a group lists its children in a classic HDF5 file: names in a local heap ("HEAP"), entries sorted by name
 * in symbol nodes ("SNOD"), found by a version 1 B-tree ("TREE").
 * (HDF5 File Format Specification 3.0, §III.A.1, III.B, III.D.)
 */

import { padded, type Space, UNDEFINED_ADDRESS } from "./hdf5-writer-space.ts";

/** Half of the most entries of a symbol node and children of a tree node; libhdf5's defaults, in the superblock. */
export const LEAF_K = 4;
export const INTERNAL_K = 16;

const SYMBOL_BYTES = 40;
const LEAF_BYTES = 8 + 2 * LEAF_K * SYMBOL_BYTES;
const TREE_BYTES = 24 + 2 * INTERNAL_K * 16 + 8;
const HEAP_HEADER_BYTES = 32;
/** Where the keys' first, empty name is. */
const EMPTY_NAME_BYTES = 8;
/** Instead of the head of the heap's free list (`H5HL_FREE_NULL`). */
const NO_FREE_BLOCK = 1;

export interface SymbolTable {
  readonly treeAddress: number;
  readonly heapAddress: number;
}

export interface Placed {
  readonly headerAddress: number;
  /** A group's; entries keep a copy of it. */
  readonly table: SymbolTable | null;
}

export interface Link extends Placed {
  readonly name: Uint8Array;
}

/** A child of a tree node; names up to the one at `lastName` in the heap are below it. */
interface Node {
  readonly address: number;
  readonly lastName: number;
}

export function placeSymbolTable(space: Space, links: readonly Link[]): SymbolTable {
  const sorted = [...links].sort((a, b) => compareBytes(a.name, b.name));
  let heapBytes = EMPTY_NAME_BYTES;
  const entries = sorted.map((link) => {
    const nameOffset = heapBytes;
    heapBytes += padded(link.name.length + 1);
    return { ...link, nameOffset };
  });
  const heapAddress = space.allocate(HEAP_HEADER_BYTES + heapBytes, (out) => {
    out
      .ascii("HEAP")
      .skip(4)
      .u64(heapBytes)
      .u64(NO_FREE_BLOCK)
      .u64(heapAddress + HEAP_HEADER_BYTES);
    out.skip(EMPTY_NAME_BYTES);
    for (const { name } of entries) out.bytes(name).skip(padded(name.length + 1) - name.length);
  });
  const leaves = chunks(entries, 2 * LEAF_K).map((part): Node => {
    const address = space.allocate(LEAF_BYTES, (out) => {
      out.ascii("SNOD").u8(1, 0).u16(part.length);
      for (const { nameOffset, headerAddress, table } of part) {
        out.u64(nameOffset).u64(headerAddress);
        writeScratch(out, table);
      }
    });
    return { address, lastName: part.at(-1)?.nameOffset ?? 0 };
  });
  return { treeAddress: placeTree(space, leaves), heapAddress };
}

/** Cache type and scratch pad of a symbol table entry. */
export function writeScratch(
  out: { u32(value: number): unknown; u64(value: number): unknown },
  table: SymbolTable | null,
): void {
  out.u32(table === null ? 0 : 1);
  out.u32(0);
  out.u64(table?.treeAddress ?? 0);
  out.u64(table?.heapAddress ?? 0);
}

/** Level by level from below, until one node is left; a group without children has an empty one. */
function placeTree(space: Space, leaves: readonly Node[]): number {
  let nodes = leaves;
  for (let level = 0; ; level++) {
    nodes = placeLevel(space, nodes, level);
    const [root] = nodes;
    if (root !== undefined && nodes.length === 1) return root.address;
  }
}

function placeLevel(space: Space, children: readonly Node[], level: number): Node[] {
  const groups = children.length === 0 ? [[]] : chunks(children, 2 * INTERNAL_K);
  const nodes: Node[] = [];
  groups.forEach((group, i) => {
    const address = space.allocate(TREE_BYTES, (out) => {
      out.ascii("TREE").u8(0, level).u16(group.length);
      out.u64(nodes[i - 1]?.address ?? UNDEFINED_ADDRESS).u64(nodes[i + 1]?.address ?? UNDEFINED_ADDRESS);
      // A key is the greatest name before it; before the first there is the empty one.
      out.u64(nodes[i - 1]?.lastName ?? 0);
      for (const child of group) out.u64(child.address).u64(child.lastName);
    });
    nodes.push({ address, lastName: group.at(-1)?.lastName ?? 0 });
  });
  return nodes;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** As `strcmp` of libhdf5. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
