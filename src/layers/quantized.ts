/** @file Dtype policies under which Keras 3 keeps weights as small integers: no rule here computes as it does then. */

import { isObject } from "../base/json.ts";

const QUANTIZED = /^(Quantized|Int4|GPTQ|AWQ|Ternary)\w*DTypePolicy$/;

/**
 * "int8", or `null`. Keras quantizes what comes into such a layer as well, so that widening its weights would not give
 * its predictions (keras/src/layers/core/dense.py, _int8_call).
 */
export function quantizationOf(dtype: unknown): string | null {
  // Keras 3.0 to 3.3 wrote "int8_from_float32".
  if (typeof dtype === "string") return /^(\w+)_from_/.exec(dtype)?.[1] ?? null;
  if (!isObject(dtype) || !isObject(dtype["config"])) return null;
  const { class_name: className, config } = dtype;
  if (typeof className === "string" && QUANTIZED.test(className)) return String(config["mode"] ?? className);
  if (className !== "DTypePolicyMap" || !isObject(config["policy_map"])) return null;
  return (
    Object.values(config["policy_map"])
      .map(quantizationOf)
      .find((mode) => mode !== null) ?? null
  );
}
