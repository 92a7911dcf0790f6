/**
 * @file Elements as they lie in the file: their type, size and byte order, and what becomes of their bytes. Strings of
 * variable length lie in global heaps. (HDF5 File Format Specification 3.0: datatype §IV.A.2.d, global heap §III.E.)
 */

import type { Shape, TensorData } from "../tensor/tensor.ts";
import { BYTES_PER_ELEMENT, type NumericDType, tensorFromBytes } from "./elements.ts";
import { type Blocks, Recent } from "./hdf5-classic-blocks.ts";
import { checkedSize } from "./hdf5-classic-datatype.ts";
import { Fields, padded } from "./hdf5-classic-fields.ts";
import { decodeDatatype, type ElementType } from "./hdf5-datatype.ts";
import { malformed } from "./hdf5-header.ts";
import { decodeFixedStrings, decodeUtf8 } from "./hdf5-strings.ts";
import { MAX_ATTRIBUTE_BYTES, requireAtMost } from "./limits.ts";

export interface Elements {
  readonly type: ElementType;
  readonly elementBytes: number;
  readonly littleEndian: boolean;
}

/** Length, heap address, index in the heap. */
const REFERENCE_BYTES = 16;

/** Throws `file.malformed` where HDF5 would, and `file.unsupported` for what has no element type of ours. */
export function decodeElements(body: Uint8Array): Elements {
  const elementBytes = checkedSize(body);
  const type = decodeDatatype(new DataView(body.buffer, body.byteOffset, body.byteLength));
  if (type.kind === "numbers" && BYTES_PER_ELEMENT[type.dtype] !== elementBytes)
    throw malformed("two element sizes");
  if (type.kind === "variable-strings" && elementBytes !== REFERENCE_BYTES) {
    throw malformed("a string of variable length that is no reference");
  }
  return { type, elementBytes, littleEndian: ((body[1] ?? 0) & 1) === 0 };
}

/** Row-major data of `shape`; `bytes` is the caller's own. */
export async function dataFromBytes(
  heaps: GlobalHeaps,
  { type, elementBytes, littleEndian }: Elements,
  bytes: Uint8Array,
  { shape, dtype }: { shape: Shape; dtype: NumericDType | "string" },
): Promise<TensorData> {
  if (type.kind === "fixed-strings") return decodeFixedStrings(bytes, elementBytes, type.padding);
  if (type.kind === "variable-strings") return heaps.strings(bytes);
  if (dtype === "string") throw malformed("an element type that is no number"); // unreachable by dtypeOf
  return tensorFromBytes(bytes, { shape, dtype, littleEndian }).data;
}

export interface GlobalHeaps {
  /** Of references. C strings, as HDF5's: a NUL ends one. */
  strings(references: Uint8Array): Promise<string[]>;
}

type Heap = ReadonlyMap<number, Uint8Array>;

/** HDF5 makes none smaller, and refuses one that is. */
const MIN_HEAP_BYTES = 4096;
const OBJECT_HEAD_BYTES = 16;
const MAX_HEAPS = 64;

export function globalHeapsOf(blocks: Blocks): GlobalHeaps {
  const heaps = new Recent<number, Heap>(MAX_HEAPS);
  const heapAt = async (address: number): Promise<Heap> => {
    const heap = heaps.get(address) ?? (await readGlobalHeap(blocks, address));
    heaps.set(address, heap);
    return heap;
  };
  return {
    async strings(references) {
      const fields = new Fields(references, "references to strings");
      const strings: string[] = [];
      let total = 0;
      while (fields.left > 0) {
        const [length, address, index] = [fields.u32(), fields.address() ?? Infinity, fields.u32()];
        if (address === 0) {
          strings.push("");
          continue;
        }
        total += length;
        requireAtMost("the length of strings in bytes", total, MAX_ATTRIBUTE_BYTES, "");
        const bytes = index === 0 ? undefined : (await heapAt(address)).get(index);
        if (bytes?.length !== length) throw malformed("a string that points nowhere");
        const end = bytes.indexOf(0);
        strings.push(decodeUtf8(end < 0 ? bytes : bytes.subarray(0, end)));
      }
      return strings;
    },
  };
}

/** Objects by their index; 0 is the free space. */
async function readGlobalHeap(blocks: Blocks, address: number): Promise<Heap> {
  const head = new Fields(await blocks.metadata(address, 16), "a global heap");
  head.signature("GCOL");
  if (head.u8() !== 1) throw malformed("a global heap of an unknown version");
  head.skip(3);
  const size = head.u64();
  if (size < MIN_HEAP_BYTES) throw malformed("a global heap that is too small");
  requireAtMost("the size of a global heap in bytes", size, MAX_ATTRIBUTE_BYTES, "");
  const fields = new Fields(await blocks.metadata(address, size), "a global heap");
  fields.skip(16);
  const objects = new Map<number, Uint8Array>();
  let hasFree = false;
  while (fields.left >= OBJECT_HEAD_BYTES) {
    const index = fields.u16();
    fields.skip(6);
    const length = fields.u64();
    if (index === 0) {
      // Its length counts its own head.
      hasFree = true;
      if (length === 0) return objects;
      fields.skip(Math.max(0, length - OBJECT_HEAD_BYTES));
      continue;
    }
    objects.set(index, fields.bytes(length));
    fields.skip(padded(length) - length);
  }
  // What is left is too small for a head, and free: there can be no other free space.
  if (fields.left > 0 && hasFree) throw malformed("a global heap whose free space lies in two places");
  return objects;
}
