/** @file `weightsManifest` of `model.json`, decoded: which weights lie in which files, and how they are stored. */

import { type Decoder, integer, invalid, listOf, oneOf, string } from "../base/decode.ts";
import { isObject } from "../base/json.ts";
import type { Place } from "../base/problem.ts";
import type { Shape } from "../tensor/tensor.ts";
import { MAX_RANK, MAX_SHARDS, MAX_TENSOR_BYTES, MAX_WEIGHTS, requireAtMost } from "./limits.ts";

/** Affine: `value = stored · scale + min`. */
export type Quantization =
  | { readonly dtype: "uint8" | "uint16"; readonly scale: number; readonly min: number }
  | { readonly dtype: "float16" };

export interface ManifestEntry {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: "float32" | "int32" | "bool" | "string";
  readonly quantization: Quantization | null;
  readonly group: string | null;
}

export interface ManifestGroup {
  readonly paths: readonly string[];
  readonly weights: readonly ManifestEntry[];
}

const DTYPES = oneOf("float32", "int32", "bool", "string");
const QUANTIZATIONS = oneOf("uint8", "uint16", "float16");

export function decodeManifest(json: unknown, where: Place): readonly ManifestGroup[] {
  const groups = listOf(group).decode(json, where);
  const place = String(where[0] ?? "");
  requireAtMost(
    "the number of weight files",
    sum(groups.map(({ paths }) => paths.length)),
    MAX_SHARDS,
    place,
  );
  requireAtMost(
    "the number of weights",
    sum(groups.map(({ weights }) => weights.length)),
    MAX_WEIGHTS,
    place,
  );
  return groups;
}

/** The files alone, of a layers or a graph model, whose weights may be of types that are not known here. */
export function decodeShardPaths(json: unknown, where: Place): readonly string[] {
  const paths = listOf({
    decode(group: unknown, at: Place = []) {
      if (!isObject(group)) throw invalid("an object", group, at);
      return listOf(path).decode(group["paths"], [...at, "paths"]);
    },
  });
  const all = paths.decode(json, where).flat();
  requireAtMost("the number of weight files", all.length, MAX_SHARDS, String(where[0] ?? ""));
  return all;
}

const group: Decoder<ManifestGroup> = {
  decode(json, where = []) {
    if (!isObject(json)) throw invalid("an object", json, where);
    return {
      paths: listOf(path).decode(json["paths"], [...where, "paths"]),
      weights: listOf(entry).decode(json["weights"], [...where, "weights"]),
    };
  },
};

/** Beside or below `model.json`. A path that leads elsewhere would let a model read any file of its reader. */
const path: Decoder<string> = {
  decode(json, where) {
    const text = string.decode(json, where);
    const isRelative = text !== "" && !/^[/\\]|^[a-zA-Z][a-zA-Z0-9+.-]*:|\0/.test(text);
    if (isRelative && !text.split(/[/\\]/).includes("..")) return text;
    throw invalid("a path inside the model's folder", json, where);
  },
};

const entry: Decoder<ManifestEntry> = {
  decode(json, where = []) {
    if (!isObject(json)) throw invalid("an object", json, where);
    const name = string.decode(json["name"], [...where, "name"]);
    const shape = listOf(integer(0)).decode(json["shape"], [...where, "shape"]);
    requireAtMost("the number of axes", shape.length, MAX_RANK, name);
    requireAtMost(
      "the size of a weight in bytes",
      4 * shape.reduce((a, b) => a * b, 1),
      MAX_TENSOR_BYTES,
      name,
    );
    const dtype = DTYPES.decode(json["dtype"], [...where, "dtype"]);
    const quantization =
      "quantization" in json ? decodeQuantization(json["quantization"], [...where, "quantization"]) : null;
    if (quantization !== null && !canBe(quantization, dtype)) {
      throw invalid(`a quantization of ${dtype} that TF.js knows`, json["quantization"], [
        ...where,
        "quantization",
      ]);
    }
    return {
      name,
      shape,
      dtype,
      quantization,
      group: typeof json["group"] === "string" ? json["group"] : null,
    };
  },
};

function decodeQuantization(json: unknown, where: Place): Quantization {
  if (!isObject(json)) throw invalid("an object", json, where);
  const dtype = QUANTIZATIONS.decode(json["dtype"], [...where, "dtype"]);
  if (dtype === "float16") return { dtype };
  return {
    dtype,
    scale: number(json["scale"], [...where, "scale"]),
    min: number(json["min"], [...where, "min"]),
  };
}

/** tfjs-core io_utils.ts, `decodeWeight`. */
function canBe({ dtype }: Quantization, original: ManifestEntry["dtype"]): boolean {
  return original === "float32" || (original === "int32" && dtype !== "float16");
}

function number(json: unknown, where: Place): number {
  if (typeof json !== "number" || !Number.isFinite(json)) throw invalid("a finite number", json, where);
  return json;
}

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
