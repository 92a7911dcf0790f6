/**
 * @file Dot: sums over one axis of each input, sample by sample; the other axes stay, the first input's before the second's.
 *
 * `normalize` divides both by their length along that axis. How long a vector must be at least for that differs:
 * Keras 3 x·min(1/√s, 1/1e-7) (keras/src/ops/nn.py, _normalize), Keras 2 x/√max(s, 1e-12) (tf.linalg.l2_normalize),
 * TF.js x/√max(s, 1e-7) (tfjs-layers losses.ts, l2Normalize), where s is the sum of squares.
 */

import { boolean, integer, listOf } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { L2_FORMS, type L2Form, l2_normalize, squeeze } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { normalizeAxis } from "../tensor/tensor.ts";
import { type DialectDecoder, defineLayer, type Formula, optional, required, result } from "./define.ts";
import { implied } from "./implied.ts";

const pairOfAxes: DialectDecoder<readonly number[]> = {
  decodeIn: (json, _dialect, where) =>
    typeof json === "number"
      ? [integer().decode(json, where), integer().decode(json, where)]
      : listOf(integer(), 2).decode(json, where),
};

interface Config {
  readonly axes: readonly number[];
  readonly normalize: boolean;
  readonly least_square_sum: number;
}

const dotBy =
  (form: L2Form): Formula<Config> =>
  (ops, { config, inputs }) => {
    const [x, y] = inputs;
    if (x === undefined || y === undefined) {
      throw new VernierError("layer.input", { expected: "two inputs", received: `${inputs.length}` });
    }
    const { normalize, least_square_sum } = config;
    const a = normalizeAxis(config.axes[0] ?? -1, ops.dimsOf(x).length);
    const b = normalizeAxis(config.axes[1] ?? -1, ops.dimsOf(y).length);
    const unit = (z: typeof x, axis: number) =>
      normalize ? l2_normalize(ops, z, [axis], least_square_sum, form) : z;
    return result(batchDot(ops, unit(x, a), unit(y, b), a, b));
  };

export const dot = defineLayer({
  classNames: ["Dot"],
  takesList: true,

  config: {
    axes: required(pairOfAxes),
    normalize: optional(boolean, false),
    least_square_sum: implied(
      1e-14,
      {
        keras2: 1e-12,
        "keras1-theano": 1e-12,
        "keras1-tensorflow": 1e-12,
        tfjs: 1e-7,
      },
      "the least sum of squares that it normalizes",
    ),
  },

  resolve: ({ axes, normalize, least_square_sum }, inputs) => ({
    axes: axes.map((axis, i) => {
      const rank = inputs[i]?.length;
      return rank === undefined ? axis : normalizeAxis(axis, rank);
    }),
    normalize,
    least_square_sum: normalize ? least_square_sum : 0,
  }),

  call: dotBy(L2_FORMS[0]),
  formulas: L2_FORMS.slice(1).map(dotBy),

  refusedByTfjs: ({ normalize }, inputs) =>
    inputs.some((dims) => dims.length > 3)
      ? "its Dot takes at most three axes"
      : normalize
        ? {
            reason:
              "with normalize=True it leaves vectors shorter than 0.0003 as they are, Keras only far shorter ones",
            hint: "use normalize=False, and bring the vectors to length 1 before they are fed",
          }
        : null,

  knownFaults: [
    {
      id: "webgl-epsilon",
      engines: ["tfjs:webgl"],
      applies: ({ normalize }) => normalize,
      onlyFor: "vectors shorter than 0.01",
      why: "vectors shorter than 0.01 are divided by 0.01, not by their length: TensorFlow.js takes a WebGL with float32 for one with 16 bits, and asks for a sum of squares of 1e-4 at least",
      remedy: "scale the vectors up before the layer, or run another backend",
      link: "https://github.com/tensorflow/tfjs/blob/tfjs-v4.22.0/tfjs-backend-webgl/src/backend_webgl.ts",
    },
  ],

  samples: [
    { config: { axes: 1 }, inputs: [{ shape: [3, 4] }, { shape: [3, 4] }] },
    { config: { axes: -1, normalize: true }, inputs: [{ shape: [3, 4] }, { shape: [3, 4] }] },
    { config: { axes: [2, 1] }, inputs: [{ shape: [2, 3, 4] }, { shape: [2, 4, 5] }] },
    { config: { axes: 1 }, inputs: [{ shape: [2, 3, 4] }, { shape: [2, 3, 5] }] },
    { config: { axes: [1, 2], normalize: true }, inputs: [{ shape: [2, 3, 4] }, { shape: [2, 5, 3] }] },
    { config: { axes: [1, 1] }, inputs: [{ shape: [2, 4] }, { shape: [2, 4, 5] }] },
    { config: { axes: [2, 1] }, inputs: [{ shape: [2, 3, 4] }, { shape: [2, 4] }] },
    { config: { axes: [1, -1] }, inputs: [{ shape: [2, 3, 4, 2] }, { shape: [2, 5, 3] }] },
    { config: { axes: 1 }, inputs: [{ shape: [2, 3, 4] }, { shape: [2, 3, 2, 2] }] },
    // Shorter than the least length of Keras 2, longer than that of Keras 3.
    {
      config: { axes: 1, normalize: true },
      inputs: [{ shape: [3, 4], values: "tiny" }, { shape: [3, 4] }],
    },
  ],
});

/** As a product of matrices: x's axis brought to the end, y's to the front, what remains laid out flat. */
function batchDot<T>(ops: Ops<T>, x: T, y: T, a: number, b: number): T {
  const left = rest(ops, x, a);
  const right = rest(ops, y, b);
  const depth = ops.dimsOf(x)[a] ?? null;
  const rows = ops.reshape(ops.transpose(x, [0, ...left.axes, a]), [left.batch, left.size, depth]);
  const columns = ops.reshape(ops.transpose(y, [0, b, ...right.axes]), [right.batch, depth, right.size]);
  const product = ops.matmul(rows, columns);
  const dims = [...left.dims, ...right.dims];
  // Two vectors give one number, which Keras keeps as a feature.
  return dims.length === 0
    ? squeeze(ops, product, 1)
    : ops.reshape(product, [left.batch ?? right.batch, ...dims]);
}

function rest<T>(ops: Ops<T>, x: T, without: number) {
  const dims = ops.dimsOf(x);
  const axes = dims.map((_, axis) => axis).filter((axis) => axis !== 0 && axis !== without);
  const kept = axes.map((axis) => dims[axis] ?? null);
  const size = kept.reduce<number | null>((n, dim) => (n === null || dim === null ? null : n * dim), 1);
  return { batch: dims[0] ?? null, axes, dims: kept, size };
}
