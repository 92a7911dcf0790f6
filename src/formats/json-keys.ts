/**
 * @file Keys that occur twice in one object. `JSON.parse` keeps the last in silence, other readers the first: one text
 * could show one model to a check and another to the program that loads it. Counting members finds that there is one;
 * only then is the text searched for its place.
 */

import type { Place } from "../base/problem.ts";

interface Open {
  /** Null in a list. */
  readonly keys: Set<string> | null;
  /** What is being read: a key, or the index in a list. */
  at: string | number;
}

/** Where the first key stands that its object had before, in a text that is JSON; [] when there is none. */
export function firstRepeatedKey(text: string): Place {
  const open: Open[] = [];
  let isKey = false;
  for (let i = 0; i < text.length; i++) {
    const inner = open.at(-1);
    switch (text[i]) {
      case '"': {
        const end = endOfString(text, i);
        if (isKey && inner !== undefined && inner.keys !== null) {
          // Escapes: "\u0061" is "a".
          inner.at = JSON.parse(text.slice(i, end + 1)) as string;
          if (inner.keys.has(inner.at)) return open.map(({ at }) => at);
          inner.keys.add(inner.at);
        }
        isKey = false;
        i = end;
        break;
      }
      case "{":
        open.push({ keys: new Set(), at: "" });
        isKey = true;
        break;
      case "[":
        open.push({ keys: null, at: 0 });
        isKey = false;
        break;
      case "]":
      case "}":
        open.pop();
        isKey = false;
        break;
      case ",":
        if (typeof inner?.at === "number") inner.at++;
        isKey = inner !== undefined && inner.keys !== null;
        break;
      default:
    }
  }
  return [];
}

/** Index of the closing quote of the string that opens at `start`, or the end of the text. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

const BACKSLASH = 0x5c;
