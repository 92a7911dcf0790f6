/**
 * @file The arithmetics that engines state, each figure with its source.
 *
 * A function's figure is twice the largest error that `bench/function-errors.mjs` (TF.js) and
 * `python/function_errors.py` (TensorFlow) measured over some 10⁷ operands: twice, because neither every operand nor
 * every processor was tried. The tables, and where kernels leave the standard model, are in `docs/arithmetic.md`.
 */

import { type Arithmetic, FUNCTIONS, type FunctionError, type FunctionName } from "./arithmetic.ts";
import {
  FLOAT32,
  FLOAT64,
  roundToFloat32,
  smallestNormalOf,
  smallestSubnormalOf,
  unitRoundoffOf,
} from "./formats.ts";

/** Neither all operands nor all processors were measured. */
const SAFETY = 2;

/** By IEEE 754 correctly rounded: half a unit in the last place. */
const CORRECTLY_ROUNDED: FunctionError = {
  ulps: 0.5,
  absolute: 0,
  source: "IEEE 754-2019 §5.4.1: correctly rounded",
};

function measured(ulps: number, absolute: number, source: string): FunctionError {
  return {
    ulps: SAFETY * ulps,
    absolute: SAFETY * absolute,
    source: `twice the measured maximum: ${source}`,
  };
}

export const IEEE_FLOAT32 = {
  name: "float32",
  unitRoundoff: unitRoundoffOf(FLOAT32),
  largest: FLOAT32.largest,
  smallestNormal: smallestNormalOf(FLOAT32),
  round: roundToFloat32,
} as const;

/** Half the smallest subnormal: what rounding to nearest loses where nothing is flushed. */
const GRADUAL_UNDERFLOW = smallestSubnormalOf(FLOAT32) / 2;

const MATH = "V8's Math in float64, rounded to float32 once (docs/arithmetic.md)";
const JAVASCRIPT: Record<FunctionName, FunctionError> = {
  exp: measured(0.501, 0, MATH),
  expm1: measured(1, 1.53e-16, "elu and selu compute Math.exp(x) − 1 in float64 (docs/arithmetic.md)"),
  log: measured(0.501, 0, MATH),
  log1p: measured(0.501, 0, MATH),
  tanh: measured(0.501, 0, MATH),
  sigmoid: measured(0.501, 0, MATH),
  erf: measured(1, 1.69e-7, "formula 7.1.26 of Abramowitz and Stegun (docs/arithmetic.md)"),
  sqrt: CORRECTLY_ROUNDED,
  rsqrt: measured(0.501, 0, "1 / Math.sqrt(x) in float64"),
  softplus: measured(3.97, 0, "beyond ±13.94 it returns x or exp(x) (docs/arithmetic.md)"),
  pow: measured(0.501, 0, MATH),
};

/** tfjs-backend-cpu 4.22: JavaScript's float64 on float32 operands, rounded to float32 at every store. */
export const TFJS_CPU_FLOAT32: Arithmetic = {
  ...IEEE_FLOAT32,
  // Convolutions add into a Float32Array; products of matrices and reductions sum in float64 and are better.
  accumulation: unitRoundoffOf(FLOAT32),
  flushesSubnormals: false,
  underflow: GRADUAL_UNDERFLOW,
  functions: JAVASCRIPT,
  source:
    "IEEE 754 float32 by ECMAScript's Float32Array; convolutions sum in float32 (tfjs-backend-cpu 4.22 Conv2D.js); functions measured on TF.js 4.22.0 (docs/arithmetic.md)",
};

const MUSL = "musl's float32 functions (docs/arithmetic.md)";
const XNNPACK =
  "XNNPACK's approximation, which flushes results below the smallest normal (docs/arithmetic.md)";
const WASM: Record<FunctionName, FunctionError> = {
  exp: measured(2.29, 1.18e-38, `softmax by ${XNNPACK}; exp itself stays within 0.502`),
  expm1: measured(
    1,
    9.15e-8,
    "selu computes expf(x) − 1; elu (XNNPACK) and expm1 stay within 0.74 ulps (docs/arithmetic.md)",
  ),
  log: measured(0.62, 0, MUSL),
  log1p: measured(1, 8.92e-8, "logf(x + 1), the sum rounded to float32 (docs/arithmetic.md)"),
  tanh: measured(1.38, 0, MUSL),
  sigmoid: measured(2.24, 1.18e-38, XNNPACK),
  erf: measured(0.652, 9.72e-46, MUSL),
  sqrt: CORRECTLY_ROUNDED,
  rsqrt: measured(0.751, 0, "1 / sqrt(x), two roundings"),
  softplus: measured(3.97, 0, "beyond ±13.94 it returns x or exp(x) (docs/arithmetic.md)"),
  pow: measured(0.501, 0, MUSL),
};

/** tfjs-backend-wasm 4.22, SIMD: float32 throughout, no fused multiply-add, XNNPACK and musl. */
export const TFJS_WASM_FLOAT32: Arithmetic = {
  ...IEEE_FLOAT32,
  accumulation: unitRoundoffOf(FLOAT32),
  // Only XNNPACK's sigmoid and softmax do: that is in their absolute errors.
  flushesSubnormals: false,
  underflow: GRADUAL_UNDERFLOW,
  functions: WASM,
  source:
    "IEEE 754 float32 by the WebAssembly core specification §4.3.3, sums in float32 in any order; functions measured on TF.js 4.22.0 (docs/arithmetic.md)",
};

const EIGEN = "Eigen's float32 approximation (docs/arithmetic.md)";
const TENSORFLOW: Record<FunctionName, FunctionError> = {
  exp: measured(3.21, 2.35e-38, "softmax; exp itself stays within 1 (docs/arithmetic.md)"),
  expm1: measured(2.83, 1.57e-7, "elu and selu compute exp(x) − 1 (docs/arithmetic.md)"),
  log: measured(1.92, 0, EIGEN),
  log1p: measured(2.43, 0, EIGEN),
  tanh: measured(2.62, 0, EIGEN),
  sigmoid: measured(4.05, 1.18e-38, EIGEN),
  erf: measured(3.03, 0, EIGEN),
  sqrt: CORRECTLY_ROUNDED,
  rsqrt: measured(1.99, 0, EIGEN),
  softplus: measured(3.97, 1.18e-38, "beyond ±13.94 it returns x or exp(x) (docs/arithmetic.md)"),
  pow: measured(1.04, 1.18e-38, EIGEN),
};

/**
 * TensorFlow on CPUs, eager: Eigen and oneDNN in float32, products and sums fused or not. Its threads take subnormal
 * operands for zero and make subnormal results zero, though not in every kernel (relu and max pooling let them pass).
 */
export const TENSORFLOW_CPU_FLOAT32: Arithmetic = {
  ...IEEE_FLOAT32,
  accumulation: unitRoundoffOf(FLOAT32),
  flushesSubnormals: true,
  underflow: smallestNormalOf(FLOAT32),
  functions: TENSORFLOW,
  source:
    "IEEE 754 float32 with subnormals flushed (tsl/platform/denormal.h), sums in float32 in any order; functions measured on TensorFlow 2.21.0 (docs/arithmetic.md)",
};

const V8 =
  "fdlibm as V8 ports it states errors below 1 ulp; compositions of up to three of them (sigmoid, softplus)";
const DOUBLE: FunctionError = { ulps: 4, absolute: 0, source: V8 };

/** The float64 reading itself: what separates two ways of writing one formula in it. */
export const REFERENCE_FLOAT64: Arithmetic = {
  name: "float64",
  unitRoundoff: unitRoundoffOf(FLOAT64),
  accumulation: unitRoundoffOf(FLOAT64),
  largest: FLOAT64.largest,
  smallestNormal: smallestNormalOf(FLOAT64),
  flushesSubnormals: false,
  underflow: smallestSubnormalOf(FLOAT64) / 2,
  functions: Object.fromEntries(FUNCTIONS.map((name) => [name, DOUBLE])) as Record<
    FunctionName,
    FunctionError
  >,
  source: `IEEE 754 float64 by ECMAScript; ${V8}`,
  round: (x) => x,
};
