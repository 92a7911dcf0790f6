/**
 * @file NumPy's `.npy`, both ways, versions 1 to 3. Pickled objects are never loaded.
 * (numpy/lib/format.py; https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)
 */

import { VernierError } from "../base/errors.ts";
import { type Shape, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { BYTES_PER_ELEMENT, bytesFromTensor, type NumericDType, tensorFromBytes } from "./elements.ts";
import {
  MAX_NPY_HEADER_BYTES,
  MAX_RANK,
  MAX_STRING_BYTES,
  MAX_TENSOR_BYTES,
  requireAtMost,
} from "./limits.ts";
import { decodeNpyStrings, encodeNpyStrings } from "./npy-strings.ts";

export const NPY_MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

/** `void2` is bfloat16: NumPy has none, and ml_dtypes writes its own as two bytes of void. */
const KINDS: { readonly [kind: string]: NumericDType } = {
  f8: "float64",
  f4: "float32",
  f2: "float16",
  V2: "bfloat16",
  i8: "int64",
  i4: "int32",
  i2: "int16",
  i1: "int8",
  u8: "uint64",
  u4: "uint32",
  u2: "uint16",
  u1: "uint8",
  b1: "bool",
};

/** NumPy evaluates a dict of these three as Python. */
const DESCR = /'descr'\s*:\s*'([<>|=]?)([a-zA-Z])(\d*)'/;
const ORDER = /'fortran_order'\s*:\s*(True|False)/;
/** A tuple: one number needs its comma. Python 2 wrote `3L`. */
const SHAPE = /'shape'\s*:\s*\(\s*((?:\d+L?\s*,\s*)*(?:(?<=,\s*)\d+L?\s*)?)\)/;
const FIELD = `(?:${[DESCR, ORDER, SHAPE].map(({ source }) => source).join("|")})`;
const HEADER = new RegExp(`^\\s*\\{\\s*${FIELD}\\s*,\\s*${FIELD}\\s*,\\s*${FIELD}\\s*,?\\s*\\}\\s*$`);

/** What JavaScript takes for white space and Python does not. */
const NO_SPACE = /[^\S \t\n\r\f]/;

interface Header {
  readonly kind: string;
  readonly itemBytes: number;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: Shape;
  readonly dataOffset: number;
}

export function isNpy(bytes: Uint8Array): boolean {
  return NPY_MAGIC.every((byte, i) => bytes[i] === byte);
}

/** `where` names the file, or the member of an `.npz`. */
export function readNpy(bytes: Uint8Array, where: string): Tensor {
  const { kind, itemBytes, littleEndian, fortranOrder, shape, dataOffset } = decodeHeader(bytes, where);
  const size = sizeOf(shape);
  // Strings of no characters take no bytes there, but memory here.
  requireAtMost("the size of an array in bytes", size * Math.max(itemBytes, 1), MAX_TENSOR_BYTES, where);
  const end = dataOffset + size * itemBytes;
  if (bytes.length < end) {
    throw new VernierError(
      "file.truncated",
      { expected: `${end} bytes`, received: `${bytes.length}` },
      { where },
    );
  }
  const body = bytes.subarray(dataOffset, end);
  const letter = kind[0];
  if (letter === "U" || letter === "S") {
    const data = decodeNpyStrings(body, {
      width: itemBytes,
      isUnicode: letter === "U",
      littleEndian,
      count: size,
    });
    return inRowMajor({ shape, dtype: "string", data }, fortranOrder);
  }
  const dtype = KINDS[kind];
  if (dtype === undefined) throw unsupported(kind, where);
  return inRowMajor(tensorFromBytes(body, { shape, dtype, littleEndian }), fortranOrder);
}

/** Version 1, or 2 where the shape needs it; C order, little-endian, aligned to 64 bytes as NumPy writes it. */
export function writeNpy(tensor: Tensor): Uint8Array {
  const { descr, body } = encode(tensor);
  const shape = tensor.shape.length === 1 ? `(${tensor.shape[0]},)` : `(${tensor.shape.join(", ")})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const prefix = 10;
  const padded = Math.ceil((prefix + dict.length + 1) / 64) * 64 - prefix;
  const header = new TextEncoder().encode(`${dict.padEnd(padded - 1)}\n`);
  const bytes = new Uint8Array(prefix + header.length + body.length);
  bytes.set(NPY_MAGIC);
  bytes.set([1, 0, header.length & 0xff, header.length >> 8], NPY_MAGIC.length);
  bytes.set(header, prefix);
  bytes.set(body, prefix + header.length);
  return bytes;
}

function encode(tensor: Tensor): { descr: string; body: Uint8Array } {
  if (tensor.dtype === "string") return encodeNpyStrings(tensor.data as readonly string[]);
  const kind = Object.entries(KINDS).find(([, dtype]) => dtype === tensor.dtype)?.[0] ?? "";
  const order = BYTES_PER_ELEMENT[tensor.dtype] === 1 || kind === "V2" ? "|" : "<";
  return { descr: `${order}${kind}`, body: bytesFromTensor(tensor) };
}

function decodeHeader(bytes: Uint8Array, where: string): Header {
  const malformed = (reason: string): VernierError =>
    new VernierError("file.malformed", { reason }, { where });
  const major = bytes[6] ?? 0;
  const prefix = major === 1 ? 10 : 12;
  if (!isNpy(bytes) || bytes.length < prefix) throw malformed("it does not start as an .npy does");
  if (major < 1 || major > 3) throw malformed(`.npy version ${major} is unknown`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  requireAtMost("the length of an .npy header in bytes", length, MAX_NPY_HEADER_BYTES, where);
  if (prefix + length > bytes.length) throw malformed("its header ends in the middle");
  const text = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(
    bytes.subarray(prefix, prefix + length),
  );
  if (/'descr'\s*:\s*\[/.test(text)) throw unsupported("a record", where);
  const descr = DESCR.exec(text);
  const order = ORDER.exec(text);
  const shape = SHAPE.exec(text);
  if (descr === null || order === null || shape === null || !HEADER.test(text) || NO_SPACE.test(text))
    throw malformed("its header is not an .npy header");
  const extents = (shape[1] ?? "").split(",").filter((part) => part.trim() !== "");
  requireAtMost("the number of axes", extents.length, MAX_RANK, where);
  const sizes = extents.map((extent) => Number(extent.replace("L", "")));
  if (!sizes.every(Number.isSafeInteger)) throw malformed("its shape is no shape");
  const count = Number(descr[3]);
  const isUnicode = descr[2] === "U";
  if (descr[2] === "U" || descr[2] === "S") {
    requireAtMost("the length of a string in bytes", count * (isUnicode ? 4 : 1), MAX_STRING_BYTES, where);
  } else if (!(`${descr[2]}${descr[3]}` in KINDS)) throw unsupported(`'${descr[2]}${descr[3]}'`, where);
  return {
    kind: `${descr[2]}${descr[3]}`,
    itemBytes: isUnicode ? 4 * count : count,
    littleEndian: descr[1] !== ">",
    fortranOrder: order[1] === "True",
    shape: sizes,
    dataOffset: prefix + length,
  };
}

function inRowMajor(tensor: Tensor, fortranOrder: boolean): Tensor {
  const { shape, data } = tensor;
  if (!fortranOrder || shape.length < 2) return tensor;
  // Element (i0, i1, …) lies at i0 + n0·(i1 + n1·(…)).
  const steps = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const target = data.slice() as { [i: number]: unknown };
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < data.length; i++) {
    target[i] = data[index.reduce((offset, at, axis) => offset + at * (steps[axis] ?? 0), 0)];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next < (shape[axis] ?? 0) ? next : 0;
      if (index[axis] !== 0) break;
    }
  }
  return { ...tensor, data: target as unknown as Tensor["data"] };
}

function unsupported(what: string, where: string): VernierError {
  const remedy = "save it as float32, float64, int32, int64, bool or a string array";
  return new VernierError("file.unsupported", { what: `an .npy of type ${what}`, remedy }, { where });
}
