/** @file The dtype of a result, as Keras's `result_type` gives it where layers need it. */

import { type DType, isFloating } from "../tensor/dtype.ts";
import type { Binary, Reduction, Unary } from "./ops.ts";

interface Typed {
  readonly dtype: DType;
  /** A scalar adapts to the tensor it meets, as a Python number does. */
  readonly scalar: boolean;
}

export function binaryDType(f: Binary, x: Typed, y: Typed): DType {
  const dtype =
    x.scalar === y.scalar
      ? promote(x.dtype, y.dtype)
      : x.scalar
        ? adapt(x.dtype, y.dtype)
        : adapt(y.dtype, x.dtype);
  return f === "divide" && !isFloating(dtype) ? "float32" : dtype;
}

/** Functions that stay within the integers; every other function of an integer is a float. */
const ON_INTEGERS: readonly Unary[] = ["negative", "abs", "sign", "square"];

export function unaryDType(f: Unary, dtype: DType): DType {
  if (isFloating(dtype)) return dtype;
  if (!ON_INTEGERS.includes(f)) return "float32";
  return dtype === "bool" ? "int32" : dtype;
}

export const reductionDType = (f: Reduction, dtype: DType): DType =>
  f === "sum" && dtype === "bool" ? "int32" : dtype;

/** bool < integers by width < floats by width; float16 with bfloat16 is float32. */
const ORDER: readonly DType[] = [
  "bool",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "uint64",
  "int64",
  "bfloat16",
  "float16",
  "float32",
  "float64",
];

export function promote(x: DType, y: DType): DType {
  if (x === y) return x;
  if ((x === "float16" && y === "bfloat16") || (x === "bfloat16" && y === "float16")) return "float32";
  return ORDER.indexOf(x) > ORDER.indexOf(y) ? x : y;
}

function adapt(scalar: DType, tensor: DType): DType {
  if (isFloating(tensor)) return tensor;
  if (isFloating(scalar)) return "float32";
  return tensor === "bool" ? scalar : tensor;
}
