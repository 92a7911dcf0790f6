/** @file HDF5 trees to be written in tests: made from a seed, or copied from a file that was read. */

import type { AttributeValue, Hdf5File } from "../src/formats/hdf5.ts";
import type { Hdf5AttributeValue, Hdf5Dataset, Hdf5Group } from "../src/formats/hdf5-writer.ts";
import { pythonBytes } from "../src/formats/hdf5-writer.ts";
import { type OutputFile, type TensorSource, wholeTensor } from "../src/formats/output.ts";
import { type Random, randomFrom } from "../src/numerics/random.ts";
import { DTYPES, type DType } from "../src/tensor/dtype.ts";
import { sizeOf, type Tensor, type TensorData } from "../src/tensor/tensor.ts";

type Attributes = { readonly [name: string]: Hdf5AttributeValue };

export const group = (
  children: { readonly [name: string]: Hdf5Group | Hdf5Dataset } = {},
  attributes: Attributes = {},
): Hdf5Group => ({
  kind: "group",
  attributes: new Map(Object.entries(attributes)),
  children: new Map(Object.entries(children)),
});

export const dataset = (source: TensorSource | Tensor, attributes: Attributes = {}): Hdf5Dataset => ({
  kind: "dataset",
  attributes: new Map(Object.entries(attributes)),
  source,
});

export async function bytesOfFile(file: OutputFile): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of file.pieces()) pieces.push(piece.slice());
  return new Uint8Array(Buffer.concat(pieces));
}

/** A source that gives its tensor in pieces of `length` elements. */
export function inPieces(tensor: Tensor, length: number): TensorSource {
  const { shape, dtype, data } = tensor;
  return {
    ...wholeTensor(shape, dtype, async () => tensor),
    async *pieces() {
      for (let at = 0; at < data.length; at += length) {
        const part = data.slice(at, at + length);
        yield { shape: [part.length], dtype, data: part };
      }
    },
  };
}

/** Some 40 nodes, of every dtype and kind of attribute; half of the datasets come in pieces. */
export function randomTree(seed: number): Hdf5Group {
  return randomGroup(randomFrom(seed), 3);
}

/** Everything in the file. Texts become Python's `str`, lists of them fixed-length strings. */
export async function copyOf(file: Hdf5File, path = "/"): Promise<Hdf5Group> {
  const children = new Map<string, Hdf5Group | Hdf5Dataset>();
  for (const name of await file.group(path)) {
    const below = `${path === "/" ? "" : path}/${name}`;
    if ((await file.kindOf(below)) === "group") children.set(name, await copyOf(file, below));
    else {
      const attributes = await attributesOf(file, below);
      children.set(name, { kind: "dataset", attributes, source: await file.read(below) });
    }
  }
  return { kind: "group", attributes: await attributesOf(file, path), children };
}

async function attributesOf(file: Hdf5File, path: string): Promise<Map<string, Hdf5AttributeValue>> {
  const attributes = new Map<string, Hdf5AttributeValue>();
  for (const name of await file.attributeNames(path)) {
    attributes.set(name, writable(await file.attribute(path, name)));
  }
  return attributes;
}

function writable(value: AttributeValue): Hdf5AttributeValue {
  if (value === null) throw new Error("a null dataspace cannot be copied");
  if (!Array.isArray(value)) return value as Hdf5AttributeValue;
  return typeof value[0] === "bigint" ? value.map(Number) : (value as string[] | number[]);
}

const WORDS = [
  "kernel",
  "bias",
  "kernel:0",
  "b",
  "B",
  "a_1",
  "a_10",
  "ä",
  "層",
  "𝔡",
  "é",
  "a b",
  "x".repeat(300),
];

function randomGroup(random: Random, depth: number): Hdf5Group {
  const children: { [name: string]: Hdf5Group | Hdf5Dataset } = {};
  for (let i = random.integer(0, 8); i > 0; i--) {
    const isGroup = depth > 0 && random.uniform() < 0.4;
    children[randomName(random)] = isGroup ? randomGroup(random, depth - 1) : randomDataset(random);
  }
  return group(children, randomAttributes(random));
}

function randomDataset(random: Random): Hdf5Dataset {
  const dtype = DTYPES[random.integer(0, DTYPES.length)] ?? "float32";
  const tensor = randomTensor(random, dtype, random.integer(0, 5));
  const attributes = randomAttributes(random);
  if (dtype === "bfloat16") attributes["dtype"] = "bfloat16";
  const pieces = dtype !== "string" && random.uniform() < 0.5;
  return dataset(pieces ? inPieces(tensor, random.integer(1, 40)) : tensor, attributes);
}

function randomAttributes(random: Random): { [name: string]: Hdf5AttributeValue } {
  const attributes: { [name: string]: Hdf5AttributeValue } = {};
  for (let i = random.integer(0, 5); i > 0; i--) attributes[randomName(random)] = randomValue(random);
  return attributes;
}

function randomValue(random: Random): Hdf5AttributeValue {
  const dtype = DTYPES[random.integer(0, DTYPES.length)] ?? "float32";
  const words = Array.from({ length: random.integer(0, 6) }, () => randomText(random).slice(0, 300));
  const values: Hdf5AttributeValue[] = [
    randomText(random),
    pythonBytes(randomText(random)),
    random.normal(),
    random.integer(-(2 ** 40), 2 ** 40),
    BigInt(random.integer(0, 2 ** 50)) * -8n,
    random.uniform() < 0.5,
    words,
    words.map(() => random.normal()),
    words.map(() => random.integer(-9, 9)),
    randomTensor(random, dtype === "bfloat16" ? "float16" : dtype, random.integer(0, 3)),
  ];
  return values[random.integer(0, values.length)] ?? 0;
}

const randomName = (random: Random): string =>
  `${WORDS[random.integer(0, WORDS.length)]}${random.uniform() < 0.7 ? random.integer(0, 1000) : ""}`;

/** Empty, short, or longer than one collection of the heap. */
function randomText(random: Random): string {
  const word = WORDS[random.integer(0, WORDS.length)] ?? "";
  return word.repeat([0, 1, 1, 3, random.integer(1, 400)][random.integer(0, 5)] ?? 1);
}

export function randomTensor(random: Random, dtype: DType, rank: number): Tensor {
  const shape = Array.from({ length: rank }, () => random.integer(random.uniform() < 0.1 ? 0 : 1, 6));
  return { shape, dtype, data: randomData(random, dtype, sizeOf(shape)) };
}

/** Whole numbers up to the dtype's precision; halves are multiples of 2⁻¹⁰ and 2⁻⁶, which they hold exactly. */
function randomData(random: Random, dtype: DType, length: number): TensorData {
  const integers = (low: number, high: number): number[] =>
    Array.from({ length }, () => random.integer(low, high));
  switch (dtype) {
    case "float64":
      return Float64Array.from(integers(-9, 9), (x) => x + random.normal());
    case "float32":
      return Float32Array.from(integers(-9, 9), (x) => x + random.normal());
    case "float16":
      return Float32Array.from(integers(-1024, 1024), (x) => x / 1024);
    case "bfloat16":
      return Float32Array.from(integers(-64, 64), (x) => x / 64);
    case "int64":
      return BigInt64Array.from(integers(-(2 ** 52), 2 ** 52), (x) => BigInt(x) * 1000n);
    case "uint64":
      return BigUint64Array.from(integers(0, 2 ** 53), (x) => BigInt(x) * 2000n);
    case "int32":
      return Int32Array.from(integers(-(2 ** 31), 2 ** 31));
    case "int16":
      return Int16Array.from(integers(-(2 ** 15), 2 ** 15));
    case "int8":
      return Int8Array.from(integers(-128, 128));
    case "uint32":
      return Uint32Array.from(integers(0, 2 ** 32));
    case "uint16":
      return Uint16Array.from(integers(0, 2 ** 16));
    case "uint8":
      return Uint8Array.from(integers(0, 256));
    case "bool":
      return Uint8Array.from(integers(0, 2));
    case "string":
      return integers(0, 1).map(() => randomText(random));
    default:
      return dtype satisfies never;
  }
}
