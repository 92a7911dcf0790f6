/** @file Files of Keras with something in them changed, read again. */

import { isObject } from "../../src/base/json.ts";
import { modelFromKerasH5, modelFromKerasV3 } from "../../src/dialects/read.ts";
import { openHdf5 } from "../../src/formats/hdf5.node.ts";
import { type Hdf5AttributeValue, type Hdf5Group, writeHdf5 } from "../../src/formats/hdf5-writer.ts";
import { readKerasH5 } from "../../src/formats/keras-h5.ts";
import { readKerasV3 } from "../../src/formats/keras-v3.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { readZipDirectory, readZipMember, writeStoredZip } from "../../src/formats/zip.ts";
import type { Model } from "../../src/model/model.ts";
import { bytesOfFile, copyOf } from "../hdf5-trees.ts";

interface KerasChange {
  /** Each JSON member, to be changed where it is. */
  change(name: string, json: Record<string, unknown>): void;
  /** The name of one more member. */
  readonly extra?: string;
}

export async function copiedKeras(bytes: Uint8Array, { change, extra }: KerasChange): Promise<Model> {
  const source = bytesSource(bytes, "model.keras");
  const members: [string, Uint8Array][] = extra === undefined ? [] : [[extra, Uint8Array.of(17)]];
  for (const member of (await readZipDirectory(source)).values()) {
    const own = await readZipMember(source, member);
    if (!member.name.endsWith(".json")) {
      members.push([member.name, own]);
      continue;
    }
    const json: unknown = JSON.parse(new TextDecoder().decode(own));
    if (isObject(json)) change(member.name, json);
    members.push([member.name, new TextEncoder().encode(JSON.stringify(json))]);
  }
  const copy = bytesSource(writeStoredZip(members), "copy.keras");
  return modelFromKerasV3(await readKerasV3(copy, openHdf5), "copy.keras");
}

/** `change` is given the root's attributes. */
export async function copiedH5(
  bytes: Uint8Array,
  change: (attributes: Map<string, Hdf5AttributeValue>) => void,
): Promise<Model> {
  const root: Hdf5Group = await copyOf(await openHdf5(bytesSource(bytes, "model.h5")));
  const attributes = new Map(root.attributes);
  change(attributes);
  const copy = bytesSource(await bytesOfFile(writeHdf5({ ...root, attributes }, "copy.h5")), "copy.h5");
  return modelFromKerasH5(await readKerasH5(await openHdf5(copy)), "copy.h5");
}
