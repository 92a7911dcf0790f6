/**
 * @file Version 1 object headers: what says of an HDF5 object what it is, with its attributes.
 * (HDF5 File Format Specification 3.0, §IV.A.1.a and IV.A.2.)
 */

import { VernierError } from "../base/errors.ts";
import type { Shape } from "../tensor/tensor.ts";
import { encodeDataspace } from "./hdf5-writer-datatype.ts";
import type { SymbolTable } from "./hdf5-writer-group.ts";
import { type ByteWriter, padded, type Space, UNDEFINED_ADDRESS } from "./hdf5-writer-space.ts";
import { type EncodedValue, encodeText } from "./hdf5-writer-value.ts";

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sizeBytes: number;
  write(out: ByteWriter): void;
}

const DATASPACE = 0x01;
const DATATYPE = 0x03;
const FILL_VALUE = 0x05;
const DATA_LAYOUT = 0x08;
const ATTRIBUTE = 0x0c;
const SYMBOL_TABLE = 0x11;

const CONSTANT = 1;
const PREFIX_BYTES = 16;
const MESSAGE_HEADER_BYTES = 8;
/** The size of a message has 16 bits and is a multiple of 8. */
const MAX_MESSAGE_BYTES = 65_528;

export function placeHeader(space: Space, messages: readonly Message[]): number {
  const sizeBytes = messages.reduce(
    (sum, { sizeBytes }) => sum + MESSAGE_HEADER_BYTES + padded(sizeBytes),
    0,
  );
  return space.allocate(PREFIX_BYTES + sizeBytes, (out) => {
    // Version, and one link to it.
    out.u8(1, 0).u16(messages.length).u32(1).u32(sizeBytes).skip(4);
    for (const message of messages) {
      const end = out.at + MESSAGE_HEADER_BYTES + padded(message.sizeBytes);
      out.u16(message.type).u16(padded(message.sizeBytes)).u8(message.flags).skip(3);
      message.write(out);
      out.skip(end - out.at);
    }
  });
}

export function symbolTableMessage({ treeAddress, heapAddress }: SymbolTable): Message {
  return {
    type: SYMBOL_TABLE,
    flags: 0,
    sizeBytes: 16,
    write: (out) => out.u64(treeAddress).u64(heapAddress),
  };
}

/** `address` is asked for when the header is written; null where there is no data. */
export function datasetMessages(
  { datatype, shape }: { datatype: Uint8Array; shape: Shape },
  sizeBytes: number,
  address: () => number | null,
): Message[] {
  const dataspace = encodeDataspace(shape);
  return [
    { type: DATASPACE, flags: 0, sizeBytes: dataspace.length, write: (out) => out.bytes(dataspace) },
    { type: DATATYPE, flags: CONSTANT, sizeBytes: datatype.length, write: (out) => out.bytes(datatype) },
    // Version 2, allocated late, written if set, and set to the default of no bytes: zeros.
    { type: FILL_VALUE, flags: CONSTANT, sizeBytes: 8, write: (out) => out.u8(2, 2, 2, 1) },
    // Version 3, contiguous.
    {
      type: DATA_LAYOUT,
      flags: 0,
      sizeBytes: 18,
      write: (out) =>
        out
          .u8(3, 1)
          .u64(address() ?? UNDEFINED_ADDRESS)
          .u64(sizeBytes),
    },
  ];
}

/** Throws `internal` when the value does not fit: `splitAttribute` makes fitting parts of long lists. */
export function attributeMessage(name: string, value: EncodedValue, where: string): Message {
  const nameBytes = encodeText(name, where);
  const dataspace = encodeDataspace(value.shape);
  const parts = [nameBytes.length + 1, value.datatype.length, dataspace.length];
  const sizeBytes = parts.reduce((sum, part) => sum + padded(part), 8) + value.sizeBytes;
  if (sizeBytes > MAX_MESSAGE_BYTES) {
    const reason = `the attribute "${name}" of ${value.sizeBytes} bytes is too long for HDF5`;
    throw new VernierError("internal", { reason }, { where });
  }
  return {
    type: ATTRIBUTE,
    flags: 0,
    sizeBytes,
    write(out) {
      out.u8(1, 0);
      for (const part of parts) out.u16(part);
      for (const bytes of [nameBytes, value.datatype, dataspace]) {
        // The name ends with a NUL.
        const length = padded(bytes === nameBytes ? bytes.length + 1 : bytes.length);
        out.bytes(bytes).skip(length - bytes.length);
      }
      value.write(out);
    },
  };
}
