/**
 * @file Weights that Keras 3 keeps in 8 or 4 bits, or rounds to 8 as it computes: what a layer's dtype policy and
 * `quantization_config` say of it (keras/src/quantizers, keras/src/dtype_policies).
 */

import { integer, invalid, listOf, real32 } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import type { BindContext, Dialect, WeightSpec } from "../model/layer.ts";
import { add, clip, divide, multiply, scalar, stack, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { normalizeAxis, type Shape } from "../tensor/tensor.ts";

/** What comes in is brought to whole numbers from `low` to `high`, by the largest of each row (AbsMaxQuantizer). */
export type InputQuantizer = {
  readonly low: number;
  readonly high: number;
  readonly epsilon: number;
};

/** Canonical, as a config holds it. */
export type Quantization =
  | { readonly mode: "int8"; readonly inputs: InputQuantizer | null }
  /**
   * `block`: so many weights of a column have a scale and a zero of their own; `null`: a column has a scale. `packed`: which
   * of a kernel's numbers share a byte; Keras 3.11 to 3.13 took them from two rows.
   */
  | {
      readonly mode: "int4";
      readonly block: number | null;
      readonly packed: "columns" | "rows";
      readonly inputs: InputQuantizer | null;
    }
  /** `history`: how many largest values training remembers. */
  | { readonly mode: "float8"; readonly history: number };

const POLICY = /^(Quantized|Int4|GPTQ|AWQ|Ternary)\w*DTypePolicy$/;

/**
 * What a layer's config says of it; `null` where its weights are what they are, as to the readers of other dialects they
 * always are. Throws `layer.unsupported`, `config.invalid`.
 */
export function quantizationIn(
  json: unknown,
  className: string,
  { dialect, where }: Pick<BindContext, "dialect" | "where">,
): Quantization | null {
  if (!isObject(json) || dialect !== "keras3") return null;
  const mode = quantizationMode(json["dtype"]);
  if (mode === null) return null;
  const found = quantizationOf(mode, json, where);
  if (found === null) throw quantizedUnknown(className, mode, where);
  return found;
}

export const quantizedUnknown = (
  className: string,
  mode: string,
  where: readonly (string | number)[],
): VernierError =>
  new VernierError(
    "layer.unsupported",
    { className, reason: `its weights are quantized (${mode}), which no rule computes` },
    { where },
  );

/** The keys of a config that say it. */
export const QUANTIZATION_KEYS: readonly string[] = ["dtype", "quantization_config"];

/** These keys again; only Keras 3 has words for it. Throws `convert.unsupported`. */
export function quantizationWords(
  className: string,
  { quantization }: JsonObject,
  { to, fileConfig }: { readonly to: Dialect; readonly fileConfig: JsonObject },
): JsonObject {
  if (!isObject(quantization) || to !== "keras3") return {};
  if (quantization["packed"] === "rows")
    throw new VernierError("convert.unsupported", {
      className,
      target: "Keras 3",
      reason: "its weights of 4 bits lie as Keras 3.11 to 3.13 laid them, which later ones do not read",
      hint: "convert the model as it was before quantize(), and quantize that again",
    });
  return Object.fromEntries(Object.entries(fileConfig).filter(([key]) => QUANTIZATION_KEYS.includes(key)));
}

const roundsInputs = ({ mode, inputs }: JsonObject): boolean => mode === "float8" || inputs !== null;

/** "int8 (what it gets is rounded to 8 bits too)": a canonical `quantization`, for messages. */
export const sayQuantization = (quantization: JsonObject): string =>
  `${String(quantization["mode"])}${roundsInputs(quantization) ? " (what it gets is rounded to 8 bits too)" : ""}`;

/** Why TF.js has no such layer. */
export function quantizationRefused({
  quantization,
}: JsonObject): { readonly reason: string; readonly hint: string } | null {
  if (!isObject(quantization)) return null;
  const mode = String(quantization["mode"]);
  return {
    reason: roundsInputs(quantization)
      ? `it rounds what it gets to 8 bits (${mode}), and no layer of TensorFlow.js does`
      : `its weights are quantized (${mode})`,
    hint: "convert the model as it was before quantize(); --quantize uint8 makes its files as small",
  };
}

/** "int8", "int4/128", "gptq/4/128", or `null`: what a dtype policy says. */
function quantizationMode(dtype: unknown): string | null {
  // Keras 3.0 to 3.3 wrote "int8_from_float32".
  if (typeof dtype === "string") return /^(\w+)_from_/.exec(dtype)?.[1] ?? null;
  if (!isObject(dtype) || !isObject(dtype["config"])) return null;
  const { class_name: className, config } = dtype;
  if (typeof className === "string" && POLICY.test(className)) return String(config["mode"] ?? className);
  if (className !== "DTypePolicyMap" || !isObject(config["policy_map"])) return null;
  const inside = Object.values(config["policy_map"]).map(quantizationMode);
  const found = inside.find((mode) => mode !== null);
  return found === undefined ? null : `${found} by a map`;
}

/** `null` for a mode that no formula here has. Throws `config.invalid`. */
function quantizationOf(
  mode: string,
  config: Readonly<Record<string, unknown>>,
  where: readonly (string | number)[],
): Quantization | null {
  const said = config["quantization_config"];
  const given = isObject(said) && isObject(said["config"]) ? said["config"] : null;
  const [name, block] = mode.split("/");
  switch (name) {
    case "int8":
      return { mode: "int8", inputs: inputsOf(given, DEFAULT_INPUTS, where) };
    case "int4": {
      const isOld = block === undefined;
      return {
        mode: "int4",
        block: isOld ? null : blockOf(given === null ? Number(block) : given["block_size"], where),
        packed: isOld ? "rows" : "columns",
        inputs: inputsOf(given, isOld ? DEFAULT_INPUTS : null, where),
      };
    }
    case "float8": {
      const { dtype } = config;
      const policy = isObject(dtype) && isObject(dtype["config"]) ? dtype["config"] : {};
      const history = policy["amax_history_length"] ?? 1024;
      return { mode: "float8", history: integer(0).decode(history, [...where, "dtype"]) };
    }
    default:
      return null;
  }
}

const DEFAULT_INPUTS: InputQuantizer = { low: -127, high: 127, epsilon: Math.fround(1e-7) };

/** A config that is there says it itself, also that there is none. */
function inputsOf(
  given: Readonly<Record<string, unknown>> | null,
  fallback: InputQuantizer | null,
  where: readonly (string | number)[],
): InputQuantizer | null {
  if (given === null) return fallback;
  const place = [...where, "quantization_config", "config", "activation_quantizer"];
  const quantizer = given["activation_quantizer"] ?? null;
  if (quantizer === null) return null;
  if (!isObject(quantizer) || quantizer["class_name"] !== "AbsMaxQuantizer" || !isObject(quantizer["config"]))
    throw invalid("an AbsMaxQuantizer", isObject(quantizer) ? quantizer["class_name"] : quantizer, place);
  const { value_range = [-127, 127], epsilon = 1e-7 } = quantizer["config"];
  const [low = -127, high = 127] = listOf(integer(), 2).decode(value_range, [...place, "value_range"]);
  return { low, high, epsilon: real32.decode(epsilon, [...place, "epsilon"]) };
}

function blockOf(json: unknown, where: readonly (string | number)[]): number | null {
  if (json === null || json === undefined || json === -1) return null;
  return integer(1).decode(json, [...where, "quantization_config", "config", "block_size"]);
}

/** Rows of `x` as whole numbers, and by what they were multiplied (keras.quantizers.abs_max_quantize, along the last axis). */
export function absMaxQuantize<T>(
  ops: Ops<T>,
  x: T,
  { low, high, epsilon }: InputQuantizer,
): { readonly levels: T; readonly scale: T } {
  const largest = ops.reduce("max", ops.unary("abs", x), [-1], true);
  const scale = divide(ops, scalar(ops, high), add(ops, largest, scalar(ops, epsilon)));
  return { levels: clip(ops, ops.unary("round", multiply(ops, x, scale)), low, high), scale };
}

/** A weight of bytes, which no training changes. */
export const bytes = (name: string, shape: Shape): WeightSpec => ({
  name,
  shape,
  trainable: false,
  dtype: "int8",
});

/** Two numbers of 4 bits in each byte of an axis, the low half first (keras.quantizers.unpack_int4). */
export function unpackInt4<T>(ops: Ops<T>, packed: T, length: number, axis: number): T {
  const shift = ops.constant({ shape: [], dtype: "int32", data: Float64Array.of(128) });
  const index = add(ops, ops.cast(packed, "int32"), shift);
  const halves = [LOW_HALF, HIGH_HALF].map((half) => {
    const table = ops.constant({ shape: [256], dtype: "int32", data: half });
    return ops.take(table, index, 0);
  });
  const dims = ops.dimsOf(packed);
  const at = normalizeAxis(axis, dims.length);
  const both = stack(ops, halves, at + 1);
  const unpacked = dims.map((dim, i) => (i === at && dim !== null ? 2 * dim : dim));
  return ops.slice(ops.reshape(both, unpacked), at, 0, length);
}

/** What each byte from −128 to 127 holds. A look-up moves numbers; shifts would be roundings to a reading with bounds. */
const BYTES = Array.from({ length: 256 }, (_, i) => i - 128);
const LOW_HALF = Float64Array.from(BYTES, (byte) => (byte << 28) >> 28);
const HIGH_HALF = Float64Array.from(BYTES, (byte) => byte >> 4);

/** `groups`: which scale and zero, along `axis`, belong to each of `levels` (keras.quantizers.dequantize_with_sz_map). */
export function dequantizeGroups<T>(
  ops: Ops<T>,
  levels: T,
  {
    scale,
    zero,
    groups,
    axis,
  }: { readonly scale: T; readonly zero: T; readonly groups: T; readonly axis: number },
): T {
  const index = ops.cast(groups, "int32");
  const zeros = ops.cast(ops.take(zero, index, axis), ops.dtypeOf(scale));
  const whole = ops.cast(levels, ops.dtypeOf(scale));
  return multiply(ops, subtract(ops, whole, zeros), ops.take(scale, index, axis));
}

/** To float8_e4m3fn and back (keras.quantizers.quantize_and_dequantize). */
export function throughFloat8<T>(ops: Ops<T>, x: T, scale: T): T {
  // Its largest number is 448.
  const scaled = clip(ops, divide(ops, x, scale), -448, 448);
  return multiply(ops, ops.unary("to_float8_e4m3fn", scaled), scale);
}

/** A dtype policy as Keras writes it, for samples. */
export const policyWords = (className: string, config: JsonObject) => ({
  module: "keras.dtype_policies",
  class_name: className,
  config,
  registered_name: null,
});
