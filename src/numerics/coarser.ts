/**
 * @file Arithmetics coarser than float32 that an engine may have used without saying so.
 *
 * Half-float textures and bfloat16 tensors hold every activation on a coarser grid; what a shader computes between
 * two stores is at least as good as that grid. TF32 rounds only the operands of products, to 11 significant bits
 * (NVIDIA, PTX ISA, `cvt.rna.tf32.f32`); its sums and results are float32, so that no grid shows.
 */

import { type Arithmetic, FUNCTIONS, type FunctionError, type FunctionName } from "./arithmetic.ts";
import {
  BFLOAT16,
  FLOAT16,
  type FloatFormat,
  roundTo,
  smallestNormalOf,
  smallestSubnormalOf,
  unitRoundoffOf,
} from "./formats.ts";

/** Everything stored, summed and computed in `format`, functions first as the engine states them, then rounded. */
export function storedIn(format: FloatFormat, stated: Arithmetic): Arithmetic {
  const unitRoundoff = unitRoundoffOf(format);
  const finer = stated.unitRoundoff / unitRoundoff;
  const rounded = ({ ulps, ulpsPerUnit = 0, absolute, source }: FunctionError): FunctionError => ({
    ulps: 0.5 + ulps * finer,
    ulpsPerUnit: ulpsPerUnit * finer,
    absolute: absolute + smallestSubnormalOf(format) / 2,
    source: `${source}; then rounded to ${format.name}`,
  });
  const functions = Object.fromEntries(
    FUNCTIONS.map((name) => [name, rounded(stated.functions[name])]),
  ) as Record<FunctionName, FunctionError>;
  return {
    name: format.name,
    unitRoundoff,
    accumulation: unitRoundoff,
    largest: format.largest,
    smallestNormal: smallestNormalOf(format),
    // GLSL ES 3.00 §4.5.1 lets mediump arithmetic flush.
    flushesSubnormals: true,
    underflow: smallestNormalOf(format),
    convolutionStart: stated.convolutionStart ?? 0,
    functions,
    source: `${format.name} for every stored value and sum (IEEE 754-2019 §3.6 for float16); functions: ${stated.source}`,
    round: (x) => roundTo(format, x),
  };
}

/** Coarsest first: what lies on the grid of bfloat16 lies on that of float16 too. */
export const COARSER_FORMATS: readonly FloatFormat[] = [BFLOAT16, FLOAT16];

/** The operands of a TF32 product: to nearest with ties away from zero (what libraries do), or cut off (what hardware does). */
export function tf32Operands(): readonly ((x: number) => number)[] {
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  return [0x1000, 0].map((half) => (x: number) => {
    if (!Number.isFinite(x)) return x;
    single[0] = x;
    bits[0] = ((bits[0] as number) + half) & 0xffffe000;
    return single[0] as number;
  });
}
