/**
 * @file Text → JSON, with the traps of untrusted and of Python-written text: size, depth, keys that occur twice (two
 * readers may keep different ones), and the bare `NaN` and `Infinity` that Python's `json` writes and no JavaScript
 * engine reads.
 */

import { VernierError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import { endOfString, firstRepeatedKey } from "./json-keys.ts";
import { MAX_JSON_BYTES, MAX_JSON_DEPTH, requireAtMost } from "./limits.ts";
import { readAll, type Source } from "./source.ts";

export interface ParsedJson {
  readonly json: Json;
  /** Bare NaN and Infinity became strings of the same name (INTERFACE); true when there was one. */
  readonly hasBareNumbers: boolean;
}

export async function readJson(source: Source): Promise<ParsedJson> {
  requireAtMost("the size of a JSON file in bytes", source.sizeBytes, MAX_JSON_BYTES, source.name);
  const bytes = await readAll(source);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new VernierError(
      "file.malformed",
      { reason: "it is not UTF-8 text" },
      { where: [source.name], cause },
    );
  }
  return parseJson(text, source.name);
}

/** Throws `file.malformed` with the position, also for a key that is there twice, or `file.limit` for absurd nesting. */
export function parseJson(text: string, where: string): ParsedJson {
  const { depth, members } = measure(text);
  requireAtMost("the nesting of JSON", depth, MAX_JSON_DEPTH, where);
  const parsed = parse(text, where);
  // Of a key that is there twice one is left. Written and measured again, because a walk through it takes longer.
  if (measure(JSON.stringify(parsed.json)).members === members) return parsed;
  const place = firstRepeatedKey(text);
  throw new VernierError(
    "file.malformed",
    { reason: `the key "${printable(String(place.at(-1) ?? ""))}" is there twice` },
    { where: [where, ...place] },
  );
}

function parse(text: string, where: string): ParsedJson {
  try {
    return { json: JSON.parse(text) as Json, hasBareNumbers: false };
  } catch (cause) {
    const quoted = quoteBareNumbers(text);
    if (quoted !== null) {
      try {
        return { json: JSON.parse(quoted) as Json, hasBareNumbers: true };
      } catch {
        // The first message is about the text that the user has.
      }
    }
    throw new VernierError(
      "file.malformed",
      { reason: `it is not JSON: ${messageOf(cause)}` },
      { where, cause },
    );
  }
}

export function bareNumbersProblem(where: string, severity: Problem["severity"]): Problem {
  return {
    code: "json.bare-number",
    where,
    message: "the JSON holds a bare NaN or Infinity, as Python writes it; no JavaScript engine reads that",
    hint: "convert the model again with finite values in its config",
    severity,
  };
}

/** V8's messages quote the text. */
const messageOf = (error: unknown): string =>
  printable(error instanceof Error ? error.message : String(error));

/** A control character must not reach a terminal. */
const printable = (text: string): string =>
  Array.from(text.slice(0, 120), (c) => (c < " " || c === "\u007f" ? " " : c)).join("");

/** The deepest nesting, and how many members its objects have together: one colon each. */
function measure(text: string): { depth: number; members: number } {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) i = endOfString(text, i);
    else if (c === COLON) members++;
    else if (c === OPEN_BRACKET || c === OPEN_BRACE) deepest = Math.max(deepest, ++depth);
    else if (c === CLOSE_BRACKET || c === CLOSE_BRACE) depth--;
  }
  return { depth: deepest, members };
}

function quoteBareNumbers(text: string): string | null {
  const parts: string[] = [];
  let start = 0;
  const bare = /"|-?Infinity|NaN/g;
  for (let match = bare.exec(text); match !== null; match = bare.exec(text)) {
    if (match[0] === '"') {
      bare.lastIndex = endOfString(text, match.index) + 1;
      continue;
    }
    parts.push(text.slice(start, match.index), `"${match[0]}"`);
    start = bare.lastIndex;
  }
  return parts.length === 0 ? null : parts.join("") + text.slice(start);
}

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
