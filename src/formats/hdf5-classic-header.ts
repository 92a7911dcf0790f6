/**
 * @file Object headers of version 1: what a file says of a group or a dataset, as messages in blocks that are chained.
 * (HDF5 File Format Specification 3.0, §IV.A.1.a; the checks are those of HDF5 1.14, H5Ocache.c.)
 */

import type { Blocks } from "./hdf5-classic-blocks.ts";
import { Fields, OutsideSubset } from "./hdf5-classic-fields.ts";
import { malformed } from "./hdf5-header.ts";
import { MAX_HEADER_BLOCKS, requireAtMost } from "./limits.ts";

export interface Message {
  readonly type: number;
  /** The body lies elsewhere: it says only where. */
  readonly shared: boolean;
  readonly body: Uint8Array;
}

export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  groupInfo: 0x0a,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
  referenceCount: 0x16,
} as const;

const OBJECT_HEADER = 0x4f; // the first letter of "OHDR", as newer headers begin
const PREFIX_BYTES = 16;
const FLAGS = {
  shared: 0x02,
  neverShared: 0x04,
  markUnknown: 0x10,
  wasUnknown: 0x20,
  shareable: 0x40,
  failUnknown: 0x80,
};
const LAST_TYPE = 0x17;
const SHAREABLE: readonly number[] = [
  MESSAGE.dataspace,
  MESSAGE.datatype,
  MESSAGE.oldFill,
  MESSAGE.fill,
  MESSAGE.filters,
  MESSAGE.attribute,
];
export async function readMessages(blocks: Blocks, address: number | null): Promise<readonly Message[]> {
  const prefix = new Fields(await blocks.metadata(address, PREFIX_BYTES), "an object header");
  const version = prefix.u8();
  if (version === OBJECT_HEADER) throw new OutsideSubset("an object header of version 2");
  if (version !== 1) throw malformed("no object header where one should be");
  prefix.skip(1);
  const count = prefix.u16();
  prefix.skip(4);
  const pending = [{ address: (address ?? 0) + PREFIX_BYTES, length: prefix.u32() }];
  const seen = new Set<number>();
  const messages: Message[] = [];
  let found = 0;
  for (let block = pending.shift(); block !== undefined; block = pending.shift()) {
    if (seen.has(block.address)) throw malformed("an object header that comes back to itself");
    seen.add(block.address);
    requireAtMost("the number of blocks of an object header", seen.size, MAX_HEADER_BLOCKS, "");
    // A copy: what is kept must not keep a whole page.
    for (const message of messagesIn((await blocks.metadata(block.address, block.length)).slice())) {
      found++;
      if (message.type === MESSAGE.continuation) pending.push(continuation(message.body));
      else messages.push(message);
    }
  }
  if (found !== count) throw malformed(`an object header with ${found} messages that says it has ${count}`);
  if (messages.some(({ type }) => type === MESSAGE.attributeInfo))
    throw new OutsideSubset("dense attributes");
  return messages;
}

function continuation(body: Uint8Array): { address: number; length: number } {
  const fields = new Fields(body, "an object header");
  const address = fields.address();
  const length = fields.u64();
  if (address === null || length === 0) throw malformed("an object header that goes on nowhere");
  return { address, length };
}

function messagesIn(block: Uint8Array): Message[] {
  const messages: Message[] = [];
  const fields = new Fields(block, "an object header");
  while (fields.left > 0) {
    const type = fields.u16();
    const length = fields.u16();
    const flags = fields.u8();
    fields.skip(3);
    if (length % 8 !== 0) throw malformed("a header message of an odd length");
    checkFlags(type, flags);
    messages.push({ type, shared: (flags & FLAGS.shared) !== 0, body: fields.bytes(length) });
  }
  return messages;
}

function checkFlags(type: number, flags: number): void {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const contradictory =
    (has(FLAGS.shared) && has(FLAGS.neverShared)) || (has(FLAGS.wasUnknown) && !has(FLAGS.markUnknown));
  if (has(FLAGS.shareable) && type <= LAST_TYPE && !SHAREABLE.includes(type)) {
    throw malformed("a header message that cannot be shared and says it can");
  }
  if (type === MESSAGE.referenceCount) throw malformed("a header message of a newer version");
  if (contradictory) throw malformed("a header message with contradictory flags");
  if (type > LAST_TYPE && has(FLAGS.failUnknown)) throw malformed("a header message of an unknown type");
}
