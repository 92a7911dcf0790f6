/**
 * @file UpSampling1D, UpSampling2D: each element several times in a row, or bilinear interpolation between them.
 *
 * Keras samples at the centres of the new elements, (i + ½)/size − ½; TF.js at i/size (tfjs-layers
 * layers/convolutional.ts calls resizeBilinear without halfPixelCenters): `half_pixel_centers` says which.
 */

import { integer, oneOf, tuple } from "../base/decode.ts";
import { add, channelsLast, multiply, repeat, scalar, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { real } from "../tensor/tensor.ts";
import { data_format } from "./data-format.ts";
import { defineLayer, type Formula, optional, result } from "./define.ts";
import { implied } from "./implied.ts";

export const upSampling1d = defineLayer({
  classNames: ["UpSampling1D"],
  config: {
    size: optional(integer(1), 2, {
      spellings: { "keras1-theano": ["length"], "keras1-tensorflow": ["length"] },
    }),
  },
  call: (ops, { config, input }) => result(repeat(ops, input, config.size, 1)),
  rewrites: ["line-as-image"],
  samples: [{ config: { size: 3 }, inputs: [{ shape: [2, 3, 4] }] }],
});

interface Config {
  readonly size: readonly number[];
  readonly data_format: string;
  readonly interpolation: "nearest" | "bilinear";
  readonly half_pixel_centers: boolean;
}

/**
 * Where a sampling point hits an element exactly, an engine's rounding may put it on either side: the element and
 * its left neighbour, or it and its right one, with the neighbour's weight near 0. Both are bounded.
 */
type Side = "left" | "right";
/** low + (high − low)·f, or low·(1 − f) + high·f. */
type Form = "difference" | "weights";

interface Interpolation {
  readonly rows: Side;
  readonly columns: Side;
  readonly form: Form;
}

const SIDES: readonly Side[] = ["right", "left"];
const FORMS: readonly Form[] = ["difference", "weights"];
const INTERPOLATIONS: readonly Interpolation[] = FORMS.flatMap((form) =>
  SIDES.flatMap((rows) => SIDES.map((columns) => ({ rows, columns, form }))),
);

const upSampled =
  ({ rows, columns, form }: Interpolation): Formula<Config> =>
  (ops, { config, input }) => {
    const [height = 1, width = 1] = config.size;
    const centred = config.half_pixel_centers;
    return result(
      channelsLast(ops, config.data_format, input, (x) =>
        config.interpolation === "nearest"
          ? repeat(ops, repeat(ops, x, height, 1), width, 2)
          : stretched(
              ops,
              stretched(ops, x, 2, width, centred, columns, form),
              1,
              height,
              centred,
              rows,
              form,
            ),
      ),
    );
  };

export const upSampling2d = defineLayer({
  classNames: ["UpSampling2D"],

  config: {
    size: optional(tuple(2, 1), [2, 2]),
    data_format,
    interpolation: optional(oneOf("nearest", "bilinear"), "nearest"),
    half_pixel_centers: implied<boolean>(true, { tfjs: false }, "half-pixel centres"),
  },

  /** Nearest does not depend on it. */
  resolve: (config) =>
    config.interpolation === "nearest" ? { ...config, half_pixel_centers: true } : config,

  call: upSampled({ rows: "right", columns: "right", form: "difference" }),
  formulas: INTERPOLATIONS.slice(1).map(upSampled),

  samples: [
    { config: {}, inputs: [{ shape: [2, 3, 4, 2] }] },
    { config: { size: [3, 2] }, inputs: [{ shape: [2, 3, 4, 2] }] },
    { config: { size: [1, 3], data_format: "channels_first" }, inputs: [{ shape: [2, 2, 3, 4] }] },
    { config: { interpolation: "bilinear" }, inputs: [{ shape: [2, 3, 4, 2] }] },
    { config: { size: [3, 5], interpolation: "bilinear" }, inputs: [{ shape: [2, 3, 4, 2] }] },
    {
      config: { size: [2, 3], interpolation: "bilinear", data_format: "channels_first" },
      inputs: [{ shape: [2, 2, 3, 4] }],
    },
  ],
});

/** Linear interpolation along one axis; positions are computed in the reading, as engines do, so their rounding counts. */
function stretched<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  size: number,
  centred: boolean,
  side: Side,
  form: Form,
): T {
  const dims = ops.dimsOf(x);
  const extent = dims[axis] ?? null;
  // Before the extent is known there are only shapes, and repeating gives the same one.
  if (extent === null) return repeat(ops, x, size, axis);
  const count = extent * size;
  const exact = Array.from({ length: count }, (_, i) => (centred ? (i + 0.5) / size - 0.5 : i / size));
  const below = exact.map((at) => (side === "right" ? Math.floor(at) : Math.ceil(at) - 1));
  const along = dims.map((_, i) => (i === axis ? count : 1)).slice(1);
  const column = (of: (i: number) => number) =>
    ops.constant(
      real(
        along,
        Array.from({ length: count }, (_, i) => of(i)),
      ),
    );
  const scaled = multiply(
    ops,
    column((i) => (centred ? i + 0.5 : i)),
    scalar(ops, 1 / size),
  );
  const position = centred ? subtract(ops, scaled, scalar(ops, 0.5)) : scaled;
  const fraction = subtract(
    ops,
    position,
    column((i) => below[i] ?? 0),
  );
  const row = (shift: number) =>
    ops.take(
      x,
      ops.constant(
        real(
          [count],
          below.map((at) => clamp(at + shift, extent)),
          "int32",
        ),
      ),
      axis,
    );
  const [low, high] = [row(0), row(1)];
  return form === "difference"
    ? add(ops, low, multiply(ops, subtract(ops, high, low), fraction))
    : add(ops, multiply(ops, low, subtract(ops, scalar(ops, 1), fraction)), multiply(ops, high, fraction));
}

const clamp = (index: number, extent: number): number => Math.min(Math.max(index, 0), extent - 1);
