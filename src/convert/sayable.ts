/** @file Can one layer be said in a dialect's words at all, and by others where TF.js's own kernel of it is wrong? */

import { isVernierError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import type { Dialect } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import type { Dims } from "../tensor/tensor.ts";
import { type Rewritten, rewritten } from "./rewritten.ts";

/** As it is, or by rewrites. */
export const canSay = (model: Model, layer: number, to: Dialect): boolean =>
  saidIn(model, layer, to) !== null;

/** `true` where a rewrite of this layer of a `model.json` leaves no kernel that is known to be wrong. */
export function canGoAround(model: Model, layer: number): boolean {
  if (model.dialect !== "tfjs") return false;
  const said = saidIn(model, layer, "tfjs");
  return said !== null && said.ids.length > 0 && said.faults.length === 0;
}

function saidIn(model: Model, layer: number, to: Dialect): Rewritten | null {
  const entry = model.layers[layer];
  const call = model.calls.find((one) => one.layer === layer);
  if (entry === undefined || call === undefined) return null;
  const dimsOf = (ref: { call: number; output: number }): Dims =>
    model.calls[ref.call]?.outputs[ref.output]?.dims ?? [];
  try {
    return rewritten(entry.layer, {
      words: isObject(entry.fileConfig) ? (entry.fileConfig as JsonObject) : {},
      languages: { from: entry.writtenIn ?? model.dialect, to, maskRules: model.maskRules },
      engines: to === "tfjs" ? ["tfjs:cpu", "tfjs:wasm"] : [],
      inputs: call.inputs.map(dimsOf),
      outputs: call.outputs.map(({ dims }) => dims),
    });
  } catch (error) {
    if (isVernierError(error)) return null;
    throw error;
  }
}
