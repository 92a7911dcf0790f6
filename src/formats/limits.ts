/**
 * @file How much of an untrusted file is believed. Each limit is far above every model that we know of, and low
 * enough that a crafted file costs seconds and megabytes, not the machine. Exceeding one is `file.limit`.
 */

import { VernierError } from "../base/errors.ts";

/** One tensor. The largest embedding published for Keras (256,000 × 3,072 in float32, Gemma 7B) is 3.1 GB. */
export const MAX_TENSOR_BYTES = 4 * 2 ** 30;

/** Axes of one tensor: HDF5's own limit (H5S_MAX_RANK) and NumPy's (64 since 2.0, 32 before). */
export const MAX_RANK = 32;

/** deflate cannot expand by more than 1032:1 (zlib's technical notes); a tensor that claims more is a bomb. */
export const MAX_DEFLATE_RATIO = 1032;

/** One HDF5 attribute. `model_config` of ResNet152 has 0.2 MB; 64 MiB holds a graph of some 100,000 layers. */
export const MAX_ATTRIBUTE_BYTES = 64 * 2 ** 20;

/** Links in one HDF5 group, and attributes on one object. A model with 100,000 layers has not been seen. */
export const MAX_LINKS = 100_000;

/** Groups that a weights file is searched through: three for each layer; NASNetLarge has 1,039 layers. */
export const MAX_GROUPS = 20_000;

/** Steps of one HDF5 path. Keras writes one per level of nesting; `JSON` below is limited in the same way. */
export const MAX_PATH_DEPTH = 128;

/** Parts of an attribute that Keras splits at 64,512 bytes: `model_config0`, `model_config1`, … */
export const MAX_ATTRIBUTE_PARTS = MAX_ATTRIBUTE_BYTES / 65_536;

/** Blocks of one HDF5 object header. They are chained in the file, so that a damaged chain could be endless. */
export const MAX_HEADER_BLOCKS = 1_000;

/** Chunks of one HDF5 dataset. h5py chooses none below 8 KiB, which makes 524,288 of the largest tensor. */
export const MAX_CHUNKS = 2 ** 20;

/** Links in the way of one HDF5 path: HDF5's own limit (H5L_NUM_LINKS). */
export const MAX_SOFT_LINKS = 16;

/** What a tensor is read in where it is read in pieces. */
export const PIECE_BYTES = 4 * 2 ** 20;

/** `model.json`. That of a graph model with a large vocabulary in it has 30 MB. */
export const MAX_JSON_BYTES = 256 * 2 ** 20;

/** Nested brackets in JSON. `JSON.parse` itself overflows the stack at some 7,000; a nested model adds 6 a level. */
export const MAX_JSON_DEPTH = 1_000;

/** Shard files of one `model.json`: at the converter's 4 MiB a shard, 40 GB. */
export const MAX_SHARDS = 10_000;

/** Weights of one `model.json`, and members of one zip. */
export const MAX_WEIGHTS = 100_000;

/** Nodes of one TensorFlow graph. EfficientDet-D7 has some 20,000; unrolled recurrent models a few times that. */
export const MAX_GRAPH_NODES = 500_000;

/** Functions of one TensorFlow graph: two for each loop or branch of it. */
export const MAX_GRAPH_FUNCTIONS = 10_000;

/** One element of a string tensor. */
export const MAX_STRING_BYTES = 2 ** 20;

/** The header of an `.npy`: NumPy itself refuses more than 10,000 characters (`max_header_size`). */
export const MAX_NPY_HEADER_BYTES = 10_000;

/** Memory of the HDF5 library (WebAssembly). Reading is piecewise, so that the largest chunk and its copy must fit. */
export const MAX_HDF5_MEMORY_BYTES = 2 ** 30;

/** JavaScript heap of the HDF5 worker, in MiB. Tensors are outside it. */
export const MAX_HDF5_HEAP_MIB = 512;

/** What is read at once of a dataset; bounds the copy inside the library. */
export const HDF5_PIECE_BYTES = 64 * 2 ** 20;

/** One request to the HDF5 worker. 4 GiB of gzip take some 20 s on a small machine; damaged files can loop for ever. */
export const HDF5_TIMEOUT_MS = 60_000;

/** Pixels of one image: cameras make some 100 million; each takes some 20 bytes while it is decoded. */
export const MAX_IMAGE_PIXELS = 50_000_000;

/** One PNG or JPEG file: 50 million pixels that do not compress, in three bytes each. */
export const MAX_IMAGE_BYTES = 150_000_000;

/** Throws `file.limit` when `value` exceeds `allowed`. */
export function requireAtMost(limit: string, value: number, allowed: number, where: string): void {
  if (value <= allowed) return;
  throw new VernierError("file.limit", { limit, value: String(value), allowed: String(allowed) }, { where });
}
