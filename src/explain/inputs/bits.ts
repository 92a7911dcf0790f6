/**
 * @file When is a transform found? When it says the numbers of A in fewer bits than they take by themselves.
 *
 * A value of a tensor is known to within a tolerance τ: half a step where values lie on a grid (whole numbers, printed
 * decimals), else the rounding of its dtype. Writing A down without B takes, for each distinct value, log₂(1 + R/2τ)
 * bits (R: the range of the values), and for each element the entropy of which of them it is. Writing it down with B
 * takes the bits that name the transform. Two unrelated tensors agree under one given transform with a chance of at
 * most 2^−(bits of A); if nothing is lost on the way also of 2^−(bits of B), so that the larger may be counted. (Minimum description
 * length: Rissanen 1978; Grünwald, The Minimum Description Length Principle, 2007.)
 *
 * A free real parameter is charged with the 24 bits of a float32's mantissa, which is at least what naming it to
 * within τ takes. What is left must exceed MARGIN_BITS: one false finding in 2^MARGIN_BITS unrelated pairs.
 */

/** About 1 in 4,000 unrelated pairs may be taken for related by chance. */
export const MARGIN_BITS = 12;

/** The mantissa of a float32. */
export const BITS_PER_PARAMETER = 24;

/** Naming one of `count` equally likely choices. */
export const choiceBits = (count: number): number => Math.log2(Math.max(1, count));

/** Of values that are known to ± `tolerance`. At most `MOST` elements are looked at; the rest adds nothing here. */
export function bitsOf(values: ArrayLike<number>, tolerance: number): number {
  const stride = Math.max(1, Math.floor(values.length / MOST));
  const counts = new Map<number, number>();
  let [low, high, looked] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i] ?? 0;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    const cell = tolerance > 0 ? Math.round(value / (2 * tolerance)) : value;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
    looked++;
  }
  if (looked === 0 || high === low) return 0;
  // The sign and size of a value count, not only its place between the smallest and the largest.
  const range = Math.max(high - low, Math.abs(high), Math.abs(low));
  const perValue =
    tolerance > 0 ? Math.min(BITS_PER_PARAMETER, Math.log2(1 + range / (2 * tolerance))) : BITS_PER_PARAMETER;
  const entropy = [...counts.values()].reduce((sum, count) => sum - count * Math.log2(count / looked), 0);
  return counts.size * perValue + entropy;
}

const MOST = 4_096;
