/** @file A config's value in a sentence: canonical numbers are float32, and shown with the digits that a file would have. */

/** `1e-3` for 0.0010000000474974513; `longest` characters at most. */
export function showValue(value: unknown, longest = Number.POSITIVE_INFINITY): string {
  const text =
    typeof value === "string"
      ? value
      : (JSON.stringify(value, (_, x: unknown) => (typeof x === "number" ? shortest(x) : x)) ?? "nothing");
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

/** The number with the fewest digits that is the same float32; the number itself where it is none. */
function shortest(x: number): number {
  if (Math.fround(x) !== x) return x;
  for (let digits = 1; digits < DIGITS; digits++) {
    const candidate = Number(x.toPrecision(digits));
    if (Math.fround(candidate) === x) return candidate;
  }
  return x;
}
/** As many as tell every float32 from every other. (IEEE 754-2019, 5.12.2) */
const DIGITS = 9;
