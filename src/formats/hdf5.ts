/**
 * @file What the readers need of an HDF5 file, and no more: a reader of our own can take the library's place.
 * Everything is read when it is asked for. Links out of the file, external storage and virtual datasets are refused.
 */

import type { DType } from "../tensor/dtype.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";

export type AttributeScalar = string | number | bigint | boolean;

/** A list is flat, row-major; null is HDF5's null dataspace, or no such attribute. */
export type AttributeValue = AttributeScalar | readonly AttributeScalar[] | null;

export interface DatasetInfo {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** First index and count, per axis. */
export type Hyperslab = readonly (readonly [start: number, count: number])[];

/** Paths are absolute, steps separated by "/". Every method throws typed errors whose place names file and path. */
export interface Hdf5File {
  readonly name: string;
  /** What is at a path; null when nothing is. Links inside the file are followed. */
  kindOf(path: string): Promise<"group" | "dataset" | null>;
  attributeNames(path: string): Promise<readonly string[]>;
  attribute(path: string, name: string): Promise<AttributeValue>;
  /** Names in a group, alphabetical unless the file tracks their order. */
  group(path: string): Promise<readonly string[]>;
  dataset(path: string): Promise<DatasetInfo>;
  read(path: string, range?: Hyperslab): Promise<Tensor>;
  /** The elements in their order, in 1-D pieces, each good until the next is asked for. @param maxBytes about as much at once; default 4 MiB */
  pieces(path: string, maxBytes?: number): AsyncIterable<Tensor>;
  close(): Promise<void>;
}

/** Thrown results travel between threads as data. */
export interface ErrorMessage {
  readonly code: string;
  readonly details: unknown;
  readonly where: string;
  /** The library is in an unknown state: the thread must not be used again. */
  readonly fatal: boolean;
}

export type Hdf5Request =
  | { readonly op: "kindOf" | "attributeNames" | "group" | "dataset"; readonly path: string }
  | { readonly op: "attribute"; readonly path: string; readonly name: string }
  | { readonly op: "read"; readonly path: string; readonly range: Hyperslab | null };

export type Hdf5Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ErrorMessage };
