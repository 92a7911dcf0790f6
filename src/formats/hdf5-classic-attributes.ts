/** @file Attributes in an object header. (HDF5 File Format Specification 3.0, §IV.A.2.m.) */

import { isVernierError, VernierError } from "../base/errors.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import type { AttributeScalar, AttributeValue } from "./hdf5.ts";
import { dataFromBytes, decodeElements, type Elements, type GlobalHeaps } from "./hdf5-classic-elements.ts";
import { Fields, OutsideSubset, padded, untilNul } from "./hdf5-classic-fields.ts";
import { compare } from "./hdf5-classic-group.ts";
import { MESSAGE, type Message } from "./hdf5-classic-header.ts";
import { decodeDataspace } from "./hdf5-classic-messages.ts";
import { malformed, unsupported } from "./hdf5-header.ts";
import { decodeUtf8 } from "./hdf5-strings.ts";
import { MAX_ATTRIBUTE_BYTES, MAX_LINKS, requireAtMost } from "./limits.ts";

export interface Attribute {
  readonly name: string;
  /** null is the null dataspace. */
  readonly shape: Shape | null;
  /** Of another type than we read: what to throw when its value is asked for. */
  readonly elements: Elements | VernierError;
  readonly data: Uint8Array;
}

const SHARED_PARTS = 3;

/** Of an object, in the order of their names' bytes, without their values. */
export function decodeAttributes(messages: readonly Message[], path: string): readonly Attribute[] {
  const bodies = messages.filter(({ type }) => type === MESSAGE.attribute);
  requireAtMost("the number of attributes", bodies.length, MAX_LINKS, path);
  const encoder = new TextEncoder();
  return bodies
    .map(decodeAttribute)
    .map((attribute) => ({ attribute, key: encoder.encode(attribute.name) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ attribute }) => attribute);
}

function decodeAttribute({ body, shared }: Message): Attribute {
  if (shared) throw new OutsideSubset("a shared attribute");
  const fields = new Fields(body, "an attribute");
  const version = fields.u8();
  if (version < 1 || version > 3) throw malformed(`an attribute of version ${version}`);
  const flags = fields.u8();
  if (version > 1 && flags > SHARED_PARTS) throw malformed("an attribute with unknown flags");
  if (version > 1 && flags !== 0) throw new OutsideSubset("an attribute with a shared datatype");
  const [nameBytes, datatypeBytes, dataspaceBytes] = [fields.u16(), fields.u16(), fields.u16()];
  if (version === 3 && fields.u8() > 1) throw malformed("a name in an unknown character set");
  const part = (length: number): Uint8Array => {
    const bytes = fields.bytes(length);
    if (version === 1) fields.skip(padded(length) - length);
    return bytes;
  };
  const name = part(nameBytes);
  const text = untilNul(name, "the name of an attribute");
  if (text.length !== name.length - 1) throw malformed("the name of an attribute has two lengths");
  const datatype = part(datatypeBytes);
  const shape = decodeDataspace(part(dataspaceBytes));
  const elementBytes = new Fields(datatype, "a datatype");
  elementBytes.skip(4);
  const sizeBytes = shape === null ? 0 : sizeOf(shape) * elementBytes.u32();
  requireAtMost("the size of an attribute in bytes", sizeBytes, MAX_ATTRIBUTE_BYTES, "");
  const elements = elementsOf(datatype);
  return { name: decodeUtf8(text), shape, elements, data: fields.bytes(sizeBytes) };
}

/** One damaged attribute hides all of an object, as in HDF5; one of another type hides only itself. */
function elementsOf(datatype: Uint8Array): Attribute["elements"] {
  try {
    return decodeElements(datatype);
  } catch (error) {
    if (isVernierError(error, "file.unsupported")) return error;
    throw error;
  }
}

export async function valueOf(
  heaps: GlobalHeaps,
  { shape, elements, data }: Attribute,
): Promise<AttributeValue> {
  if (shape === null) return null;
  if (elements instanceof VernierError) throw elements;
  const { type } = elements;
  if (type.kind === "opaque") throw unsupported("an HDF5 attribute of this type");
  const dtype = type.kind === "numbers" ? type.dtype : "string";
  const decoded = await dataFromBytes(heaps, elements, data.slice(), { shape, dtype });
  const scalars: AttributeScalar[] = [...decoded];
  const values = dtype === "bool" ? scalars.map((value) => value === 1) : scalars;
  return shape.length === 0 ? (values[0] ?? null) : values;
}
