/**
 * @file Values of attributes → datatype, shape and bytes, as h5py chooses them for what Python programs assign.
 * Texts of variable length go to the global heap, so that only lists meet HDF5's limit of 64 KiB an attribute.
 */

import { VernierError } from "../base/errors.ts";
import { type Shape, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { bytesFromTensor } from "./elements.ts";
import {
  type Charset,
  encodeFixedStringType,
  encodeNumericType,
  encodeVariableStringType,
} from "./hdf5-writer-datatype.ts";
import { type GlobalHeap, type HeapReference, REFERENCE_BYTES, writeReference } from "./hdf5-writer-heap.ts";
import { type ByteWriter, bytesBy } from "./hdf5-writer-space.ts";

/** Python's `bytes`: a text of variable length tagged ASCII, such as `json.dumps(…).encode("utf8")`. */
export interface Hdf5Bytes {
  readonly kind: "bytes";
  readonly text: string;
}

/**
 * A string is Python's `str` (variable length, UTF-8); a list of strings NumPy's `S` array (fixed length, padded with
 * NULs); a whole number int64, any other float64, also in lists; an empty list float64 of shape [0]. A tensor is what
 * it says, with strings of variable length.
 */
export type Hdf5AttributeValue =
  | string
  | Hdf5Bytes
  | number
  | bigint
  | boolean
  | readonly string[]
  | readonly number[]
  | Tensor;

export interface EncodedValue {
  readonly datatype: Uint8Array;
  readonly shape: Shape;
  readonly sizeBytes: number;
  /** Once the heap is placed. */
  write(out: ByteWriter): void;
}

export const pythonBytes = (text: string): Hdf5Bytes => ({ kind: "bytes", text });

export function encodeValue(value: Hdf5AttributeValue, heap: GlobalHeap, where: string): EncodedValue {
  switch (typeof value) {
    case "string":
      return variableStrings([value], [], "utf-8", heap, where);
    case "number":
      return numbers([value], []);
    case "bigint":
      return encodeTensor({ shape: [], dtype: "int64", data: BigInt64Array.of(value) }, heap, where);
    case "boolean":
      return encodeTensor({ shape: [], dtype: "bool", data: Uint8Array.of(value ? 1 : 0) }, heap, where);
    default:
      if ("kind" in value) return variableStrings([value.text], [], "ascii", heap, where);
      if ("dtype" in value) return encodeTensor(value, heap, where);
      return isStrings(value) ? fixedStrings(value, where) : numbers(value, [value.length]);
  }
}

export function encodeTensor(tensor: Tensor, heap: GlobalHeap, where: string): EncodedValue {
  const { shape, dtype, data } = tensor;
  if (data.length !== sizeOf(shape)) {
    const reason = `a tensor of shape [${shape.join(", ")}] with ${data.length} elements`;
    throw new VernierError("internal", { reason }, { where });
  }
  if (dtype === "string") return variableStrings(data as readonly string[], shape, "utf-8", heap, where);
  const bytes = bytesFromTensor(tensor);
  return {
    datatype: encodeNumericType(dtype),
    shape,
    sizeBytes: bytes.length,
    write: (out) => out.bytes(bytes),
  };
}

/** UTF-8. Throws `file.unsupported` for what HDF5 cannot hold: NUL ends a text there. */
export function encodeText(text: string, where: string): Uint8Array {
  const what = text.includes("\0")
    ? "a NUL character"
    : /\p{Surrogate}/u.test(text)
      ? "half a character"
      : null;
  if (what !== null) {
    const details = { what: `${what} in a text of an HDF5 file`, remedy: "rename it in the model" };
    throw new VernierError("file.unsupported", details, { where });
  }
  return new TextEncoder().encode(text);
}

function numbers(values: readonly number[], shape: Shape): EncodedValue {
  const whole = values.length > 0 && values.every((x) => Number.isSafeInteger(x) && !Object.is(x, -0));
  return {
    datatype: encodeNumericType(whole ? "int64" : "float64"),
    shape,
    sizeBytes: 8 * values.length,
    write: (out) =>
      out.bytes(
        bytesFromTensor(
          whole
            ? { shape, dtype: "int64", data: BigInt64Array.from(values, BigInt) }
            : { shape, dtype: "float64", data: Float64Array.from(values) },
        ),
      ),
  };
}

function variableStrings(
  texts: readonly string[],
  shape: Shape,
  charset: Charset,
  heap: GlobalHeap,
  where: string,
): EncodedValue {
  const references: HeapReference[] = texts.map((text) => heap.add(encodeText(text, where)));
  return {
    datatype: encodeVariableStringType(charset),
    shape,
    sizeBytes: REFERENCE_BYTES * references.length,
    write(out) {
      for (const reference of references) writeReference(out, reference);
    },
  };
}

function fixedStrings(texts: readonly string[], where: string): EncodedValue {
  const encoded = texts.map((text) => encodeText(text, where));
  const width = fixedWidth(encoded);
  const bytes = bytesBy(width * encoded.length, (out) => {
    for (const text of encoded) out.bytes(text).skip(width - text.length);
  });
  return {
    datatype: encodeFixedStringType(width),
    shape: [encoded.length],
    sizeBytes: bytes.length,
    write: (out) => out.bytes(bytes),
  };
}

/** That of the longest; NumPy and HDF5 have no strings of width 0. */
export const fixedWidth = (encoded: readonly Uint8Array[]): number =>
  encoded.reduce((width, { length }) => Math.max(width, length), 1);

const isStrings = (list: readonly string[] | readonly number[]): list is readonly string[] =>
  typeof list[0] === "string";
