/**
 * @file Writes HDF5 files in the classic layout, which every reader since 1998 accepts and h5py writes by default:
 * superblock 0, version 1 object headers, symbol tables, contiguous data. All sizes are known before the first byte
 * is written: the metadata comes first and whole, then each dataset in the pieces that its source gives.
 * (HDF5 File Format Specification 3.0.)
 */

import { VernierError } from "../base/errors.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { BYTES_PER_ELEMENT, bytesFromTensor } from "./elements.ts";
import { encodeNumericType } from "./hdf5-writer-datatype.ts";
import { INTERNAL_K, LEAF_K, type Placed, placeSymbolTable, writeScratch } from "./hdf5-writer-group.ts";
import {
  attributeMessage,
  datasetMessages,
  type Message,
  placeHeader,
  symbolTableMessage,
} from "./hdf5-writer-header.ts";
import { createGlobalHeap, type GlobalHeap } from "./hdf5-writer-heap.ts";
import {
  type ByteWriter,
  bytesBy,
  createSpace,
  padded,
  type Space,
  UNDEFINED_ADDRESS,
} from "./hdf5-writer-space.ts";
import { encodeTensor, encodeText, encodeValue, type Hdf5AttributeValue } from "./hdf5-writer-value.ts";
import type { OutputFile, TensorSource } from "./output.ts";

export { splitAttribute } from "./hdf5-writer-attributes.ts";
export { type Hdf5AttributeValue, type Hdf5Bytes, pythonBytes } from "./hdf5-writer-value.ts";

export interface Hdf5Group {
  readonly kind: "group";
  readonly attributes: ReadonlyMap<string, Hdf5AttributeValue>;
  readonly children: ReadonlyMap<string, Hdf5Group | Hdf5Dataset>;
}

export interface Hdf5Dataset {
  readonly kind: "dataset";
  readonly attributes: ReadonlyMap<string, Hdf5AttributeValue>;
  /** Strings must be at hand, as a tensor: the layout depends on their lengths. */
  readonly source: TensorSource | Tensor;
}

interface Layout {
  readonly space: Space;
  readonly heap: GlobalHeap;
  readonly data: DataBlock[];
}

/** The bytes of a dataset. */
interface DataBlock {
  readonly where: string;
  readonly sizeBytes: number;
  /** null until all metadata is placed, and where there is nothing to write. */
  address: number | null;
  pieces(): AsyncIterable<Uint8Array>;
}

const SUPERBLOCK_BYTES = 96;

/**
 * Throws `file.unsupported` for names that HDF5 cannot hold, `internal` for attributes that are too long; `pieces`
 * throws `internal` when a source gives other bytes than its shape and dtype say.
 */
export function writeHdf5(root: Hdf5Group, name: string): OutputFile {
  const space = createSpace();
  const layout: Layout = { space, heap: createGlobalHeap(), data: [] };
  space.allocate(SUPERBLOCK_BYTES, (out) => writeSuperblock(out, placed, sizeBytes));
  const placed = placeGroup(layout, root, name);
  layout.heap.place(space);
  let sizeBytes = space.sizeBytes;
  for (const block of layout.data) {
    if (block.sizeBytes === 0) continue;
    block.address = padded(sizeBytes);
    sizeBytes = block.address + block.sizeBytes;
  }
  return { name, sizeBytes, pieces: () => piecesOf(layout) };
}

async function* piecesOf({ space, data }: Layout): AsyncIterable<Uint8Array> {
  yield space.toBytes();
  let end = space.sizeBytes;
  for (const { where, address, sizeBytes, pieces } of data) {
    if (address !== null && address > end) yield new Uint8Array(address - end);
    let received = 0;
    for await (const bytes of pieces()) {
      received += bytes.length;
      if (received > sizeBytes) break;
      yield bytes;
    }
    if (received !== sizeBytes) {
      const reason = `a tensor of ${sizeBytes} bytes gave ${received > sizeBytes ? "more" : received}`;
      throw new VernierError("internal", { reason }, { where });
    }
    if (address !== null) end = address + sizeBytes;
  }
}

/** Addresses and lengths have 8 bytes. */
function writeSuperblock(out: ByteWriter, root: Placed, sizeBytes: number): void {
  out.u8(0x89).ascii("HDF\r\n").u8(0x1a).ascii("\n");
  out.u8(0, 0, 0, 0, 0, 8, 8, 0).u16(LEAF_K).u16(INTERNAL_K).u32(0);
  out.u64(0).u64(UNDEFINED_ADDRESS).u64(sizeBytes).u64(UNDEFINED_ADDRESS);
  out.u64(0).u64(root.headerAddress);
  writeScratch(out, root.table);
}

function placeGroup(layout: Layout, group: Hdf5Group, where: string): Placed {
  const links = [...group.children].map(([name, child]) => {
    const childPlace = `${where}/${name}`;
    return {
      name: linkName(name, childPlace),
      ...(child.kind === "group"
        ? placeGroup(layout, child, childPlace)
        : placeDataset(layout, child, childPlace)),
    };
  });
  const table = placeSymbolTable(layout.space, links);
  const messages = [symbolTableMessage(table), ...attributeMessages(layout, group, where)];
  return { headerAddress: placeHeader(layout.space, messages), table };
}

function placeDataset(layout: Layout, dataset: Hdf5Dataset, where: string): Placed {
  const { source } = dataset;
  const { datatype, block } = "data" in source ? inMemory(layout, source, where) : streamed(source, where);
  layout.data.push(block);
  const messages = [
    ...datasetMessages({ datatype, shape: source.shape }, block.sizeBytes, () => block.address),
    ...attributeMessages(layout, dataset, where),
  ];
  return { headerAddress: placeHeader(layout.space, messages), table: null };
}

function inMemory(layout: Layout, tensor: Tensor, where: string): { datatype: Uint8Array; block: DataBlock } {
  const { datatype, sizeBytes, write } = encodeTensor(tensor, layout.heap, where);
  return {
    datatype,
    block: {
      where,
      sizeBytes,
      address: null,
      async *pieces() {
        yield bytesBy(sizeBytes, write);
      },
    },
  };
}

function streamed(source: TensorSource, where: string): { datatype: Uint8Array; block: DataBlock } {
  const { shape, dtype } = source;
  if (dtype === "string") {
    throw new VernierError("internal", { reason: "a string tensor that is not at hand" }, { where });
  }
  return {
    datatype: encodeNumericType(dtype),
    block: {
      where,
      sizeBytes: sizeOf(shape) * BYTES_PER_ELEMENT[dtype],
      address: null,
      async *pieces() {
        for await (const piece of source.pieces()) {
          if (piece.dtype !== dtype) {
            const reason = `a tensor of dtype ${dtype} gave ${piece.dtype}`;
            throw new VernierError("internal", { reason }, { where });
          }
          yield bytesFromTensor(piece);
        }
      },
    },
  };
}

function attributeMessages(
  { heap }: Layout,
  { attributes }: Hdf5Group | Hdf5Dataset,
  where: string,
): Message[] {
  return [...attributes].map(([name, value]) =>
    attributeMessage(name, encodeValue(value, heap, `${where}@${name}`), `${where}@${name}`),
  );
}

function linkName(name: string, where: string): Uint8Array {
  if (name === "" || name === "." || name.includes("/")) {
    const what = `the name ${JSON.stringify(name)} in an HDF5 file`;
    throw new VernierError("file.unsupported", { what, remedy: "rename it in the model" }, { where });
  }
  return encodeText(name, where);
}
