/** @file Keys that convolutions and pooling share, in every dialect's spelling. */

import { boolean, integer, nullable, oneOf, tuple } from "../base/decode.ts";
import { add, channelsLast } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { type Activation, activate, activation } from "./activation.ts";
import { type Field, type FieldOptions, type FormulaCall, optional, required } from "./define.ts";

const keras1 = (...names: string[]): Required<Pick<FieldOptions<never>, "spellings">> => ({
  spellings: { "keras1-theano": names, "keras1-tensorflow": names },
});

export const filters = required(integer(1), keras1("nb_filter"));
export const use_bias = optional(boolean, true, keras1("bias"));
export const activationField: Field<Activation> = optional(activation, "linear");
export const padding = optional(oneOf("valid", "same"), "valid", keras1("border_mode"));
export const paddingOrCausal = optional(oneOf("valid", "same", "causal"), "valid", keras1("border_mode"));

/** Keras 1 says `nb_row` and `nb_col`; its reader hands them over as one `kernel_size`. */
export const kernel_size = (rank: number): Field<readonly number[]> =>
  required(tuple(rank, 1), rank === 1 ? keras1("filter_length", "kernel_size") : {});
export const strides = (rank: number): Field<readonly number[]> =>
  optional(
    tuple(rank, 1),
    Array.from({ length: rank }, () => 1),
    keras1(rank === 1 ? "subsample_length" : "subsample"),
  );
export const dilation_rate = (rank: number): Field<readonly number[]> =>
  optional(
    tuple(rank, 1),
    Array.from({ length: rank }, () => 1),
    keras1("atrous_rate"),
  );

export const pool_size = (rank: number): Field<readonly number[]> =>
  optional(
    tuple(rank, 1),
    Array.from({ length: rank }, () => 2),
    rank === 1 ? keras1("pool_length") : {},
  );
/** `null`: the window's own size. */
export const poolStrides = (rank: number): Field<readonly number[] | null> =>
  optional(nullable(tuple(rank, 1)), null, rank === 1 ? keras1("stride") : {});

/** activation(f(x) + bias) on channels-last data. */
export function convolved<T>(
  ops: Ops<T>,
  call: FormulaCall<T, { use_bias: boolean; activation: Activation; data_format: string }>,
  f: (x: T) => T,
): T {
  const { config, input, weight } = call;
  const sum = channelsLast(ops, config.data_format, input, (x) => {
    const product = f(x);
    return config.use_bias ? add(ops, product, weight("bias")) : product;
  });
  // Outside: softmax runs along the last axis as the layer hands it over, whichever that is.
  return activate(ops, config.activation, sum);
}

export const channelAxis = (data_format: string): number => (data_format === "channels_first" ? 1 : -1);
