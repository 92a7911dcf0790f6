/** @file NumPy's `.npz`: a zip of `.npy`. Arrays are read when asked for; writing stores them uncompressed. */

import { VernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { readNpy, writeNpy } from "./npy.ts";
import type { Source } from "./source.ts";
import { readZipDirectory, readZipMember, writeStoredZip } from "./zip.ts";

export interface Npz {
  /** In the order of the file. */
  readonly names: readonly string[];
  /** Throws `weights.missing` for an unknown name. */
  read(name: string): Promise<Tensor>;
}

export async function readNpz(source: Source): Promise<Npz> {
  const members = await readZipDirectory(source);
  const byName = new Map([...members.values()].map((member) => [member.name.replace(/\.npy$/, ""), member]));
  const names = [...byName.keys()];
  return {
    names,
    async read(name) {
      const member = byName.get(name);
      if (member === undefined) {
        throw new VernierError("weights.missing", { weight: name, present: names }, { where: [source.name] });
      }
      return readNpy(await readZipMember(source, member), `${source.name}:${member.name}`);
    },
  };
}

/** The same arrays give the same bytes. */
export function writeNpz(arrays: Iterable<readonly [name: string, tensor: Tensor]>): Uint8Array {
  return writeStoredZip(Array.from(arrays, ([name, tensor]) => [`${name}.npy`, writeNpy(tensor)] as const));
}
