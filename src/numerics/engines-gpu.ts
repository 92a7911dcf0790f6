/**
 * @file The arithmetics that TF.js states on a GPU: what the specifications allow every GPU, not what one was seen to do.
 *
 * WebGL's own language says little (GLSL ES 3.00 §4.5.1: highp holds 24 bits), so both state what WebGPU's promises
 * (WGSL §15.7.4 "Accuracy of floating-point expressions", the same as Vulkan's "Precision of core SPIR-V instructions",
 * on which browsers build both). TF.js's own formulas of a function, such as tanh = (1 − e)/(1 + e) with e = exp(−2|x|),
 * are bounded from these in `docs/arithmetic.md`, where a software GPU's measured errors are beside them.
 */

import { type Arithmetic, type FunctionError, type FunctionName } from "./arithmetic.ts";
import { IEEE_FLOAT32 } from "./engines.ts";

/** The distance from 1 to the next float32. */
const ULP = 2 ** -23;

/** In the specifications' ulps, each 2⁻²³·|exact|: `FunctionError` counts in twice the unit roundoff, here 2⁻²². */
function specified(ulps: number, absolute: number, source: string, ulpsPerUnit = 0): FunctionError {
  return { ulps: ulps / 2, ulpsPerUnit: ulpsPerUnit / 2, absolute, source };
}

const WGSL = "WGSL §15.7.4";
const DERIVED = `from ${WGSL} by TF.js's own formula (docs/arithmetic.md)`;

const GPU: Record<FunctionName, FunctionError> = {
  exp: specified(3, 0, `${WGSL}: (3 + 2·|x|) ulps`, 2),
  // elu and selu, which call it for x ≤ 0 only.
  expm1: specified(1, 3 * ULP, DERIVED),
  log: specified(3, 2 ** -21, `${WGSL}: 3 ulps, 2⁻²¹ absolute within [0.5, 2]`),
  log1p: specified(3, 2 ** -21 + ULP, DERIVED),
  tanh: specified(5, 2 * ULP, DERIVED),
  sigmoid: specified(4, ULP, DERIVED),
  erf: specified(
    2,
    2 * 5.46e-7 + 3 * ULP,
    "twice the measured maximum, and exp's allowance (docs/arithmetic.md)",
  ),
  sqrt: specified(5, 0, `${WGSL}: inherited from 1 / inverseSqrt(x)`),
  rsqrt: specified(2, 0, `${WGSL}: 2 ulps`),
  softplus: specified(8, 2 ** -21 + 3 * ULP, DERIVED),
  pow: specified(620, 0, `${WGSL}: inherited from exp2(y · log2(x)), for |y| ≤ 100`),
};

/**
 * "Correctly rounded" may mean either neighbour there: twice IEEE's unit roundoff. Quotients (2.5 ulps) lie within the
 * three roundings that every division is charged. Subnormals may be flushed wherever they occur.
 */
const GPU_FLOAT32 = {
  ...IEEE_FLOAT32,
  unitRoundoff: ULP,
  accumulation: ULP,
  flushesSubnormals: true,
  underflow: IEEE_FLOAT32.smallestNormal,
  functions: GPU,
} as const;

/** tfjs-backend-webgl 4.22 on 32-bit textures. On 16-bit ones certificates say so: `coarser: float16`. */
export const TFJS_WEBGL_FLOAT32: Arithmetic = {
  ...GPU_FLOAT32,
  // conv_packed_gpu.ts, conv_packed_gpu_depthwise.ts: "intialize dotProd with a small epsilon".
  convolutionStart: 1e-15,
  source:
    "float32 as WebGL 2 keeps it (GLSL ES 3.00 §4.5.1), operations as exact as WGSL §15.7.4 and Vulkan ask for, rounded to either neighbour, subnormals flushed (docs/arithmetic.md)",
};

/** tfjs-backend-webgpu 4.22. */
export const TFJS_WEBGPU_FLOAT32: Arithmetic = {
  ...GPU_FLOAT32,
  source:
    "float32 with the accuracy that WGSL §15.7.4 asks for, rounded to either neighbour, subnormals flushed (docs/arithmetic.md)",
};
