/**
 * @file An engine's stated arithmetic: what one correct operation of it may err by, each figure with its source.
 *
 * fl(a∘b) = (a∘b)(1 + δ) + η with |δ| ≤ u (unit roundoff) and |η| ≤ `underflow`; a sum of n terms in any order
 * errs by at most γ(n)·Σ|terms|, γ(n) = n·u / (1 − n·u). (Higham, Accuracy and Stability of Numerical
 * Algorithms, 2nd ed., §2.2 and §3.1.)
 */

/** Elementary functions that an engine computes by an approximation of its own. */
export const FUNCTIONS = [
  "exp",
  "expm1",
  "log",
  "log1p",
  "tanh",
  "sigmoid",
  "erf",
  "sqrt",
  "rsqrt",
  "softplus",
  "pow",
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** |computed − exact| ≤ (ulps + ulpsPerUnit·|x|)·2u·|exact| + absolute, over the engine's stated domain. */
export interface FunctionError {
  readonly ulps: number;
  /** Of exp(x), where it is computed as 2^(x·log₂e) in the format itself. @default 0 */
  readonly ulpsPerUnit?: number;
  readonly absolute: number;
  /** Where the figure comes from: a specification, or a measurement kept in the repository. */
  readonly source: string;
}

export interface Arithmetic {
  /** "float32", "float16", … */
  readonly name: string;
  /** Half the distance from 1 to the next larger number: 2⁻²⁴ for float32. */
  readonly unitRoundoff: number;
  /** Unit roundoff of running sums, where the engine accumulates in another format. */
  readonly accumulation: number;
  /** Largest finite number; a partial sum whose bound exceeds it may overflow. */
  readonly largest: number;
  /** Smallest positive normal number. */
  readonly smallestNormal: number;
  /** Does the engine flush subnormal results or operands to zero? Then the smallest normal is charged. */
  readonly flushesSubnormals: boolean;
  /** Largest absolute error of a result too small to be normal. */
  readonly underflow: number;
  /** What convolutions add to their sums at first and take off at last. @default 0 */
  readonly convolutionStart?: number;
  readonly functions: Readonly<Record<FunctionName, FunctionError>>;
  /** One sentence with the source of each figure, for reports. */
  readonly source: string;
  /** To the nearest number of the format. */
  round(x: number): number;
}
