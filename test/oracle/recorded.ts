/** @file Reads what `python/record_layers.py` recorded: one file per layer family. */

import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { OracleDialect } from "../../src/layers/samples.ts";
import { type DType, isDType } from "../../src/tensor/dtype.ts";
import type { RealTensor } from "../../src/tensor/tensor.ts";

interface Encoded {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly base64: string;
}

export interface RecordedCase {
  readonly id: string;
  readonly family: string;
  readonly className: string;
  readonly dialect: OracleDialect;
  readonly config: JsonObject;
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Encoded[];
  readonly masks: readonly (Encoded | null)[];
  readonly weights: readonly (Encoded & { readonly name: string })[];
  readonly outputs: readonly Encoded[];
  readonly outputMasks: readonly (Encoded | null)[];
}

const FOLDER = new URL("recorded/", import.meta.url);

export function recordedFamilies(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json.gz"))
    .map((name) => name.slice(0, -".json.gz".length));
}

export function recordedCases(family: string): readonly RecordedCase[] {
  const text = gunzipSync(readFileSync(new URL(`${family}.json.gz`, FOLDER))).toString();
  return (JSON.parse(text) as { cases: RecordedCase[] }).cases;
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
} as const;

export function decode({ shape, dtype, base64 }: Encoded): RealTensor {
  if (!isDType(dtype) || !Object.hasOwn(ARRAYS, dtype)) throw new TypeError(`recorded in ${dtype}`);
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  const values = new ARRAYS[dtype as keyof typeof ARRAYS](bytes.buffer);
  return { shape, dtype: dtype as DType, data: Float64Array.from(values as ArrayLike<number>, Number) };
}

export const isEncoded = (value: unknown): value is Encoded =>
  typeof value === "object" && value !== null && "base64" in value;

/** "units=3 activation=tanh": what of a config is worth a test's name. */
export function titleOf(config: JsonObject): string {
  return Object.entries(config)
    .filter(
      ([key]) => !/name|dtype|trainable|batch_input_shape|_(initializer|regularizer|constraint)$/.test(key),
    )
    .map(
      ([key, value]: [string, Json]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    )
    .join(" ")
    .slice(0, 160);
}
