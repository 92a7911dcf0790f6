/**
 * @file Decoders: from `unknown` JSON to a typed value, or an error that says where.
 *
 * A decoder is an object, not a function: inside a larger object literal
 * TypeScript infers through a method but gives up on a function's result.
 */

import { VernierError } from "./errors.ts";
import { excerpt, isObject } from "./json.ts";
import type { Place } from "./problem.ts";

export interface Decoder<T> {
  decode(json: unknown, where?: Place): T;
}

/** The type a decoder produces. */
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

export const boolean: Decoder<boolean> = {
  decode(json, where) {
    if (typeof json === "boolean") return json;
    // Keras 1 and hand-written files say 0 and 1.
    if (json === 0 || json === 1) return json === 1;
    throw invalid("true or false", json, where);
  },
};

export const string: Decoder<string> = {
  decode(json, where) {
    if (typeof json !== "string") throw invalid("a string", json, where);
    return json;
  },
};

/** An integer of at least `min`. */
export function integer(min = Number.MIN_SAFE_INTEGER): Decoder<number> {
  return {
    decode(json, where) {
      if (typeof json !== "number" || !Number.isSafeInteger(json) || json < min) {
        throw invalid(
          min === Number.MIN_SAFE_INTEGER ? "an integer" : `an integer of at least ${min}`,
          json,
          where,
        );
      }
      return json;
    },
  };
}

/** A finite number, rounded to float32: the arithmetic in which both sides hold their scalars (INTERFACE, Meaning). */
export const real32: Decoder<number> = {
  decode(json, where) {
    if (typeof json !== "number" || !Number.isFinite(json)) throw invalid("a finite number", json, where);
    return Math.fround(json);
  },
};

export function nullable<T>(decoder: Decoder<T>): Decoder<T | null> {
  return {
    decode: (json, where) => (json === null || json === undefined ? null : decoder.decode(json, where)),
  };
}

/** One of a fixed set of strings. */
export function oneOf<const Options extends readonly string[]>(
  ...options: Options
): Decoder<Options[number]> {
  return {
    decode(json, where) {
      const found = options.find((option) => option === json);
      if (found === undefined)
        throw invalid(options.map((option) => `"${option}"`).join(" or "), json, where);
      return found;
    },
  };
}

/** An array, or a single element standing for an array of one. */
export function listOf<T>(element: Decoder<T>, length?: number): Decoder<readonly T[]> {
  return {
    decode(json, where = []) {
      if (!Array.isArray(json)) throw invalid("a list", json, where);
      if (length !== undefined && json.length !== length) throw invalid(`a list of ${length}`, json, where);
      return json.map((item, i) => element.decode(item, [...where, i]));
    },
  };
}

/** `n` integers of at least `min`, or one that stands for all of them: Keras's `kernel_size=3`. */
export function tuple(n: number, min: number): Decoder<readonly number[]> {
  const one = integer(min);
  const many = listOf(one);
  return {
    decode(json, where) {
      if (typeof json === "number") return Array.from({ length: n }, () => one.decode(json, where));
      const list = many.decode(json, where);
      // A list of one stands for a single number (Keras 2 writes `[3]` for Conv1D).
      if (list.length === 1 && list[0] !== undefined) return Array.from({ length: n }, () => list[0] ?? 0);
      if (list.length !== n) throw invalid(`${n} integers`, json, where);
      return list;
    },
  };
}

export function objectOf<T>(element: Decoder<T>): Decoder<{ readonly [key: string]: T }> {
  return {
    decode(json, where = []) {
      if (!isObject(json)) throw invalid("an object", json, where);
      return Object.fromEntries(
        Object.entries(json).map(([key, value]) => [key, element.decode(value, [...where, key])]),
      );
    },
  };
}

export function invalid(expected: string, json: unknown, where: Place = []): VernierError<"config.invalid"> {
  return new VernierError("config.invalid", { expected, received: excerpt(json) }, { where });
}
