/** @file What a reader of HDF5 reads from a whole file, spelt as `read_hdf5.py` spells it. */

import { createHash } from "node:crypto";
import { isVernierError, type VernierError } from "../../src/base/errors.ts";
import type { AttributeScalar, Hdf5File } from "../../src/formats/hdf5.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

export type Recorded = { [place: string]: unknown };
/** Told of everything that is refused. */
export type Refusals = (place: string, error: VernierError) => void;

/** Everything that can be read; what is refused is left out. null when the file does not open. */
export async function recordOf(
  open: () => Promise<Hdf5File>,
  refused: Refusals = () => {},
): Promise<Recorded | null> {
  const record: Recorded = {};
  let file: Hdf5File;
  try {
    file = await open();
  } catch (error) {
    if (!isVernierError(error) || error.code === "internal") throw error;
    refused("open", error);
    return null;
  }
  try {
    await walk({ file, record, refused }, "/", 0);
  } finally {
    await file.close();
  }
  return record;
}

interface Walk {
  readonly file: Hdf5File;
  readonly record: Recorded;
  readonly refused: Refusals;
}

async function walk(at: Walk, path: string, depth: number): Promise<void> {
  const { file, record } = at;
  const orRefused = async <T>(reading: Promise<T>): Promise<T | undefined> => {
    try {
      return await reading;
    } catch (error) {
      if (!isVernierError(error) || error.code === "internal") throw error;
      at.refused(error.where, error);
      return undefined;
    }
  };
  const kind = await orRefused(file.kindOf(path));
  for (const name of (await orRefused(file.attributeNames(path))) ?? []) {
    const value = await orRefused(file.attribute(path, name));
    if (value === undefined) continue;
    record[`${path}@${name}`] =
      value === null ? "null" : Array.isArray(value) ? value.map(spell) : spell(value as AttributeScalar);
  }
  if (kind === "dataset") {
    const tensor = await orRefused(file.read(path));
    if (tensor !== undefined)
      record[path] = { shape: tensor.shape, dtype: tensor.dtype, sha256: digest(tensor) };
  }
  if (kind !== "group" || depth >= 6) return;
  for (const name of (await orRefused(file.group(path))) ?? []) {
    await walk(at, `${path === "/" ? "" : path}/${name}`, depth + 1);
  }
}

/** As `numbers` of read_hdf5.py spells them. */
function spell(value: AttributeScalar): string {
  if (typeof value !== "number") return String(value);
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (Number.isNaN(value)) return "nan";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

function digest({ data }: Tensor): string {
  const hash = createHash("sha256");
  if (!ArrayBuffer.isView(data)) return hash.update((data as readonly string[]).join("\0")).digest("hex");
  // Every NaN alike: widening a half-precision one keeps that it is one, not which.
  const canonical = data instanceof Float32Array || data instanceof Float64Array ? data.map((x) => x) : data;
  canonical.forEach((x: number | bigint, i: number) => {
    if (Number.isNaN(x)) canonical[i] = Number.NaN;
  });
  return hash.update(canonical).digest("hex");
}
