/**
 * @file Groups of the classic layout: a B-tree over leaves of symbols, whose names lie in a local heap. Names are looked
 * up as HDF5 looks them up, so that a damaged tree shows the same or nothing.
 * (HDF5 File Format Specification 3.0: B-tree §III.A.1, symbol table node §III.B, entry §III.C, local heap §III.D.)
 */

import { type Blocks, Recent } from "./hdf5-classic-blocks.ts";
import { Fields, untilNul } from "./hdf5-classic-fields.ts";
import type { Superblock } from "./hdf5-classic-superblock.ts";
import { malformed } from "./hdf5-header.ts";
import { decodeUtf8 } from "./hdf5-strings.ts";
import { MAX_ATTRIBUTE_BYTES, MAX_LINKS, requireAtMost } from "./limits.ts";

export interface Group {
  /** In the order of their bytes. */
  names(): Promise<string[]>;
  find(name: string): Promise<Link | null>;
}

interface SymbolTable {
  readonly tree: number | null;
  /** The data of its local heap: names, and the targets of soft links. */
  readonly heap: Uint8Array;
  /** Those read last, by address: whoever lists a group looks each of its names up next. */
  readonly nodes: Recent<number | null, TreeNode>;
  readonly leaves: Recent<number | null, readonly Symbol[]>;
}

/** Where a name leads: to an object header, to another path, or out of the file. */
export type Link =
  | { readonly kind: "hard"; readonly header: number | null }
  | { readonly kind: "soft"; readonly path: string }
  | { readonly kind: "outside" };

interface Symbol {
  readonly name: Uint8Array;
  readonly header: number | null;
  readonly cacheType: number;
  readonly linkOffset: number;
}

interface TreeNode {
  readonly level: number;
  /** One more than children: `keys[i]` < names in child i ≤ `keys[i + 1]`. */
  readonly keys: readonly number[];
  readonly children: readonly (number | null)[];
}

/** Of each kind: with the leaves' 8 symbols that Keras's files have, a hundred names or more. */
const KEPT_NODES = 16;
/** A file may have nodes of any size, and thousands of groups are kept: those of h5py's are 328 and 544 bytes long. */
const KEPT_NODE_BYTES = 4096;
/** In errors. */
const TREE_NODE = "a node of a group's tree";
const LEAF = "a symbol table node";
const SYMBOL_BYTES = 40;
const NODE_HEAD_BYTES = 24;
const SOFT_LINK = 2;
/** Marks the end of a local heap's free list. */
const NO_FREE_BLOCK = 1;

/** `body` is that of the symbol table message. */
export async function openGroup(blocks: Blocks, superblock: Superblock, body: Uint8Array): Promise<Group> {
  const fields = new Fields(body, "a symbol table");
  const tree = fields.address();
  const heap = await readLocalHeap(blocks, fields.address());
  const table: SymbolTable = {
    tree,
    heap,
    nodes: new Recent(KEPT_NODES),
    leaves: new Recent(KEPT_NODES),
  };
  return {
    names: () => namesIn(blocks, superblock, table),
    find: (name) => findLink(blocks, superblock, table, name),
  };
}

async function readLocalHeap(blocks: Blocks, address: number | null): Promise<Uint8Array> {
  const head = new Fields(await blocks.metadata(address, 32), "a local heap");
  head.signature("HEAP");
  if (head.u8() !== 0) throw malformed("a local heap of an unknown version");
  head.skip(3);
  const [size, free, data] = [head.u64(), head.u64(), head.address()];
  requireAtMost("the size of the names of a group in bytes", size, MAX_ATTRIBUTE_BYTES, "");
  const heap = (await blocks.metadata(data, size)).slice();
  for (let block = free, steps = 0; block !== NO_FREE_BLOCK; steps++) {
    if (block >= size || steps > size / 16) throw malformed("a local heap with a broken free list");
    const entry = new Fields(heap.subarray(block), "a local heap");
    const next = entry.u64();
    if (next === 0 || block + entry.u64() > size) throw malformed("a local heap with a broken free list");
    block = next;
  }
  return heap;
}

async function namesIn(
  blocks: Blocks,
  { maxSymbols, maxChildren }: Superblock,
  group: SymbolTable,
): Promise<string[]> {
  const names: string[] = [];
  let nodes = 0;
  const visit = async (address: number | null, level: number | null): Promise<void> => {
    // Levels fall, so that there is no circle; a node could still be shared.
    requireAtMost("the number of nodes of a group's tree", ++nodes, MAX_LINKS, "");
    const node = await treeNodeAt(blocks, group, { address, level, maxChildren });
    for (const child of node.children) {
      if (node.level > 0) {
        await visit(child, node.level - 1);
        continue;
      }
      for (const { name } of await symbolsAt(blocks, group, { address: child, maxSymbols }))
        names.push(listed(name));
      requireAtMost("the number of links in a group", names.length, MAX_LINKS, "");
      requireAtMost("the number of nodes of a group's tree", ++nodes, MAX_LINKS, "");
    }
  };
  await visit(group.tree, null);
  return names;
}

async function findLink(
  blocks: Blocks,
  { maxSymbols, maxChildren }: Superblock,
  group: SymbolTable,
  name: string,
): Promise<Link | null> {
  const wanted = new TextEncoder().encode(name);
  let address = group.tree;
  for (let level: number | null = null; level === null || level >= 0; ) {
    const node = await treeNodeAt(blocks, group, { address, level, maxChildren });
    const i = search(node.children.length, (at) => {
      if (compare(wanted, nameAt(group, node.keys[at] ?? 0)) <= 0) return -1;
      return compare(wanted, nameAt(group, node.keys[at + 1] ?? 0)) > 0 ? 1 : 0;
    });
    if (i === null) return null;
    address = node.children[i] ?? null;
    level = node.level - 1;
  }
  const symbols = await symbolsAt(blocks, group, { address, maxSymbols });
  const found = symbols[search(symbols.length, (at) => compare(wanted, symbols[at]?.name ?? wanted)) ?? -1];
  if (found === undefined) return null;
  if (found.cacheType !== SOFT_LINK) return { kind: "hard", header: found.header };
  return { kind: "soft", path: decodeUtf8(nameAt(group, found.linkOffset)) };
}

async function treeNodeAt(
  blocks: Blocks,
  { nodes }: SymbolTable,
  { address, level, maxChildren }: { address: number | null; level: number | null; maxChildren: number },
): Promise<TreeNode> {
  const length = NODE_HEAD_BYTES + maxChildren * 16 + 8;
  const node =
    nodes.get(address) ??
    decodeTreeNode(new Fields(await blocks.metadata(address, length), TREE_NODE), maxChildren);
  if (length <= KEPT_NODE_BYTES) nodes.set(address, node);
  if (level !== null && node.level !== level) throw malformed("a tree whose levels do not fall");
  return node;
}

function decodeTreeNode(fields: Fields, maxChildren: number): TreeNode {
  fields.signature("TREE");
  if (fields.u8() !== 0) throw malformed("a group whose tree is of another kind");
  const level = fields.u8();
  const count = fields.u16();
  if (count > maxChildren) throw malformed("a tree node with too many children");
  fields.skip(16);
  const keys = [fields.u64()];
  const children: (number | null)[] = [];
  for (let i = 0; i < count; i++) {
    children.push(fields.address());
    keys.push(fields.u64());
  }
  return { level, keys, children };
}

async function symbolsAt(
  blocks: Blocks,
  group: SymbolTable,
  { address, maxSymbols }: { address: number | null; maxSymbols: number },
): Promise<readonly Symbol[]> {
  const length = 8 + maxSymbols * SYMBOL_BYTES;
  const symbols =
    group.leaves.get(address) ??
    decodeSymbols(new Fields(await blocks.metadata(address, length), LEAF), group, maxSymbols);
  if (length <= KEPT_NODE_BYTES) group.leaves.set(address, symbols);
  return symbols;
}

function decodeSymbols(fields: Fields, group: SymbolTable, maxSymbols: number): Symbol[] {
  fields.signature("SNOD");
  if (fields.u8() !== 1) throw malformed("a symbol table node of an unknown version");
  fields.skip(1);
  const count = fields.u16();
  if (count > maxSymbols) throw malformed("a symbol table node with too many symbols");
  return Array.from({ length: count }, () => {
    const name = nameAt(group, fields.u64());
    const header = fields.address();
    const cacheType = fields.u32();
    if (cacheType > SOFT_LINK) throw malformed("a symbol of an unknown kind");
    fields.skip(4);
    const linkOffset = fields.u32();
    fields.skip(12);
    return { name, header, cacheType, linkOffset };
  });
}

/** An empty name can be looked up in a damaged node, but not listed. */
function listed(name: Uint8Array): string {
  if (name.length === 0) throw malformed("a link without a name");
  return decodeUtf8(name);
}

function nameAt({ heap }: SymbolTable, offset: number): Uint8Array {
  if (offset >= heap.length) throw malformed("a name outside its heap");
  return untilNul(heap, "a name", offset);
}

/** The place where `order` is 0, looked for as HDF5 does; it need not be sorted. */
function search(count: number, order: (at: number) => number): number | null {
  for (let low = 0, high = count; low < high; ) {
    const at = (low + high) >> 1;
    const direction = order(at);
    if (direction === 0) return at;
    if (direction < 0) high = at;
    else low = at + 1;
  }
  return null;
}

/** As strcmp. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
