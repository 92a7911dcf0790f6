/**
 * @file The small algebra in which every layer is written, once.
 *
 * A layer's `call` is a formula over `Ops<T>`, named after `keras.ops`. What `T` is decides what the same formula
 * computes: numbers (`float64`), shapes (`shape`), numbers with a bound on an engine's error (`bounded`). A reading
 * implements just these primitives; everything else is derived from them once, in `derived.ts`.
 *
 * Shapes broadcast as in NumPy. Axes may be negative. Float tensors keep their dtype, which is a label: every reading
 * that holds numbers holds them in float64.
 */

import type { DType } from "../tensor/dtype.ts";
import type { Dim, Dims, RealTensor } from "../tensor/tensor.ts";

export type Binary = "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum" | "power";

export type Unary =
  | "negative"
  | "abs"
  | "sign"
  | "square"
  | "floor"
  /** Halves to the even one; to the nearest number of a format, where a layer's meaning has it. */
  | "round"
  | "to_bfloat16"
  | "to_float8_e4m3fn"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "tanh"
  | "sigmoid"
  | "erf"
  | "sqrt"
  | "rsqrt"
  | "softplus";

export type Comparison = "equal" | "not_equal" | "less" | "less_equal" | "greater" | "greater_equal";

export type Reduction = "sum" | "max" | "min";

/** Per spatial axis, elements added before and after; or Keras's words. `same` pads more at the end. */
export type Padding = "valid" | "same" | readonly (readonly [number, number])[];

export interface ConvOptions {
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilation: readonly number[];
  /** Zeros are laid between the input's elements, `inputDilation - 1` of them: a transposed convolution. */
  readonly inputDilation?: readonly number[];
  readonly groups: number;
}

export interface PoolOptions {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
}

export interface Ops<T> {
  /** A number or tensor of the formula or of the config: an engine holds it rounded to its own format. */
  constant(value: RealTensor): T;
  dimsOf(x: T): Dims;
  dtypeOf(x: T): DType;

  binary(f: Binary, x: T, y: T): T;
  unary(f: Unary, x: T): T;
  /** A bool tensor. */
  compare(f: Comparison, x: T, y: T): T;
  /** `condition` is bool. */
  where(condition: T, x: T, y: T): T;
  cast(x: T, dtype: DType): T;

  reduce(f: Reduction, x: T, axes: readonly number[], keepdims: boolean): T;
  /** Running sum along one axis. */
  cumsum(x: T, axis: number): T;
  /** Ascending along one axis. */
  sort(x: T, axis: number): T;

  /** One target dimension may be -1; `null` stands for a dimension that is unknown before running. */
  reshape(x: T, dims: Dims): T;
  transpose(x: T, permutation: readonly number[]): T;
  broadcast_to(x: T, dims: Dims): T;
  concatenate(xs: readonly T[], axis: number): T;
  /** Along one axis, elements start, start + step, … before stop (as Python's slice; step may be negative, stop null: to the end). */
  slice(x: T, axis: number, start: number, stop: Dim, step?: number): T;
  /** Constant padding per axis of `x`, every axis listed. */
  pad(x: T, widths: readonly (readonly [number, number])[], value: number): T;
  /** Rows of `x` along `axis` at integer `indices`; the indices' shape replaces the axis. Throws `input.invalid` out of range. */
  take(x: T, indices: T, axis: number): T;

  /** `[..., m, k] × [..., k, n] → [..., m, n]`, leading dimensions broadcast. */
  matmul(x: T, y: T): T;
  /** `x` [batch, ...spatial, channels], `kernel` [...window, channels / groups, filters] → [batch, ...spatial, filters]. */
  conv(x: T, kernel: T, options: ConvOptions): T;
  /** `x` [batch, ...spatial, channels]; padding never counts (average divides by the elements inside). */
  pool(f: "max" | "average", x: T, options: PoolOptions): T;
}
