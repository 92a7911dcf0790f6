/** @file JSON values, and numbers that JSON cannot say. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** An optional object of a file: empty where it is anything else. */
export const asObject = (json: unknown): JsonObject => (isObject(json) ? (json as JsonObject) : {});

/** An optional list of a file: empty where it is anything else. */
export const asList = (json: unknown): readonly Json[] => (Array.isArray(json) ? json : []);

/** Of values that JSON can say: the same text, their keys in one order. */
export const sameJson = (a: unknown, b: unknown): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

/** Non-finite numbers as the strings "NaN", "Infinity", "-Infinity" (INTERFACE); everything else as it is. */
export function jsonFromNumber(x: number): number | string {
  return Number.isFinite(x) ? x : String(x);
}

/** A short rendering of an unknown value for an error message. */
export function excerpt(json: unknown, length = 60): string {
  const text = json === undefined ? "nothing" : (JSON.stringify(json) ?? String(json));
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
