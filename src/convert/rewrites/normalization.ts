/**
 * @file Normalization, which TF.js lacks: a BatchNormalization without scale and shift where the statistics are weights,
 * a Rescaling where the config gives them. max(√v, ε) = √max(v, ε²).
 */

import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { chain, type Rewrite } from "./rewrite.ts";

/** backend.epsilon() of every Keras. */
const EPSILON = 1e-7;

export const normalizationAsBatch: Rewrite = {
  id: "normalization-as-batch",
  summary: "BatchNormalization by the adapted mean and variance",
  exact: false,
  parts({ config }, { inputs: [input], integers }) {
    const { axis, mean, invert } = config;
    if (mean !== null || invert === true || input === undefined || !Array.isArray(axis) || axis.length > 1)
      return null;
    const at = typeof axis[0] === "number" ? axis[0] : input.length - 1;
    const extent = input[at];
    if (typeof extent !== "number") return null;
    const all = (tensor: Tensor): Tensor => repeated(tensor, extent);
    // TF.js's Rescaling makes numbers of integers, its BatchNormalization does not.
    const floats = { suffix: "floats", className: "Rescaling", config: { scale: 1, offset: 0 } };
    return chain(...(integers ? [floats] : []), {
      suffix: "batch",
      className: "BatchNormalization",
      config: { axis: at, epsilon: 0, center: false, scale: false },
      weights: {
        moving_mean: { from: "mean", map: all },
        moving_variance: { from: "variance", map: (tensor) => atLeast(all(tensor), EPSILON * EPSILON) },
      },
      main: true,
    });
  },
};

export const normalizationAsRescaling: Rewrite = {
  id: "normalization-as-rescaling",
  summary: "Rescaling by the given mean and variance",
  exact: false,
  parts({ config }, { inputs: [input] }) {
    const { axis, invert } = config;
    const mean = flat(config["mean"]);
    const variance = flat(config["variance"]);
    if (mean === null || variance === null || input === undefined) return null;
    const last = Array.isArray(axis) && axis.length === 1 && axis[0] === input.length - 1;
    if (mean.length > 1 && !last) return null;
    const deviation = variance.map((value) => Math.max(Math.sqrt(value), EPSILON));
    const scale = invert === true ? deviation : deviation.map((value) => 1 / value);
    const offset = mean.map((value, i) => (invert === true ? value : -value * (scale[i] ?? 1)));
    const plain = (values: readonly number[]) => (values.length === 1 ? (values[0] ?? 0) : [...values]);
    return chain({
      suffix: "scaled",
      className: "Rescaling",
      config: { scale: plain(scale), offset: plain(offset) },
      main: true,
    });
  },
};

function flat(json: unknown): number[] | null {
  if (typeof json === "number") return [json];
  return Array.isArray(json) && json.every((entry) => typeof entry === "number") ? (json as number[]) : null;
}

function repeated({ shape, dtype, data }: Tensor, extent: number): Tensor {
  const value = Number(data[0] ?? 0);
  return sizeOf(shape) === extent
    ? { shape: [extent], dtype, data }
    : { shape: [extent], dtype, data: Float32Array.from({ length: extent }, () => value) };
}

const atLeast = ({ shape, dtype, data }: Tensor, least: number): Tensor => ({
  shape,
  dtype,
  data: Float32Array.from({ length: data.length }, (_, i) => Math.max(Number(data[i] ?? 0), least)),
});
