/** @file `--input` → tensors: .npy, .npz (its keys are names), .json, or literal JSON. */

import { basename, extname } from "node:path";
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

/** By name where names say it; else as many successive files as the model has inputs are one sample. */
export async function readInputs(
  values: readonly string[],
  inputs: readonly ModelInput[],
): Promise<readonly NamedTensor[]> {
  const tensors = (await Promise.all(values.map(readInput))).flat();
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

async function readInput(value: string): Promise<NamedTensor[]> {
  if (/^\s*[[{]/.test(value)) return fromJson(parseJson(value, "--input").json, "--input", null);
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
      throw new VernierError(
        "file.unsupported",
        {
          what: IMAGES.has(extension) ? "an image as input" : `an input file ending in "${extension}"`,
          remedy: IMAGES.has(extension)
            ? "save what your page feeds as .json or .npy: JSON.stringify(await x.array())"
            : "feed .npy, .npz, .json, or literal JSON such as '[[0.1, 0.2]]'",
        },
        { where: value },
      );
  }
}

const IMAGES = new Set([".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"]);

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
