/** @file What no key says but the reader of a dialect decides: a field that differs by dialect and that no file can set. */

import type { Dialect } from "../model/layer.ts";
import type { Field } from "./define.ts";

const UNSPELLED: Record<Dialect, readonly string[]> = {
  "keras1-theano": [],
  "keras1-tensorflow": [],
  keras2: [],
  keras3: [],
  tfjs: [],
};

/** `value` in Keras 3 and wherever `others` does not say otherwise. `about`: what it is, for messages: no file has a key of its name. */
export function implied<T>(value: T, others: Partial<Record<Dialect, NoInfer<T>>>, about: string): Field<T> {
  return {
    decode: () => value,
    fallback: value,
    fallbacks: others,
    spellings: UNSPELLED,
    ignoredBy: [],
    rare: false,
    about,
  };
}
