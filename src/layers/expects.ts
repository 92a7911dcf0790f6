/** @file What layers expect of the numbers that they are fed, so that made-up inputs mean something to them. */

import type { JsonObject } from "../base/json.ts";
import type { BoundLayer } from "../model/layer.ts";

export type Expectation =
  /** Whole numbers below `count`; 0 means padding where `padded`. */
  | { readonly kind: "indices"; readonly count: number; readonly padded: boolean }
  /** Steps that hold nothing but `value` do not count. */
  | { readonly kind: "masked"; readonly value: number }
  /** It multiplies by `scale` first: 1/255 expects bytes. */
  | { readonly kind: "scaled"; readonly scale: number }
  /** Whatever comes after it decides. */
  | { readonly kind: "passes" };

const number = (config: JsonObject, key: string, fallback: number): number => {
  const value = config[key];
  return typeof value === "number" ? value : fallback;
};

const PASSES: Expectation = { kind: "passes" };

const EXPECTS: Readonly<Record<string, (config: JsonObject) => Expectation>> = {
  Embedding: (config) => ({
    kind: "indices",
    count: number(config, "input_dim", 1),
    padded: config["mask_zero"] === true,
  }),
  Masking: (config) => ({ kind: "masked", value: number(config, "mask_value", 0) }),
  Rescaling: (config) => ({ kind: "scaled", scale: number(config, "scale", 1) }),
  Reshape: () => PASSES,
  Flatten: () => PASSES,
  Permute: () => PASSES,
  RepeatVector: () => PASSES,
  ZeroPadding1D: () => PASSES,
  ZeroPadding2D: () => PASSES,
  Cropping1D: () => PASSES,
  Cropping2D: () => PASSES,
  Concatenate: () => PASSES,
};

/** `null`: any numbers will do. */
export function expectationOf(layer: BoundLayer): Expectation | null {
  if (layer.identity) return PASSES;
  return EXPECTS[layer.className]?.(layer.config) ?? null;
}
