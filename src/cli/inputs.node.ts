/** @file `--input` → tensors: .npy, .npz (its keys are names), .json, an image, a folder of them, or literal JSON. */

import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import type { NamedTensor } from "../explain/options.ts";
import { tensorFromJson } from "../formats/json-array.ts";
import { parseJson, readJson } from "../formats/json-text.ts";
import { readNpy } from "../formats/npy.ts";
import { readNpz } from "../formats/npz.ts";
import { fileSource } from "../formats/path.node.ts";
import { readAll } from "../formats/source.ts";
import type { ModelInput } from "../model/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { IMAGE_EXTENSIONS, imageForInput } from "./input-images.ts";

/** By name where names say it; else as many successive files as the model has inputs are one sample. */
export async function readInputs(
  values: readonly string[],
  inputs: readonly ModelInput[],
): Promise<readonly NamedTensor[]> {
  const read = (await Promise.all(values.map((value) => readInput(value)))).flat();
  const tensors = read.map((given, at) => fitted(given, inputs, at));
  const byName = inputs.every(({ name }) => tensors.some((tensor) => tensor.name === name));
  if (byName || tensors.length <= inputs.length || tensors.length % inputs.length !== 0) return tensors;
  return inputs.map((input, i) => ({
    name: null,
    tensor: joinSamples(
      tensors.filter((_, at) => at % inputs.length === i).map(({ tensor }) => withBatch(tensor, input)),
      input.name,
    ),
  }));
}

/** Does it say the dtype of its numbers? JSON does not. */
export const statesDtype = (value: string): boolean =>
  !isLiteral(value) && extname(value).toLowerCase() !== ".json";

const isLiteral = (value: string): boolean => /^\s*[[{]/.test(value);

export interface ReadInput extends NamedTensor {
  /** The file of an image: it has no batch axis, and its channels may not be the model's. */
  readonly image?: string;
}

/** A file, a folder of files, or literal JSON; `where` is what an error in a literal names. */
export async function readInput(value: string, where = "--input"): Promise<ReadInput[]> {
  if (isLiteral(value)) return fromJson(parseJson(value, where).json, where, null);
  if (await isFolder(value)) return readFolder(value);
  const source = await fileSource(value);
  const extension = extname(value).toLowerCase();
  const name = basename(value, extname(value));
  switch (extension) {
    case ".npy":
      return [{ name, tensor: readNpy(await readAll(source), value) }];
    case ".npz": {
      const archive = await readNpz(source);
      return Promise.all(archive.names.map(async (key) => ({ name: key, tensor: await archive.read(key) })));
    }
    case ".json":
      return fromJson((await readJson(source)).json, value, name);
    default:
  }
  if (IMAGE_EXTENSIONS.has(extension)) {
    // The decoders are loaded by those who have images.
    const { readImage } = await import("../formats/image.ts");
    return [{ name, tensor: readImage(await readAll(source), value), image: value }];
  }
  throw new VernierError(
    "file.unsupported",
    {
      what: `an input file ending in "${extension}"`,
      remedy: "feed .npy, .npz, .json, .png, .jpg, or literal JSON such as '[[0.1, 0.2]]'",
    },
    { where: value },
  );
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => null))?.isDirectory() === true;

/** Its files by name, one sample each; files of other kinds are passed over. */
async function readFolder(path: string): Promise<ReadInput[]> {
  const names = (await readdir(path)).filter(
    (name) =>
      INPUT_EXTENSIONS.includes(extname(name).toLowerCase()) ||
      IMAGE_EXTENSIONS.has(extname(name).toLowerCase()),
  );
  if (names.length === 0)
    throw new VernierError("file.unreadable", { reason: "the folder holds no input files" }, { where: path });
  const read: ReadInput[] = [];
  // One after another: a folder may hold more than memory holds compressed and decoded at once.
  for (const name of names.sort()) read.push(...(await readInput(join(path, name))));
  return read;
}

const INPUT_EXTENSIONS = [".npy", ".npz", ".json"];

/** By its name, else by its turn among the model's inputs. */
function fitted(given: ReadInput, inputs: readonly ModelInput[], at: number): NamedTensor {
  const input = inputs.find(({ name }) => name === given.name) ?? inputs[at % Math.max(1, inputs.length)];
  if (given.image === undefined || input === undefined) return given;
  return { name: given.name, tensor: imageForInput(given.tensor, input, given.image) };
}

/** An array, or an object whose keys are input names. */
function fromJson(json: unknown, where: string, name: string | null): NamedTensor[] {
  if (!isObject(json)) return [{ name, tensor: tensorFromJson(json, where) }];
  return Object.entries(json).map(([key, value]) => ({
    name: key,
    tensor: tensorFromJson(value, `${where}: ${key}`),
  }));
}

const withBatch = (tensor: Tensor, { dims }: ModelInput): Tensor =>
  tensor.shape.length === dims.length - 1 ? { ...tensor, shape: [1, ...tensor.shape] } : tensor;

function joinSamples(parts: readonly Tensor[], name: string): Tensor {
  const [first] = parts;
  if (first === undefined || parts.length === 1)
    return first ?? { shape: [0], dtype: "float32", data: new Float32Array() };
  const same = parts.every(
    ({ shape, dtype }) => dtype === first.dtype && shape.slice(1).join() === first.shape.slice(1).join(),
  );
  if (!same) {
    const shapes = [...new Set(parts.map(({ shape, dtype }) => `[${shape.join(", ")}] ${dtype}`))];
    throw new VernierError("input.invalid", {
      reason: `the files for "${name}" are not alike: ${shapes.join(" and ")}`,
    });
  }
  const shape = [parts.reduce((rows, part) => rows + (part.shape[0] ?? 0), 0), ...first.shape.slice(1)];
  return { shape, dtype: first.dtype, data: joinData(parts.map(({ data }) => data)) };
}

function joinData(parts: readonly Tensor["data"][]): Tensor["data"] {
  const [head] = parts;
  if (head === undefined) return new Float32Array();
  if (!ArrayBuffer.isView(head)) return parts.flatMap((part) => [...(part as readonly string[])]);
  const joined = new (head.constructor as new (length: number) => Float32Array)(
    parts.reduce((length, part) => length + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    joined.set(part as Float32Array, at);
    at += part.length;
  }
  return joined;
}
