/**
 * @file The classic layout of HDF5, read: paths to objects, objects to what they say, datasets to tensors. The same
 * answers and the same limits as `hdf5-reader.ts` over the library; what is outside the subset is `OutsideSubset`.
 */

import { isVernierError, VernierError } from "../base/errors.ts";
import { type Shape, sizeOf, type Tensor } from "../tensor/tensor.ts";
import type { AttributeValue, DatasetInfo, Hyperslab } from "./hdf5.ts";
import { type Attribute, decodeAttributes, valueOf } from "./hdf5-classic-attributes.ts";
import { type Blocks, blocksOf, Recent } from "./hdf5-classic-blocks.ts";
import { type Chunk, readChunks } from "./hdf5-classic-chunks.ts";
import { readChunked, readContiguous, type Stored } from "./hdf5-classic-data.ts";
import {
  dataFromBytes,
  decodeElements,
  type Elements,
  type GlobalHeaps,
  globalHeapsOf,
} from "./hdf5-classic-elements.ts";
import { OutsideSubset } from "./hdf5-classic-fields.ts";
import { MESSAGE, type Message } from "./hdf5-classic-header.ts";
import { checkLinkInfo } from "./hdf5-classic-links.ts";
import {
  decodeDataspace,
  decodeFill,
  decodeFilters,
  decodeLayout,
  decodeOldFill,
  type Filter,
  type Layout,
} from "./hdf5-classic-messages.ts";
import { normal, Objects, type StoredObject } from "./hdf5-classic-objects.ts";
import { readSuperblock, type Superblock } from "./hdf5-classic-superblock.ts";
import { dtypeOf } from "./hdf5-datatype.ts";
import { malformed, unsupported } from "./hdf5-header.ts";
import { countsOf, slabsOf } from "./hyperslab.ts";
import {
  HDF5_PIECE_BYTES,
  MAX_ATTRIBUTE_BYTES,
  MAX_DEFLATE_RATIO,
  MAX_TENSOR_BYTES,
  requireAtMost,
} from "./limits.ts";
import type { Source } from "./source.ts";
import { Spare } from "./spare.ts";

/** Below this, a dataset's size is not compared with the file's: fill values need no bytes. */
const FREE_BYTES = 16 * 2 ** 20;
const KEPT_DATASETS = 1_000;

interface Described extends DatasetInfo, Stored {
  readonly elements: Elements;
  readonly layout: Layout;
  readonly filters: readonly Filter[];
}

export class ClassicReader {
  readonly #blocks: Blocks;
  readonly #sizeBytes: number;
  readonly #objects: Objects;
  readonly #heaps: GlobalHeaps;
  readonly #spare = new Spare();
  readonly #described = new Recent<string, Described>(KEPT_DATASETS);
  readonly #attributesOf = new WeakMap<StoredObject, readonly Attribute[]>();
  /** Of the dataset read last: the index of a large one is itself large. */
  #chunks: { readonly layout: Layout; readonly chunks: readonly Chunk[] } | null = null;

  private constructor(source: Source, superblock: Superblock) {
    this.#blocks = blocksOf(source, superblock.end);
    this.#sizeBytes = source.sizeBytes;
    this.#objects = new Objects(this.#blocks, superblock);
    this.#heaps = globalHeapsOf(this.#blocks);
  }

  static async open(source: Source): Promise<ClassicReader> {
    const reader = new ClassicReader(source, await readSuperblock(source));
    if ((await reader.kindOf("/")) !== "group") throw malformed("the root of the file is no group");
    return reader;
  }

  async kindOf(path: string): Promise<"group" | "dataset" | null> {
    return (await this.#objects.find(path))?.kind ?? null;
  }

  async attributeNames(path: string): Promise<readonly string[]> {
    return (await this.#attributes(path)).map(({ name }) => name);
  }

  async attribute(path: string, name: string): Promise<AttributeValue> {
    const found = (await this.#attributes(path)).find((attribute) => attribute.name === name);
    return found === undefined ? null : valueOf(this.#heaps, found);
  }

  async group(path: string): Promise<readonly string[]> {
    const object = await this.#objects.find(path);
    if (object?.kind !== "group") throw malformed(`there is no group "${path}"`);
    return (await object.group()).names();
  }

  async dataset(path: string): Promise<DatasetInfo> {
    const { shape, dtype } = await this.#describe(path);
    return { shape, dtype };
  }

  async read(path: string, range?: Hyperslab): Promise<Tensor> {
    const described = await this.#describe(path);
    const slab = range ?? wholeOf(described.shape);
    requireInside(slab, described.shape);
    return this.#tensor(described, slab);
  }

  async *pieces(path: string, maxBytes: number): AsyncGenerator<Tensor> {
    const described = await this.#describe(path);
    const { shape, dtype, elementBytes, layout } = described;
    const maxElements = Math.max(1, Math.floor(maxBytes / elementBytes));
    const chunkRows = layout.kind === "chunked" ? (layout.chunk[0] ?? 1) : 1;
    // Whole rows of chunks, so that each is inflated once, as long as they fit.
    const wholeRows = layout.kind === "chunked" ? chunkRows * sizeOf(shape.slice(1)) : 1;
    const atOnce = Math.max(maxElements, Math.min(wholeRows, Math.floor(HDF5_PIECE_BYTES / elementBytes)));
    const memory = layout.kind === "contiguous" ? this.#spare.take(maxElements * elementBytes) : undefined;
    try {
      for (const slab of slabsOf(shape, atOnce, chunkRows)) {
        const { data } = await this.#tensor(described, slab, memory);
        for (let at = 0; at < data.length; at += maxElements) {
          const end = Math.min(data.length, at + maxElements);
          const part =
            end - at === data.length
              ? data
              : ArrayBuffer.isView(data)
                ? data.subarray(at, end)
                : data.slice(at, end);
          yield { shape: [part.length], dtype, data: part };
        }
      }
    } finally {
      if (memory !== undefined) this.#spare.give(memory);
    }
  }

  async #tensor(described: Described, slab: Hyperslab, into?: Uint8Array): Promise<Tensor> {
    const shape = countsOf(slab);
    const { dtype, elements } = described;
    if (dtype === "string") {
      const sizeBytes = sizeOf(shape) * elements.elementBytes;
      requireAtMost("the size of a string dataset in bytes", sizeBytes, MAX_ATTRIBUTE_BYTES, "");
    }
    const bytes = await this.#bytes(described, slab, into);
    const type =
      elements.type.kind === "opaque"
        ? { kind: "numbers" as const, dtype: "bfloat16" as const }
        : elements.type;
    const littleEndian = elements.type.kind === "opaque" || elements.littleEndian;
    return {
      shape,
      dtype,
      data: await dataFromBytes(this.#heaps, { ...elements, type, littleEndian }, bytes, { shape, dtype }),
    };
  }

  async #bytes(described: Described, slab: Hyperslab, into?: Uint8Array): Promise<Uint8Array> {
    const { layout, shape, elementBytes, filters } = described;
    switch (layout.kind) {
      case "compact": {
        const bytes = layout.bytes.slice();
        const inMemory = { data: async (at: number, length: number) => bytes.slice(at, at + length) };
        if (bytes.length !== sizeOf(shape) * elementBytes)
          throw malformed("a dataset of another size than its shape's");
        return readContiguous(
          inMemory,
          described,
          { kind: "contiguous", address: 0, sizeBytes: bytes.length },
          slab,
        );
      }
      case "contiguous":
        return readContiguous(this.#blocks, described, layout, slab, into);
      case "chunked": {
        if (this.#chunks?.layout !== layout) {
          this.#chunks = { layout, chunks: await readChunks(this.#blocks, layout) };
        }
        const { chunks } = this.#chunks;
        return readChunked(this.#blocks, described, { chunk: layout.chunk, filters, chunks }, slab);
      }
      default:
        return layout satisfies never;
    }
  }

  async #describe(given: string): Promise<Described> {
    const known = this.#described.get(given) ?? this.#described.get(normal(given));
    if (known !== undefined) return known;
    const path = normal(given);
    const object = await this.#objects.find(path);
    if (object?.kind !== "dataset") throw malformed(`there is no dataset "${path}"`);
    const found = describe(object.messages, path);
    const { shape, elements, layout } = found;
    const dtype = dtypeOf(
      elements.type,
      elements.type.kind === "opaque" ? await this.attribute(path, "dtype") : null,
    );
    this.#checkSize(path, shape, elements.elementBytes);
    const wholeBytes = sizeOf(shape) * elements.elementBytes;
    if (layout.kind === "contiguous") {
      const { address, sizeBytes } = layout;
      const isSound = (sizeBytes ?? wholeBytes) === wholeBytes && (address === null || wholeBytes > 0);
      if (!isSound) throw malformed("a dataset of another size than its shape's");
    }
    if (
      layout.kind === "chunked" &&
      (layout.chunk.length !== shape.length || layout.elementBytes !== elements.elementBytes)
    ) {
      throw malformed("chunks of another shape than their dataset's");
    }
    const described = { ...found, dtype };
    this.#described.set(path, described);
    return described;
  }

  #checkSize(path: string, shape: Shape, elementBytes: number): void {
    const sizeBytes = sizeOf(shape) * elementBytes;
    requireAtMost("the size of a dataset in bytes", sizeBytes, MAX_TENSOR_BYTES, path);
    const believable = Math.max(FREE_BYTES, this.#sizeBytes * MAX_DEFLATE_RATIO);
    requireAtMost("the size of a dataset in bytes, for a file of this size,", sizeBytes, believable, path);
  }

  async #attributes(path: string): Promise<readonly Attribute[]> {
    const object = await this.#objects.find(path);
    if (object === null) throw malformed(`there is nothing at "${path}"`);
    const known = this.#attributesOf.get(object);
    if (known !== undefined) return known;
    requireSound(object, path);
    const attributes = decodeAttributes(object.messages, path);
    this.#attributesOf.set(object, attributes);
    return attributes;
  }
}

function describe(messages: readonly Message[], path: string): Omit<Described, "dtype"> {
  const find = (type: number): Message | undefined => messages.find((message) => message.type === type);
  if (find(MESSAGE.externalFiles) !== undefined)
    throw unsupported("an HDF5 dataset whose bytes lie in another file");
  const [datatype, dataspace, layoutMessage] = [
    find(MESSAGE.datatype),
    find(MESSAGE.dataspace),
    find(MESSAGE.layout),
  ];
  if (datatype === undefined || dataspace === undefined || layoutMessage === undefined) {
    throw malformed(`the dataset "${path}" lacks its datatype or layout`);
  }
  if (datatype.shared) throw unsupported("an HDF5 dataset with a committed datatype");
  const [fillMessage, oldFill, filtersMessage] = [
    find(MESSAGE.fill),
    find(MESSAGE.oldFill),
    find(MESSAGE.filters),
  ];
  if (
    [dataspace, layoutMessage, fillMessage, oldFill, filtersMessage].some(
      (message) => message?.shared === true,
    )
  ) {
    throw new OutsideSubset("a shared header message");
  }
  const layout = decodeLayout(layoutMessage.body);
  const shape = decodeDataspace(dataspace.body);
  if (shape === null) throw unsupported("an HDF5 dataset without a shape");
  const elements = decodeElements(datatype.body);
  const { elementBytes } = elements;
  const fill = fillMessage ? decodeFill(fillMessage.body) : oldFill ? decodeOldFill(oldFill.body) : null;
  if (fill !== null && fill.length !== elementBytes)
    throw malformed("a fill value of another size than an element");
  const filters = filtersMessage === undefined ? [] : decodeFilters(filtersMessage.body);
  return { shape, elements, elementBytes, layout, fill, filters };
}

/** As in HDF5, whose every answer begins with opening the whole object. */
function requireSound({ kind, messages }: StoredObject, path: string): void {
  try {
    const info = messages.find(({ type }) => type === MESSAGE.linkInfo);
    if (info !== undefined) checkLinkInfo(info.body);
    if (kind === "dataset") describe(messages, path);
  } catch (error) {
    const isSound = error instanceof OutsideSubset || isVernierError(error, "file.unsupported");
    if (!isSound) throw error;
  }
}

const wholeOf = (shape: Shape): Hyperslab => shape.map((extent): readonly [number, number] => [0, extent]);

function requireInside(slab: Hyperslab, shape: Shape): void {
  const fits = slab.every(([start, count], axis) => {
    return start >= 0 && count >= 0 && start + count <= (shape[axis] ?? -1);
  });
  if (slab.length === shape.length && fits) return;
  const expected = `a part of [${shape.join(", ")}]`;
  throw new VernierError("tensor.shape", { expected, received: JSON.stringify(slab) });
}
