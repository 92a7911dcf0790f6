/**
 * @file Cause `config`: the canonical configs of two matched layers differ, or TF.js takes a key otherwise than the
 * file's writer meant it.
 */

import { isObject, type Json } from "../../base/json.ts";
import { sayQuantization } from "../../layers/quantization.ts";
import type { BoundLayer } from "../../model/layer.ts";
import type { ModelLayer } from "../../model/model.ts";
import type { FileDifference } from "../evidence.ts";
import type { Finding } from "../finding.ts";
import { showValue } from "./shown-value.ts";

/** Keys in which two layers' meanings differ. */
export function differingKeys(a: BoundLayer, b: BoundLayer): string[] {
  const keys = new Set([...Object.keys(a.config), ...Object.keys(b.config)]);
  return [...keys].filter((key) => !equalJson(a.config[key] ?? null, b.config[key] ?? null));
}

/** `sayable`: the config of `a` has words in B's dialect, be it by other layers. */
export function configFindings(
  a: ModelLayer,
  b: ModelLayer,
  difference: FileDifference & { kind: "config" | "layer" },
  sayable: boolean,
): Finding[] {
  return difference.keys.map((key, i) => {
    const valueA = a.layer.config[key] ?? null;
    const valueB = b.layer.config[key] ?? null;
    const detail = detailOf(b, key, valueA) ?? (a.intended === null ? null : detailOf(a, key, valueB));
    return {
      kind: "config",
      side: "between",
      layer: a.path,
      layerB: b.path,
      field: key,
      detail,
      valueA,
      valueB,
      ...words(a, key, valueA, valueB, detail, b, sayable),
      repair: sayable ? "config-from-a" : null,
      ...(i === 0 ? { difference } : {}),
    };
  });
}

/** Does the file say the other side's value, and its reader make something else of it? */
function detailOf(layer: ModelLayer, key: string, other: Json): "reader-ignores" | "reader-differs" | null {
  const { intended } = layer;
  if (intended === null || !equalJson(intended.config[key] ?? null, other)) return null;
  if (equalJson(layer.layer.config[key] ?? null, intended.config[key] ?? null)) return null;
  const raw = isObject(layer.fileConfig) ? layer.fileConfig[key] : undefined;
  if (raw === undefined) return "reader-differs";
  // The same word for two functions ("hard_sigmoid"): it is read, and means something else.
  const read = layer.layer.config[key];
  return typeof raw === "string" && typeof read === "string" && read.startsWith(raw)
    ? "reader-differs"
    : "reader-ignores";
}

function words(
  a: ModelLayer,
  key: string,
  valueA: Json,
  valueB: Json,
  detail: string | null,
  b: ModelLayer,
  sayable: boolean,
): { message: string; hint: string } {
  if (key === "quantization") return quantizationDiffers(a, valueA, valueB);
  const from = showValue(valueA);
  const to = showValue(valueB);
  switch (detail) {
    case "reader-ignores":
      return {
        message: `TensorFlow.js does not read ${key} of ${a.path} and uses ${to}; the file means ${from}`,
        hint: `TensorFlow.js ${a.layer.className} has no working ${key}: replace the layer by ones that say the same, or retrain with ${key} ${to}`,
      };
    case "reader-differs":
      return {
        message: `TensorFlow.js takes ${key} of ${a.path} as ${to}; its writer meant ${from}`,
        hint: `say it in words that mean the same in both: ${key} ${from} has no word of its own in TensorFlow.js ${a.layer.className}`,
      };
    default:
      return {
        message: `${key} of ${a.path} is ${from} in one file and ${to} in the other`,
        hint: sayable
          ? `set ${key} of ${b.path} to ${from} in the second file, or convert the model again`
          : `the format of the second file has no word for it in ${b.layer.className}: train with ${key} ${to}`,
      };
  }
}

/** No other format has a word for it. */
function quantizationDiffers(
  a: ModelLayer,
  ...values: readonly [Json, Json]
): { message: string; hint: string } {
  const [from, to] = values.map((value) =>
    isObject(value) ? sayQuantization(value) : "as they were trained",
  );
  return {
    message: `the weights of ${a.path} are ${from} in one file and ${to} in the other`,
    hint: "compare with the model as it was before quantize(), or quantize both",
  };
}

export function equalJson(x: Json | undefined, y: Json | undefined): boolean {
  if (Object.is(x, y)) return true;
  if (Array.isArray(x) && Array.isArray(y))
    return x.length === y.length && x.every((item, i) => equalJson(item, y[i]));
  if (isObject(x) && isObject(y)) {
    const keys = new Set([...Object.keys(x), ...Object.keys(y)]);
    return [...keys].every((key) => equalJson(x[key] as Json, y[key] as Json));
  }
  // −0 and 0 are one number.
  return x === y;
}
