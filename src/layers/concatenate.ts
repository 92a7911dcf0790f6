/** @file Concatenate: inputs one after the other along one axis. */

import { integer } from "../base/decode.ts";
import { all, any, expand_dims } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { normalizeAxis, real } from "../tensor/tensor.ts";
import { type DialectDecoder, defineLayer, type FormulaCall, optional, result } from "./define.ts";

const axis: DialectDecoder<number> = {
  decodeIn: (json, _dialect, where) => integer().decode(json, where),
  encodeIn: (value, raw, { to }) => (to === "tfjs" || typeof raw !== "number" ? value : raw),
};

export const concatenate = defineLayer({
  classNames: ["Concatenate"],
  takesList: true,

  config: { axis: optional(axis, -1) },

  resolve: ({ axis }, [input], { dialect }) => {
    if (input === undefined) return { axis };
    // TF.js takes every negative axis for the last (tfjs-layers layers/merge.ts, Concatenate).
    return { axis: dialect === "tfjs" && axis < 0 ? input.length - 1 : normalizeAxis(axis, input.length) };
  },

  maskRule: "concatenate",
  // Its executor merges masks of other ranks than the tensors (layers/merge.ts, computeMask).
  // tfjs-layers merge.ts, Concatenate.computeMask: of inputs without a mask it takes ones of
  // the input's shape, which fit a mask with one entry on the last axis along that axis alone.
  refusedByTfjs: ({ axis }, [first], { masks }) =>
    masks > 1 || (masks === 1 && axis !== (first?.length ?? 0) - 1)
      ? "it cannot join the masks of its inputs"
      : null,

  call: (ops, call) =>
    result(
      ops.concatenate(call.inputs, call.config.axis),
      call.masks.every((mask) => mask === null) ? null : concatenatedMask(ops, call),
    ),

  samples: [
    { config: {}, inputs: [{ shape: [2, 3] }, { shape: [2, 4] }, { shape: [2, 1] }] },
    { config: { axis: 1 }, inputs: [{ shape: [2, 3, 4] }, { shape: [2, 2, 4] }] },
    { config: { axis: -2 }, inputs: [{ shape: [2, 3, 4] }, { shape: [2, 2, 4] }] },
    { config: { axis: -3 }, inputs: [{ shape: [2, 3, 2, 2] }, { shape: [2, 1, 2, 2] }] },
    {
      config: {},
      inputs: [
        { shape: [3, 4, 2], mask: "ragged" },
        { shape: [3, 4, 3], mask: "random" },
      ],
    },
    { config: {}, inputs: [{ shape: [3, 4, 2], mask: "random" }, { shape: [3, 4, 3] }] },
    {
      config: { axis: 1 },
      inputs: [
        { shape: [3, 4, 2], mask: "ragged" },
        { shape: [3, 5, 2], mask: "random" },
      ],
    },
    {
      config: { axis: 1 },
      inputs: [{ shape: [3, 4, 2] }, { shape: [3, 5, 2], mask: "random" }],
      // Keras 2 fails: it lays [3, 4, 2] beside [3, 5, 1].
      dialects: ["keras3"],
    },
  ],
});

/** Masks as large as their inputs, joined like them, and taken together over the last axis; no mask is all true. */
function concatenatedMask<T>(
  ops: Ops<T>,
  { config, inputs, masks, rules }: FormulaCall<T, { axis: number }>,
): T {
  const whole = inputs.map((input, i) => {
    const mask = masks[i] ?? ops.constant(real([], [1], "bool"));
    const dims = ops.dimsOf(input);
    const short = masks[i] !== null && ops.dimsOf(mask).length < dims.length;
    return ops.broadcast_to(short ? expand_dims(ops, mask, -1) : mask, dims);
  });
  return (rules.concatenate === "any" ? any : all)(ops, ops.concatenate(whole, config.axis), [-1]);
}
