/**
 * @file The synchronous reader behind `Hdf5File`: checks paths, sizes and types against `limits.ts`, then decodes.
 */

import { VernierError } from "../base/errors.ts";
import { type Shape, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { BYTES_PER_ELEMENT, tensorFromBytes } from "./elements.ts";
import type { AttributeScalar, AttributeValue, DatasetInfo, Hyperslab } from "./hdf5.ts";
import { decodeDatatype, dtypeOf, type ElementType } from "./hdf5-datatype.ts";
import {
  checkObjectHeader,
  checkSuperblock,
  malformed,
  readObjectHeader,
  unsupported,
} from "./hdf5-header.ts";
import type { Extent, Hdf5Library } from "./hdf5-library.ts";
import type { SyncReader } from "./hdf5-slice-fs.ts";
import { decodeFixedStrings, decodeVariableStrings } from "./hdf5-strings.ts";
import {
  HDF5_PIECE_BYTES,
  MAX_ATTRIBUTE_BYTES,
  MAX_DEFLATE_RATIO,
  MAX_LINKS,
  MAX_PATH_DEPTH,
  MAX_RANK,
  MAX_TENSOR_BYTES,
  requireAtMost,
} from "./limits.ts";

/** Below this, a dataset's size is not compared with the file's: fill values need no bytes. */
const FREE_BYTES = 16 * 2 ** 20;

interface Described extends DatasetInfo {
  readonly path: string;
  readonly type: ElementType;
  readonly elementBytes: number;
}

export class Hdf5Reader {
  readonly #library: Hdf5Library;
  readonly #file: SyncReader;
  readonly #kinds = new Map<string, "group" | "dataset" | "other" | null>();
  readonly #described = new Map<string, Described>();

  constructor(library: Hdf5Library, file: SyncReader) {
    checkSuperblock(file);
    this.#library = library;
    this.#file = file;
  }

  kindOf(path: string): "group" | "dataset" | null {
    const steps = stepsOf(path);
    let prefix = "";
    let kind: "group" | "dataset" | null = "group";
    for (const step of steps) {
      if (kind !== "group") return null;
      prefix += `/${step}`;
      const found = this.#kinds.get(prefix) ?? this.#findKind(prefix);
      this.#kinds.set(prefix, found);
      if (found === "other") throw unsupported("an HDF5 file with a link out of it");
      kind = found;
    }
    return kind;
  }

  #findKind(path: string): "group" | "dataset" | "other" | null {
    const kind = this.#library.kindOf(path);
    if (kind === "group" || kind === "dataset") checkObjectHeader(this.#file, this.#library.addressOf(path));
    return kind;
  }

  attributeNames(path: string): string[] {
    const names = this.#library.attributeNames(this.#existing(path));
    requireAtMost("the number of attributes", names.length, MAX_LINKS, path);
    return names;
  }

  group(path: string): string[] {
    if (this.kindOf(path) !== "group") throw malformed(`there is no group "${path}"`);
    const names = this.#library.names(normal(path));
    requireAtMost("the number of links in a group", names.length, MAX_LINKS, path);
    return names;
  }

  attribute(path: string, name: string): AttributeValue {
    if (!this.attributeNames(path).includes(name)) return null;
    const object = normal(path);
    const extent = this.#library.attributeExtent(object, name);
    if (extent.shape === null || extent.shape === undefined) return null;
    const sizeBytes = extent.size * extent.total_size;
    requireAtMost("the size of an attribute in bytes", sizeBytes, MAX_ATTRIBUTE_BYTES, path);
    if ((extent.cset ?? 0) > 1) throw malformed("a text in an unknown character set");
    const values = this.#library.readAttribute(
      object,
      name,
      sizeBytes,
      (heap): readonly AttributeScalar[] => {
        if (extent.type === STRING && extent.vlen) return decodeVariableStrings(heap, MAX_ATTRIBUTE_BYTES);
        const bytes = heap.heap.slice(heap.start, heap.start + sizeBytes);
        if (extent.type === STRING)
          return decodeFixedStrings(bytes, extent.size, PADDINGS[extent.strpad ?? 0]);
        return scalarsOf(extent, bytes);
      },
    );
    return extent.shape.length === 0 ? (values[0] ?? null) : values;
  }

  dataset(path: string): DatasetInfo {
    const { shape, dtype } = this.#describe(path);
    return { shape, dtype };
  }

  read(path: string, range: Hyperslab | null): Tensor {
    const described = this.#describe(path);
    const slab = range ?? described.shape.map((extent): [number, number] => [0, extent]);
    const fits = slab.every(([start, count], axis) => {
      return start >= 0 && count >= 0 && start + count <= (described.shape[axis] ?? -1);
    });
    if (slab.length !== described.shape.length || !fits) {
      const received = JSON.stringify(slab);
      throw new VernierError("tensor.shape", {
        expected: `a part of [${described.shape.join(", ")}]`,
        received,
      });
    }
    const shape = slab.map(([, count]) => count);
    const { type, dtype } = described;
    if (type.kind === "fixed-strings" || type.kind === "variable-strings") {
      return { shape, dtype, data: this.#readStrings(described, type, slab, shape) };
    }
    if (dtype === "string") throw malformed("an element type that is no number"); // unreachable by dtypeOf
    const bytes = this.#readBytes(described, slab, shape);
    return tensorFromBytes(bytes, { shape, dtype });
  }

  #describe(given: string): Described {
    const path = normal(given);
    const known = this.#described.get(path);
    if (known !== undefined) return known;
    if (this.kindOf(path) !== "dataset") throw malformed(`there is no dataset "${path}"`);
    const header = readObjectHeader(this.#file, this.#library.addressOf(path));
    if (header.external) throw unsupported("an HDF5 dataset whose bytes lie in another file");
    if (header.layout === "virtual")
      throw unsupported("a virtual HDF5 dataset, whose bytes lie in other files");
    const type = decodeDatatype(header.datatype);
    const { shape, size } = this.#library.datasetExtent(path);
    if (shape === null || shape === undefined) throw unsupported("an HDF5 dataset without a shape");
    requireAtMost("the number of axes", shape.length, MAX_RANK, path);
    const dtype = dtypeOf(type, type.kind === "opaque" ? this.attribute(path, "dtype") : null);
    this.#checkSize(path, shape, size);
    if (type.kind === "numbers" && BYTES_PER_ELEMENT[type.dtype] !== size)
      throw malformed("two element sizes");
    const described = { path, shape: [...shape], dtype, type, elementBytes: size };
    this.#described.set(path, described);
    return described;
  }

  #checkSize(path: string, shape: Shape, elementBytes: number): void {
    const sizeBytes = sizeOf(shape) * elementBytes;
    requireAtMost("the size of a dataset in bytes", sizeBytes, MAX_TENSOR_BYTES, path);
    const believable = Math.max(FREE_BYTES, this.#file.sizeBytes * MAX_DEFLATE_RATIO);
    requireAtMost("the size of a dataset in bytes, for a file of this size,", sizeBytes, believable, path);
  }

  /** In pieces along the first axis, so that the library never holds more than one of them. */
  #readBytes({ path, elementBytes }: Described, slab: Hyperslab, shape: Shape): Uint8Array {
    const bytes = new Uint8Array(sizeOf(shape) * elementBytes);
    if (bytes.length === 0) return bytes;
    const rowBytes = bytes.length / (shape[0] ?? 1);
    const rowsAtOnce = Math.max(1, Math.floor(HDF5_PIECE_BYTES / rowBytes));
    for (let row = 0; row < (shape[0] ?? 1); row += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, (shape[0] ?? 1) - row);
      const starts = slab.map(([start], axis) => (axis === 0 ? start + row : start));
      const counts = shape.map((count, axis) => (axis === 0 ? rows : count));
      const part = shape.length === 0 ? null : { starts, counts };
      this.#library.readDataset(
        { path, isText: false },
        part,
        rows * rowBytes,
        ({ heap, start, sizeBytes }) => bytes.set(heap.subarray(start, start + sizeBytes), row * rowBytes),
      );
    }
    return bytes;
  }

  #readStrings(described: Described, type: ElementType, slab: Hyperslab, shape: Shape): readonly string[] {
    const sizeBytes = sizeOf(shape) * described.elementBytes;
    requireAtMost("the size of a string dataset in bytes", sizeBytes, MAX_ATTRIBUTE_BYTES, described.path);
    if (sizeBytes === 0) return Array.from({ length: sizeOf(shape) }, () => "");
    const part = shape.length === 0 ? null : { starts: slab.map(([start]) => start), counts: shape };
    return this.#library.readDataset({ path: described.path, isText: true }, part, sizeBytes, (heap) => {
      if (type.kind !== "fixed-strings") return decodeVariableStrings(heap, MAX_ATTRIBUTE_BYTES);
      const bytes = heap.heap.slice(heap.start, heap.start + sizeBytes);
      return decodeFixedStrings(bytes, described.elementBytes, type.padding);
    });
  }

  #existing(path: string): string {
    if (this.kindOf(path) === null) throw malformed(`there is nothing at "${path}"`);
    return normal(path);
  }
}

// H5T_class_t, as the library numbers it.
const INTEGER = 0;
const FLOAT = 1;
const STRING = 3;
const ENUM = 8;
const PADDINGS = ["nul-terminated", "nul-padded", "space-padded"] as const;

/** Attributes that are numbers. No Keras writes any, so that their exact bit layout is taken on trust. */
function scalarsOf({ type, size, signed }: Extent, bytes: Uint8Array): AttributeScalar[] {
  const prefix = type === FLOAT ? "float" : type === INTEGER ? (signed ? "int" : "uint") : null;
  const dtype = type === ENUM && size === 1 ? "bool" : `${prefix}${8 * size}`;
  if (!(dtype in BYTES_PER_ELEMENT)) throw unsupported("an HDF5 attribute of this type");
  const shape = [bytes.length / size];
  const { data } = tensorFromBytes(bytes, { shape, dtype: dtype as keyof typeof BYTES_PER_ELEMENT });
  const values: AttributeScalar[] = [...data];
  return dtype === "bool" ? values.map((value) => value === 1) : values;
}

function stepsOf(path: string): string[] {
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  requireAtMost("the depth of an HDF5 path", steps.length, MAX_PATH_DEPTH, path);
  return steps;
}

const normal = (path: string): string => `/${stepsOf(path).join("/")}`;
