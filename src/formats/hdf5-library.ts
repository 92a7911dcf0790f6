/**
 * @file h5wasm (the HDF5 C library as WebAssembly), wrapped: synchronous, one file, every result checked.
 *
 * Always the browser build: `h5wasm/node` follows external storage and virtual datasets to any path of the host.
 * Reads are raw, in little-endian order whatever the file's: the library's own decoding knows no float16, takes UTF-8 for Latin-1, and returns garbage for a
 * damaged chunk, whose only sign is a negative status and a message on standard error, which is captured here.
 * To be loaded in a thread of its own: damaged files can trap or loop inside the library.
 */

import { malformed } from "./hdf5-header.ts";
import { type EmscriptenFs, mountFile, type SyncReader } from "./hdf5-slice-fs.ts";
import { type WatchedReader, watchWideFields } from "./hdf5-wide-fields.ts";
import { MAX_HDF5_MEMORY_BYTES } from "./limits.ts";

export interface Extent {
  /** null is the null dataspace. */
  readonly shape: readonly number[] | null;
  readonly size: number;
  readonly total_size: number;
  readonly type: number;
  readonly signed: boolean;
  readonly vlen: boolean;
  readonly strpad?: number;
  readonly cset?: number;
  readonly chunks: readonly number[] | null;
}

interface H5Module {
  readonly FS: EmscriptenFs;
  /** Replaced when the memory grows: never keep it. */
  readonly HEAPU8: Uint8Array;
  readonly H5G_GROUP: number;
  readonly H5G_DATASET: number;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  open(path: string, mode: number, trackOrder: boolean, low: number, high: number): bigint;
  get_type(file: bigint, path: string): number;
  get_names(file: bigint, path: string, recursive: boolean): string[];
  get_attribute_names(file: bigint, path: string): string[];
  get_attribute_metadata(file: bigint, path: string, name: string): Extent;
  get_attribute_data(file: bigint, path: string, name: string, target: bigint): number;
  get_dataset_metadata(file: bigint, path: string): Extent;
  get_dataset_data(
    file: bigint,
    path: string,
    count: bigint[] | null,
    offset: bigint[] | null,
    strides: bigint[] | null,
    target: bigint,
  ): number;
  create_object_reference(file: bigint, path: string): ArrayLike<number>;
}

const READ_ONLY = 0;
const FOLDER = "/file";
const NAME = "input.h5";

/** Calls into the library; each throws `file.malformed` when HDF5 reports anything at all. */
export class Hdf5Library {
  readonly #module: H5Module;
  readonly #file: bigint;
  readonly #diagnostics: Diagnostics;
  readonly #watched: WatchedReader;

  private constructor(module: H5Module, file: bigint, diagnostics: Diagnostics, watched: WatchedReader) {
    this.#module = module;
    this.#file = file;
    this.#diagnostics = diagnostics;
    this.#watched = watched;
  }

  static async open(reader: SyncReader): Promise<Hdf5Library> {
    limitMemory();
    const { ready } = await import("h5wasm");
    const module = (await ready) as unknown as H5Module;
    const watched = watchWideFields(reader);
    const diagnostics = captureDiagnostics(module.FS, watched);
    mountFile(module.FS, FOLDER, NAME, watched);
    const file = diagnostics.checked(() => module.open(`${FOLDER}/${NAME}`, READ_ONLY, false, -1, -1));
    if (file <= 0n) throw malformed("HDF5 cannot open it");
    return new Hdf5Library(module, file, diagnostics, watched);
  }

  kindOf(path: string): "group" | "dataset" | "other" | null {
    const type = this.#diagnostics.checked(() => this.#module.get_type(this.#file, path));
    if (type < 0) return null;
    return type === this.#module.H5G_GROUP
      ? "group"
      : type === this.#module.H5G_DATASET
        ? "dataset"
        : "other";
  }

  names(path: string): string[] {
    return this.#diagnostics.checked(() => this.#module.get_names(this.#file, path, false));
  }

  attributeNames(path: string): string[] {
    return this.#diagnostics.checked(() => this.#module.get_attribute_names(this.#file, path));
  }

  attributeExtent(path: string, name: string): Extent {
    return this.#diagnostics.checked(() => this.#module.get_attribute_metadata(this.#file, path, name));
  }

  datasetExtent(path: string): Extent {
    return this.#diagnostics.checked(() => this.#module.get_dataset_metadata(this.#file, path));
  }

  /** Address of the object header: an object reference of HDF5 is nothing else. */
  addressOf(path: string): number {
    const bytes = this.#diagnostics.checked(() => this.#module.create_object_reference(this.#file, path));
    return Array.from(bytes).reduceRight((address, byte) => address * 256 + byte, 0);
  }

  readAttribute<T>(path: string, name: string, sizeBytes: number, decode: (heap: Heap) => T): T {
    const read = (target: bigint): number => this.#module.get_attribute_data(this.#file, path, name, target);
    return this.#withBuffer(sizeBytes, read, decode);
  }

  /** `starts` and `counts` per axis, or the whole dataset. Strings are kept in metadata blocks, numbers are not. */
  readDataset<T>(
    { path, isText }: { path: string; isText: boolean },
    slab: { starts: readonly number[]; counts: readonly number[] } | null,
    sizeBytes: number,
    decode: (heap: Heap) => T,
  ): T {
    const counts = slab?.counts.map(BigInt) ?? null;
    const starts = slab?.starts.map(BigInt) ?? null;
    const strides = slab?.counts.map(() => 1n) ?? null;
    const read = (target: bigint): number =>
      this.#module.get_dataset_data(this.#file, path, counts, starts, strides, target);
    this.#watched.watching = isText;
    try {
      return this.#withBuffer(sizeBytes, read, decode);
    } finally {
      this.#watched.watching = true;
    }
  }

  #withBuffer<T>(sizeBytes: number, read: (target: bigint) => number, decode: (heap: Heap) => T): T {
    const module = this.#module;
    const pointer = module._malloc(Math.max(1, sizeBytes));
    if (pointer === 0) throw malformed(`no memory for ${sizeBytes} bytes`);
    try {
      // Not zero by itself: bytes of an earlier read must not pass for this one's.
      module.HEAPU8.fill(0, pointer, pointer + sizeBytes);
      const status = this.#diagnostics.checked(() => read(BigInt(pointer)));
      if (status < 0) throw malformed("HDF5 cannot read the data");
      return decode({ heap: module.HEAPU8, start: pointer, sizeBytes });
    } finally {
      module._free(pointer);
    }
  }
}

/** The library's memory, and where in it the bytes just read are. Strings are pointers into `heap`. */
export interface Heap {
  readonly heap: Uint8Array;
  readonly start: number;
  readonly sizeBytes: number;
}

interface Diagnostics {
  /** Runs a call, and turns whatever HDF5 printed meanwhile into an error. */
  checked<T>(call: () => T): T;
}

function captureDiagnostics(fs: EmscriptenFs, watched: WatchedReader): Diagnostics {
  let text = "";
  const stderr = fs.getStream(2);
  const decoder = new TextDecoder();
  const write = (_stream: unknown, buffer: Uint8Array, offset: number, length: number): number => {
    if (text.length < 10_000) text += decoder.decode(buffer.slice(offset, offset + length));
    return length;
  };
  if (stderr !== null) stderr.stream_ops = { ...stderr.stream_ops, write };
  return {
    checked(call) {
      text = "";
      const result = call();
      if (text !== "") throw malformed(summary(text));
      if (watched.damage !== null) throw malformed(watched.damage);
      return result;
    },
  };
}

/** HDF5 prints its stack from the outside in: the last entry is the cause. */
function summary(text: string): string {
  const entries = [...text.matchAll(/in (\w+)\(\): (.+)/g)];
  const [, where, what] = entries.at(-1) ?? [];
  return what === undefined ? text.slice(0, 200).trim() : `HDF5 says "${what}" (${where})`;
}

/** WebAssembly memory does not count towards a thread's resource limits; a damaged file once took 1.3 GB. */
function limitMemory(): void {
  const { Memory } = WebAssembly;
  const { grow } = Memory.prototype;
  Memory.prototype.grow = function limited(pages) {
    // Emscripten takes the exception for "no memory": malloc gives NULL and HDF5 reports it.
    if (this.buffer.byteLength + pages * 65_536 > MAX_HDF5_MEMORY_BYTES) throw new RangeError("memory limit");
    return grow.call(this, pages);
  };
}
