/**
 * @file A nested JSON array → Tensor. Numbers are float64: JSON does not tell 1 from 1.0, so that whoever feeds an
 * integer input casts. Ragged arrays and mixed types are errors.
 */

import { VernierError } from "../base/errors.ts";
import { excerpt } from "../base/json.ts";
import type { DType } from "../tensor/dtype.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { MAX_RANK, requireAtMost } from "./limits.ts";

/** `where` names the file. "NaN", "Infinity" and "-Infinity" are numbers where numbers are (see `json-text.ts`). */
export function tensorFromJson(json: unknown, where: string): Tensor {
  const shape = shapeOf(json, where);
  const leaves: unknown[] = [];
  collect(json, shape, 0, leaves, where);
  const dtype = dtypeOf(leaves, where);
  if (dtype === "string") return { shape, dtype, data: leaves as string[] };
  if (dtype === "bool") return { shape, dtype, data: Uint8Array.from(leaves, Number) };
  return { shape, dtype, data: Float64Array.from(leaves, Number) };
}

function shapeOf(json: unknown, where: string): number[] {
  const shape: number[] = [];
  for (let level = json; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    requireAtMost("the number of axes", shape.length, MAX_RANK, where);
  }
  return shape;
}

function collect(
  json: unknown,
  shape: readonly number[],
  axis: number,
  leaves: unknown[],
  where: string,
): void {
  if (axis === shape.length) {
    if (Array.isArray(json)) throw ragged(shape, axis, "a deeper list", where);
    leaves.push(json);
    return;
  }
  if (!Array.isArray(json)) throw ragged(shape, axis, excerpt(json), where);
  if (json.length !== shape[axis]) throw ragged(shape, axis, `a list of ${json.length}`, where);
  for (const item of json) collect(item, shape, axis + 1, leaves, where);
}

function dtypeOf(leaves: readonly unknown[], where: string): DType {
  const isNumber = (x: unknown): boolean => typeof x === "number" || SPECIAL.has(x);
  // An empty array has no type of its own; all-special leaves are numbers.
  if (leaves.every(isNumber)) return "float64";
  if (leaves.every((x) => typeof x === "boolean")) return "bool";
  if (leaves.every((x) => typeof x === "string")) return "string";
  const odd = leaves.find((x) => !isNumber(x));
  throw new VernierError("input.invalid", { reason: `a list of numbers holds ${excerpt(odd)}` }, { where });
}

const SPECIAL: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);

function ragged(shape: readonly number[], axis: number, found: string, where: string): VernierError {
  const wanted = axis === shape.length ? "a single value" : `a list of ${shape[axis]}`;
  const reason = `the array is ragged: ${wanted} expected at axis ${axis}, ${found} found; sizes so far ${sizeOf(shape)}`;
  return new VernierError("input.invalid", { reason }, { where });
}
