/**
 * @file Groups whose links are messages in their header: h5py makes one where a name is not ASCII, or a link leads out
 * of the file. (HDF5 File Format Specification 3.0: link info §IV.A.2.c, link §IV.A.2.g.)
 */

import { Fields, OutsideSubset, untilNul } from "./hdf5-classic-fields.ts";
import { compare, type Group, type Link } from "./hdf5-classic-group.ts";
import { MESSAGE, type Message } from "./hdf5-classic-header.ts";
import { malformed } from "./hdf5-header.ts";
import { decodeUtf8 } from "./hdf5-strings.ts";
import { MAX_LINKS, requireAtMost } from "./limits.ts";

const TRACKS_ORDER = 1;
const FLAGS = { order: 0x04, type: 0x08, charset: 0x10, all: 0x1f };
const SOFT = 1;
/** From here on, types are those of programs; 64 is the external link. */
const FIRST_USER_TYPE = 64;

/** The messages of a header that has a link info message, whose body is `info`. */
export function compactGroup(info: Uint8Array, messages: readonly Message[]): Group {
  checkLinkInfo(info);
  const bodies = messages.filter(({ type }) => type === MESSAGE.link);
  requireAtMost("the number of links in a group", bodies.length, MAX_LINKS, "");
  if (bodies.some(({ shared }) => shared)) throw new OutsideSubset("a shared header message");
  const links = bodies.map(({ body }) => decodeLink(body));
  return {
    names: async () => [...links].sort((a, b) => compare(a.bytes, b.bytes)).map(({ name }) => name),
    find: async (wanted) => links.find(({ name }) => name === wanted)?.link ?? null,
  };
}

/** Throws `file.malformed`, and `OutsideSubset` for links that are not in the header. */
export function checkLinkInfo(info: Uint8Array): void {
  const fields = new Fields(info, "a link info message");
  const version = fields.u8();
  const flags = fields.u8();
  if (version !== 0 || flags > 3) throw malformed("a link info message of no known version");
  if ((flags & TRACKS_ORDER) !== 0) fields.skip(8);
  if ((flags & TRACKS_ORDER) !== 0) throw new OutsideSubset("links in the order of their creation");
  const [heap, names] = [fields.address(), fields.address()];
  if (heap !== null && names === null) throw malformed("a heap of links without their names");
  if (heap !== null) throw new OutsideSubset("links in a fractal heap");
}

function decodeLink(body: Uint8Array): { name: string; bytes: Uint8Array; link: Link } {
  const fields = new Fields(body, "a link");
  const version = fields.u8();
  const flags = fields.u8();
  if (version !== 1 || flags > FLAGS.all) throw malformed("a link of no known version");
  const type = (flags & FLAGS.type) !== 0 ? fields.u8() : 0;
  if (type > SOFT && type < FIRST_USER_TYPE) throw malformed("a link of an unknown type");
  if ((flags & FLAGS.order) !== 0) fields.skip(8);
  if ((flags & FLAGS.charset) !== 0 && fields.u8() > 1) throw malformed("a name in an unknown character set");
  const readLength = [() => fields.u8(), () => fields.u16(), () => fields.u32(), () => fields.u64()][
    flags & 3
  ];
  const bytes = fields.bytes(readLength?.() ?? 0);
  if (bytes.length === 0) throw malformed("a link without a name");
  const end = bytes.indexOf(0);
  const name = decodeUtf8(end < 0 ? bytes : bytes.subarray(0, end));
  return { name, bytes, link: decodeTarget(fields, type) };
}

function decodeTarget(fields: Fields, type: number): Link {
  if (type === 0) return { kind: "hard", header: fields.address() };
  const value = fields.bytes(fields.u16());
  if (type !== SOFT) return { kind: "outside" };
  if (value.length === 0) throw malformed("a link to nothing");
  return { kind: "soft", path: decodeUtf8(value.includes(0) ? untilNul(value, "a link") : value) };
}
