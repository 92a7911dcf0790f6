/** @file Numbers for people: three significant digits, `e-8` below 0.001, thousands separated, bytes as KB or MB. */

/** 0.0312, 5.69, 1,230, 1.13e-8; NaN and infinities in words of JavaScript. */
export function formatNumber(x: number, digits = 3): string {
  if (x === 0 || !Number.isFinite(x)) return Object.is(x, -0) ? "0" : String(x);
  const rounded = Number(x.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size < 0.001 || size >= 1e9) return x.toExponential(digits - 1).replace("e+", "e");
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return separated(rounded.toFixed(Math.min(decimals, 20)));
}

/** Thousands by hand: the first number that Intl formats costs 10 ms. */
const separated = (decimal: string): string => {
  const [whole = "", ...fraction] = decimal.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...fraction].join(".");
};

/** With a sign, but 0 bare. */
export const formatSigned = (x: number): string => (x > 0 ? `+${formatNumber(x)}` : formatNumber(x));

/** Two numbers with as many digits as it takes to see that they differ, at least three. */
export function formatPair(a: number, b: number): [string, string] {
  for (let digits = 3; digits < 17; digits++) {
    const pair: [string, string] = [formatNumber(a, digits), formatNumber(b, digits)];
    if (pair[0] !== pair[1] || Object.is(a, b)) return pair;
  }
  return [String(a), String(b)];
}

export const formatCount = (n: number): string => separated(String(n));

/** "8 samples", "1 sample", "2 classes" (`more` where it is not just an s). */
export const plural = (n: number, one: string, more = `${one}s`): string =>
  `${formatCount(n)} ${n === 1 ? one : more}`;

export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1000) return `${sizeBytes} bytes`;
  const [size, unit] = sizeBytes < 1e6 ? [sizeBytes / 1e3, "KB"] : [sizeBytes / 1e6, "MB"];
  return `${separated(String(Number(size.toPrecision(3))))} ${unit}`;
}

export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/**
 * Terms of a sum and the sum, rounded to one grid so that they add up as printed. The grid has three digits of the
 * sum, or of the largest term where the sum all but cancels (12 digits below it). A term below half a step of the
 * grid changes nothing that is printed, and keeps its own digits.
 */
export function formatSum(terms: readonly number[], total: number): { terms: string[]; total: string } {
  const largest = Math.max(0, ...terms.map((term) => Math.abs(term)));
  if ((total === 0 && largest === 0) || !Number.isFinite(total + largest))
    return { terms: terms.map(formatSigned), total: formatSigned(total) };
  const exponent = Math.max(exponentOf(total === 0 ? largest : total) - 2, exponentOf(largest) - 12, -300);
  const units = (value: number): number => value / 10 ** exponent;
  const sum = Math.round(units(total));
  const rounded = addUp(terms.map(units), sum);
  return {
    terms: rounded.map((n, i) => (n === 0 ? formatSigned(terms[i] ?? 0) : onGrid(n, exponent))),
    total: sum === 0 ? formatSigned(total) : onGrid(sum, exponent),
  };
}

/** Roundings of the values that sum to `sum`: what is missing goes to those that were rounded the furthest. */
export function addUp(values: readonly number[], sum: number): number[] {
  const rounded = values.map((value) => Math.round(value));
  const missing = sum - rounded.reduce((all, n) => all + n, 0);
  const step = Math.sign(missing);
  const order = [...values.keys()]
    .filter((i) => rounded[i] !== 0)
    .sort((i, j) => step * (off(values, rounded, j) - off(values, rounded, i)));
  for (const i of order.slice(0, Math.abs(missing))) rounded[i] = (rounded[i] ?? 0) + step;
  return rounded;
}

const off = (values: readonly number[], rounded: readonly number[], i: number): number =>
  (values[i] ?? 0) - (rounded[i] ?? 0);

const exponentOf = (x: number): number => (x === 0 ? -300 : Math.floor(Math.log10(Math.abs(x))));

function onGrid(units: number, exponent: number): string {
  if (units === 0) return "0";
  const value = Number(`${units}e${exponent}`);
  const sign = value > 0 ? "+" : "";
  const size = Math.abs(value);
  if (size < 0.001 || size >= 1e9)
    return `${sign}${value.toExponential(Math.max(0, exponentOf(value) - exponent)).replace("e+", "e")}`;
  const decimals = Math.min(20, Math.max(0, -exponent));
  return `${sign}${separated(value.toFixed(decimals))}`;
}
