/** @file About how much arithmetic a reference prediction takes, call by call: decides how finely a budget is split. */

import type { Call, Model } from "../model/model.ts";
import { sizeOf } from "../tensor/tensor.ts";

/** An element that is computed without a product costs about as much time as so many multiply-adds. */
const PER_ELEMENT = 20;
/** Stands for a dimension that only the input knows. */
const UNKNOWN_EXTENT = 64;

/** Per call of the model, for one sample, in multiply-adds. */
export const workOf = (model: Model): number[] => model.calls.map((call) => workOfCall(model, call));

/** A kernel of so many numbers is gone through once for each place of the output: its elements over its channels. */
function workOfCall(model: Model, { layer, outputs }: Call): number {
  const entry = model.layers[layer];
  if (entry === undefined) return 0;
  const [output] = outputs;
  const dims = output?.dims.slice(1).map((dim) => dim ?? UNKNOWN_EXTENT) ?? [];
  const kernels = entry.layer.weights.filter(({ shape }) => shape.length > 1);
  const numbers = kernels.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const elements = sizeOf(dims);
  return elements * PER_ELEMENT + (elements / Math.max(dims.at(-1) ?? 1, 1)) * numbers;
}

export const totalWork = (model: Model): number => workOf(model).reduce((sum, work) => sum + work, 0);
