/** @file Element types, in Keras's spelling. */

export const DTYPES = [
  "float64",
  "float32",
  "float16",
  "bfloat16",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint64",
  "uint32",
  "uint16",
  "uint8",
  "bool",
  "string",
] as const;

export type DType = (typeof DTYPES)[number];

export const isDType = (name: string): name is DType => (DTYPES as readonly string[]).includes(name);

export const isFloating = (dtype: DType): boolean =>
  dtype === "float64" || dtype === "float32" || dtype === "float16" || dtype === "bfloat16";
