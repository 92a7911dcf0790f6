/** @file The superblock of the classic layout, version 0. (HDF5 File Format Specification 3.0, §II.A.) */

import { VernierError } from "../base/errors.ts";
import { Fields, OutsideSubset } from "./hdf5-classic-fields.ts";
import { malformed } from "./hdf5-header.ts";
import { requireWithin, type Source } from "./source.ts";

export interface Superblock {
  /** Nothing of the file lies beyond it. */
  readonly end: number;
  /** Object header of the root group. */
  readonly root: number | null;
  /** Most symbols of a leaf of a group's tree, and most children of an inner node. */
  readonly maxSymbols: number;
  readonly maxChildren: number;
}

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const SUPERBLOCK_BYTES = 96;
/** A user block before the superblock has one of these sizes, and doubles on. */
const FIRST_USER_BLOCK = 512;
const LATEST_VERSION = 3;
const LAST_CACHE_TYPE = 2;

export async function readSuperblock(source: Source): Promise<Superblock> {
  if (!(await hasSignature(source, 0))) {
    for (let at = FIRST_USER_BLOCK; at < source.sizeBytes; at *= 2) {
      if (await hasSignature(source, at)) throw new OutsideSubset("a user block");
    }
    throw malformed("it does not begin as an HDF5 file does");
  }
  const start = await source.read(0, Math.min(source.sizeBytes, SUPERBLOCK_BYTES));
  const fields = new Fields(start, "a superblock");
  fields.skip(SIGNATURE.length);
  const version = fields.u8();
  if (version > LATEST_VERSION) throw malformed(`a superblock of version ${version}`);
  if (version > 0) throw new OutsideSubset(`superblock version ${version}`);
  requireWithin(source, 0, SUPERBLOCK_BYTES);
  const [freeSpace, directory, , sharedHeaders] = [fields.u8(), fields.u8(), fields.u8(), fields.u8()];
  if (freeSpace !== 0 || directory !== 0 || sharedHeaders !== 0)
    throw malformed("a superblock of no version");
  const [offsetBytes, lengthBytes] = [fields.u8(), fields.u8()];
  if (![2, 4, 8, 16, 32].includes(offsetBytes) || ![2, 4, 8, 16, 32].includes(lengthBytes)) {
    throw malformed("a superblock with impossible sizes");
  }
  if (offsetBytes !== 8 || lengthBytes !== 8) throw new OutsideSubset("offsets that have not 8 bytes");
  fields.skip(1);
  const [leafK, innerK] = [fields.u16(), fields.u16()];
  if (leafK === 0 || innerK === 0) throw malformed("a superblock with impossible sizes");
  if (fields.u32() > 0xff) throw malformed("a superblock with unknown flags");
  if (fields.address() !== 0) throw new OutsideSubset("a base address");
  if (fields.address() !== null) throw malformed("a superblock that goes on elsewhere");
  const end = fields.address();
  if (fields.address() !== null) throw new OutsideSubset("a file driver");
  fields.skip(8);
  const root = fields.address();
  if (fields.u32() > LAST_CACHE_TYPE) throw malformed("a root of an unknown kind");
  if (end === null) throw malformed("a file without an end");
  if (end > source.sizeBytes) {
    const details = { expected: `${end} bytes`, received: `${source.sizeBytes} bytes` };
    throw new VernierError("file.truncated", details);
  }
  return { end, root, maxSymbols: 2 * leafK, maxChildren: 2 * innerK };
}

async function hasSignature(source: Source, at: number): Promise<boolean> {
  if (at + SIGNATURE.length > source.sizeBytes) return false;
  const found = await source.read(at, SIGNATURE.length);
  return SIGNATURE.every((byte, i) => byte === found[i]);
}
