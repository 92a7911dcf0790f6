/**
 * @file What header messages say of a dataset: its extent, where its bytes lie, what fills the gaps, and the filters.
 * (HDF5 File Format Specification 3.0: dataspace §IV.A.2.b, fill value §IV.A.2.e–f, layout §IV.A.2.i, filters §IV.A.2.l.)
 */

import type { Shape } from "../tensor/tensor.ts";
import { Fields, OutsideSubset, padded } from "./hdf5-classic-fields.ts";
import { malformed, unsupported } from "./hdf5-header.ts";
import { MAX_RANK } from "./limits.ts";

export type Layout =
  | { readonly kind: "compact"; readonly bytes: Uint8Array }
  /** `sizeBytes` is null where the message does not say it. */
  | { readonly kind: "contiguous"; readonly address: number | null; readonly sizeBytes: number | null }
  | {
      readonly kind: "chunked";
      readonly index: number | null;
      readonly chunk: Shape;
      readonly elementBytes: number;
    };

export interface Filter {
  readonly kind: "deflate" | "shuffle" | "fletcher32";
  /** Of `shuffle`: the size of an element in bytes. */
  readonly parameter: number;
}

/** null is the null dataspace. */
export function decodeDataspace(body: Uint8Array): Shape | null {
  const fields = new Fields(body, "a dataspace");
  const version = fields.u8();
  const rank = fields.u8();
  const flags = fields.u8();
  if (version !== 1 && version !== 2) throw malformed(`a dataspace of version ${version}`);
  if (rank > MAX_RANK) throw malformed(`a dataspace with ${rank} axes`);
  const kind = fields.u8();
  if (version === 1) fields.skip(4);
  else if (kind > 2 || (kind !== 1 && rank > 0)) throw malformed("a dataspace of an unknown kind");
  const shape = Array.from({ length: rank }, () => fields.u64());
  if ((flags & 1) !== 0) {
    // HDF5 itself refuses an extent beyond its maximum.
    for (const extent of shape)
      if ((fields.address() ?? Infinity) < extent) throw malformed("an extent beyond its maximum");
  }
  return version === 2 && kind === 2 ? null : shape;
}

export function decodeLayout(body: Uint8Array): Layout {
  const fields = new Fields(body, "a data layout");
  const version = fields.u8();
  switch (version) {
    case 1:
    case 2:
      return decodeOldLayout(fields);
    case 3:
      return decodeLayout3(fields);
    case 4:
      if (fields.u8() === 3) throw unsupported("a virtual HDF5 dataset, whose bytes lie in other files");
      throw new OutsideSubset("a data layout of version 4");
    default:
      throw malformed(`a data layout of version ${version}`);
  }
}

function decodeOldLayout(fields: Fields): Layout {
  const rank = fields.u8();
  const kind = fields.u8();
  fields.skip(5);
  if (rank === 0 || rank > MAX_RANK + 1) throw malformed("a data layout with impossible axes");
  const address = kind === 0 ? null : fields.address();
  const extents = Array.from({ length: rank }, () => fields.u32());
  if (kind === 0) return { kind: "compact", bytes: fields.bytes(fields.u32()) };
  if (kind === 1) return { kind: "contiguous", address, sizeBytes: null };
  // The size of an element comes last, in every version.
  if (kind === 2) return chunkedLayout(address, extents);
  throw malformed("an unknown data layout");
}

function decodeLayout3(fields: Fields): Layout {
  const kind = fields.u8();
  switch (kind) {
    case 0:
      return { kind: "compact", bytes: fields.bytes(fields.u16()) };
    case 1:
      return { kind: "contiguous", address: fields.address(), sizeBytes: fields.u64() };
    case 2: {
      const rank = fields.u8();
      const index = fields.address();
      return chunkedLayout(
        index,
        Array.from({ length: rank }, () => fields.u32()),
      );
    }
    default:
      throw malformed("an unknown data layout");
  }
}

function chunkedLayout(index: number | null, extents: readonly number[]): Layout {
  const chunk = extents.slice(0, -1);
  const elementBytes = extents.at(-1) ?? 0;
  const impossible =
    extents.length < 2 || extents.length > MAX_RANK + 1 || extents.some((extent) => extent === 0);
  if (impossible) throw malformed("chunks of an impossible size");
  return { kind: "chunked", index, chunk, elementBytes };
}

/** What an element is that was never written, null for zeros. */
export function decodeFill(body: Uint8Array): Uint8Array | null {
  const fields = new Fields(body, "a fill value");
  const version = fields.u8();
  if (version === 1 || version === 2) {
    const [, writeTime, defined] = [fields.u8(), fields.u8(), fields.u8()];
    if (version === 2 && defined === 0) return null;
    const value = fields.bytes(fields.u32());
    return writeTime === NEVER_WRITTEN || defined === 0 || value.length === 0 ? null : value;
  }
  if (version !== 3) throw malformed(`a fill value of version ${version}`);
  const flags = fields.u8();
  if ((flags & 0xc0) !== 0 || (flags & 0x30) === 0x30) throw malformed("a fill value with unknown flags");
  if ((flags & 0x20) === 0) return null;
  const value = fields.bytes(fields.u32());
  return ((flags >> 2) & 3) === NEVER_WRITTEN || value.length === 0 ? null : value;
}

const NEVER_WRITTEN = 1;

/** The older message: nothing but the value. */
export function decodeOldFill(body: Uint8Array): Uint8Array | null {
  const fields = new Fields(body, "a fill value");
  const value = fields.bytes(fields.u32());
  return value.length === 0 ? null : value;
}

const FILTERS: { readonly [id: number]: Filter["kind"] } = { 1: "deflate", 2: "shuffle", 3: "fletcher32" };
/** A mask has a bit for each. */
const MAX_FILTERS = 32;
/** Filters of HDF5 itself have no name in version 2. */
const FIRST_NAMED_FILTER = 256;

/** In the order in which they were applied. */
export function decodeFilters(body: Uint8Array): readonly Filter[] {
  const fields = new Fields(body, "a list of filters");
  const version = fields.u8();
  const count = fields.u8();
  if ((version !== 1 && version !== 2) || count > MAX_FILTERS)
    throw malformed("a list of filters of no known version");
  if (version === 1) fields.skip(6);
  const filters = Array.from({ length: count }, (): Filter => {
    const id = fields.u16();
    const nameBytes = version === 1 || id >= FIRST_NAMED_FILTER ? fields.u16() : 0;
    fields.skip(2);
    const parameters = fields.u16();
    if (version === 1 && nameBytes % 8 !== 0) throw malformed("the name of a filter has an odd length");
    fields.skip(version === 1 ? padded(nameBytes) : nameBytes);
    const values = Array.from({ length: parameters }, () => fields.u32());
    if (version === 1 && parameters % 2 === 1) fields.skip(4);
    const kind = FILTERS[id];
    if (kind === undefined) throw new OutsideSubset(`filter ${id}`);
    const parameter = values[0] ?? 0;
    const isSound =
      kind === "fletcher32" || (values.length === 1 && (kind === "shuffle" ? parameter > 0 : parameter <= 9));
    if (!isSound) throw malformed("a filter with impossible parameters");
    return { kind, parameter };
  });
  if (filters.filter(({ kind }) => kind === "deflate").length > 1)
    throw new OutsideSubset("data compressed twice");
  return filters;
}
