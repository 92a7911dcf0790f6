/** @file Text attributes that Keras splits at HDF5's limit of 64 KB: `weight_names0`, `weight_names1`, … */

import { VernierError } from "../base/errors.ts";
import type { AttributeValue, Hdf5File } from "./hdf5.ts";
import { MAX_ATTRIBUTE_PARTS, requireAtMost } from "./limits.ts";

/** null when there is neither the attribute nor its first part. */
export async function textAttribute(file: Hdf5File, path: string, name: string): Promise<string | null> {
  const parts = await attributeParts(file, path, name);
  if (parts === null) return null;
  return parts.map((part) => (typeof part === "string" ? part : wrongType(file, path, name))).join("");
}

export async function textListAttribute(
  file: Hdf5File,
  path: string,
  name: string,
): Promise<readonly string[] | null> {
  const parts = await attributeParts(file, path, name);
  if (parts === null) return null;
  return parts.flatMap((part) => {
    if (!Array.isArray(part)) return wrongType(file, path, name);
    // h5py writes an empty list of names as an empty list of floats, which is one of strings too.
    return part.map((item: unknown) => (typeof item === "string" ? item : wrongType(file, path, name)));
  });
}

async function attributeParts(file: Hdf5File, path: string, name: string): Promise<AttributeValue[] | null> {
  const names = new Set(await file.attributeNames(path));
  if (names.has(name)) return [await file.attribute(path, name)];
  const parts: AttributeValue[] = [];
  while (names.has(`${name}${parts.length}`)) {
    requireAtMost(`the number of parts of ${name}`, parts.length + 1, MAX_ATTRIBUTE_PARTS, file.name);
    parts.push(await file.attribute(path, `${name}${parts.length}`));
  }
  return parts.length === 0 ? null : parts;
}

function wrongType(file: Hdf5File, path: string, name: string): never {
  const reason = `attribute "${name}" of "${path}" is no text`;
  throw new VernierError("file.malformed", { reason }, { where: `${file.name}:${path}` });
}
