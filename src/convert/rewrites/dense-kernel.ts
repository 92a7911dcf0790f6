/**
 * @file Convolutions in groups or with a dilation that TF.js does not read: the same numbers with the kernel written out,
 * zeros where there was nothing. A product with 0 adds exactly 0.
 */

import type { BoundLayer } from "../../model/layer.ts";
import { type Shape, sizeOf, type Tensor, type TensorData } from "../../tensor/tensor.ts";
import { chain, type Rewrite } from "./rewrite.ts";

export const denseKernel: Rewrite = {
  id: "dense-kernel",
  summary: "The kernel with its zeros written out",
  exact: true,
  parts(layer, { inputs: [input] }) {
    const { className, config } = layer;
    if (input === undefined) return null;
    const groups = config["groups"];
    if (typeof groups === "number" && groups > 1) {
      return chain({
        suffix: "dense",
        className,
        config: { ...config, groups: 1 },
        weights: {
          kernel: {
            from: "kernel",
            map: (kernel) => withoutGroups(kernel, groups),
            back: (kernel) => inGroups(kernel, groups),
          },
        },
        main: true,
      });
    }
    const dilation = config["dilation_rate"];
    if (!Array.isArray(dilation) || dilation.every((rate) => rate === 1)) return null;
    const rates = dilation as readonly number[];
    return chain({
      suffix: "dense",
      className,
      config: { ...config, dilation_rate: rates.map(() => 1), kernel_size: spans(layer, rates) },
      weights: {
        kernel: {
          from: "kernel",
          map: (kernel) => withoutDilation(kernel, rates),
          back: (kernel) => dilated(kernel, rates),
        },
      },
      main: true,
    });
  },
};

const spans = ({ config }: BoundLayer, rates: readonly number[]): number[] =>
  (config["kernel_size"] as readonly number[]).map((size, axis) => (size - 1) * (rates[axis] ?? 1) + 1);

/** [...window, in/groups, filters] → [...window, in, filters], block by block. */
export function withoutGroups({ shape, dtype, data }: Tensor, groups: number): Tensor {
  const window = sizeOf(shape.slice(0, -2));
  const [perGroup = 1, filters = 1] = shape.slice(-2);
  const full: Shape = [...shape.slice(0, -2), perGroup * groups, filters];
  const out = zerosLike(data, sizeOf(full));
  const outputs = filters / groups;
  for (let at = 0; at < window; at++)
    for (let i = 0; i < perGroup; i++)
      for (let f = 0; f < filters; f++) {
        const channel = Math.floor(f / outputs) * perGroup + i;
        put(out, (at * perGroup * groups + channel) * filters + f, data, (at * perGroup + i) * filters + f);
      }
  return { shape: full, dtype, data: out };
}

/** [h, w, …] → [(h − 1)·rate + 1, …], the taps where they fall. */
export function withoutDilation(
  { shape, dtype, data }: Tensor,
  [rateY = 1, rateX = 1]: readonly number[],
): Tensor {
  const [height = 1, width = 1, ...rest] = shape;
  const wide = (width - 1) * rateX + 1;
  const full: Shape = [(height - 1) * rateY + 1, wide, ...rest];
  const inner = sizeOf(rest);
  const out = zerosLike(data, sizeOf(full));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let i = 0; i < inner; i++)
        put(out, (y * rateY * wide + x * rateX) * inner + i, data, (y * width + x) * inner + i);
  return { shape: full, dtype, data: out };
}

/** Undoes `withoutGroups`. */
export function inGroups({ shape, dtype, data }: Tensor, groups: number): Tensor {
  const window = sizeOf(shape.slice(0, -2));
  const [channels = 1, filters = 1] = shape.slice(-2);
  const perGroup = channels / groups;
  const own: Shape = [...shape.slice(0, -2), perGroup, filters];
  const out = zerosLike(data, sizeOf(own));
  const outputs = filters / groups;
  for (let at = 0; at < window; at++)
    for (let i = 0; i < perGroup; i++)
      for (let f = 0; f < filters; f++) {
        const channel = Math.floor(f / outputs) * perGroup + i;
        put(out, (at * perGroup + i) * filters + f, data, (at * channels + channel) * filters + f);
      }
  return { shape: own, dtype, data: out };
}

/** Undoes `withoutDilation`. */
export function dilated({ shape, dtype, data }: Tensor, [rateY = 1, rateX = 1]: readonly number[]): Tensor {
  const [tall = 1, wide = 1, ...rest] = shape;
  const [height, width] = [(tall - 1) / rateY + 1, (wide - 1) / rateX + 1];
  const inner = sizeOf(rest);
  const out = zerosLike(data, height * width * inner);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let i = 0; i < inner; i++)
        put(out, (y * width + x) * inner + i, data, (y * rateY * wide + x * rateX) * inner + i);
  return { shape: [height, width, ...rest], dtype, data: out };
}

type Numbers = Float32Array | Float64Array;

/** Kernels are floating; float16 is held in a Float32Array. */
function zerosLike(data: TensorData, length: number): Numbers {
  return data instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
}

function put(out: Numbers, at: number, data: TensorData, from: number): void {
  out[at] = Number(data[from] ?? 0);
}
