/** @file What a file is, by its content; its name decides nothing. */

import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import type { Hdf5File } from "./hdf5.ts";
import { readJson } from "./json-text.ts";
import { kindOfKerasH5 } from "./keras-h5.ts";
import { isNpy } from "./npy.ts";
import type { Source } from "./source.ts";
import { readZipDirectory } from "./zip.ts";

export const FILE_KINDS = [
  "keras-h5",
  "keras-h5-weights",
  "keras-v3",
  "keras-weights",
  "keras-weights-sharded",
  "keras-architecture",
  "tfjs-layers",
  "tfjs-graph",
  "tfjs-weights-only",
  "npy",
  "npz",
  "json",
  "unknown",
] as const;

export type FileKind = (typeof FILE_KINDS)[number];

/** `what` and `hint` are for people: "a Git LFS pointer", "run git lfs pull". */
export type Detected =
  | { readonly kind: Exclude<FileKind, "unknown"> }
  | { readonly kind: "unknown"; readonly what: string; readonly hint: string };

/** `openHdf5` is called for HDF5 files only; closing is the caller's. */
export async function detect(source: Source, openHdf5: () => Promise<Hdf5File>): Promise<Detected> {
  if (source.sizeBytes === 0) return unknown("an empty file", "save or download it again");
  const start = await source.read(0, Math.min(source.sizeBytes, 512));
  if (startsWith(start, HDF5)) return detectHdf5(await openHdf5());
  if (startsWith(start, ZIP) || startsWith(start, EMPTY_ZIP)) return detectZip(source);
  if (isNpy(start)) return { kind: "npy" };
  if (startsWith(start, GZIP))
    return unknown("gzip-compressed data", "it may be damaged or cut off: gunzip -t tells");
  const text = new TextDecoder("latin1").decode(start);
  if (text.startsWith("version https://git-lfs")) {
    return unknown("a Git LFS pointer, not the file itself", "run: git lfs pull");
  }
  if (/^(\u00ef\u00bb\u00bf)?\s*[{[\-\d"tfnNI]/.test(text) && !/\0/.test(text)) return detectJson(source);
  if (/^\s*<(!doctype|html)/i.test(text)) {
    return unknown("a web page", "the download gave an error page; fetch the raw file");
  }
  return unknown("a file of no known format", "vernier reads .h5, .keras, model.json, .npy, .npz and JSON");
}

/** What a command throws when it needs a model and got this. */
export function unknownFileError(
  detected: Extract<Detected, { kind: "unknown" }>,
  name: string,
): VernierError {
  return new VernierError(
    "file.unsupported",
    { what: detected.what, remedy: detected.hint },
    { where: [name] },
  );
}

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const ZIP = [0x50, 0x4b, 3, 4];
const EMPTY_ZIP = [0x50, 0x4b, 5, 6];
const GZIP = [0x1f, 0x8b];

const startsWith = (bytes: Uint8Array, prefix: readonly number[]): boolean =>
  prefix.every((byte, i) => bytes[i] === byte);

async function detectHdf5(file: Hdf5File): Promise<Detected> {
  const kind = await kindOfKerasH5(file);
  switch (kind) {
    case "keras-h5":
    case "keras-h5-weights":
      return { kind };
    case "keras3-weights":
      return { kind: "keras-weights" };
    case "other":
      return unknown("an HDF5 file that no Keras wrote", "vernier reads HDF5 files that Keras has saved");
    default:
      return kind satisfies never;
  }
}

async function detectZip(source: Source): Promise<Detected> {
  const names = [...(await readZipDirectory(source)).keys()];
  if (names.includes("config.json")) return { kind: "keras-v3" };
  if (names.every((name) => name.endsWith(".npy"))) return { kind: "npz" };
  if (
    names.some(
      (name) => name.endsWith("model.json") || name.endsWith(".h5") || name.endsWith("saved_model.pb"),
    )
  ) {
    return unknown("a zip with a model in it", "unpack it and give the model");
  }
  return unknown("a zip of unknown content", "vernier reads .keras and .npz");
}

async function detectJson(source: Source): Promise<Detected> {
  const { json } = await readJson(source);
  if (!isObject(json)) return { kind: "json" };
  const topology = json["modelTopology"];
  const hasWeights = Array.isArray(json["weightsManifest"]);
  if (json["format"] === "graph-model" || (isObject(topology) && "node" in topology))
    return { kind: "tfjs-graph" };
  if (isObject(topology)) return { kind: "tfjs-layers" };
  if (hasWeights) return { kind: "tfjs-weights-only" };
  if (isObject(json["weight_map"])) return { kind: "keras-weights-sharded" };
  if (typeof json["class_name"] === "string" && (isObject(json["config"]) || Array.isArray(json["config"])))
    return { kind: "keras-architecture" };
  return { kind: "json" };
}

const unknown = (what: string, hint: string): Detected => ({ kind: "unknown", what, hint });
