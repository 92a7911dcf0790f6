/** @file What the two sides are called on a screen: "TensorFlow.js 4.22.0 (wasm)", "Keras 3.15.1 (tensorflow)". */

import type { Certificate, Report, Side } from "../compare/findings.ts";

/** Who computed a side, as people know it. */
export function runtimeOf({ engine, engineVersion }: Side): string {
  const [kind, backend] = engine.split(":", 2);
  const version = /\d+(\.\d+)+\S*/.exec(engineVersion)?.[0] ?? "";
  const named = version === "" ? "" : ` ${version}`;
  switch (kind) {
    case "tfjs":
      return `TensorFlow.js${named} (${(backend ?? "cpu").replace("@browser", " in the browser").replace("@float16", ", 16-bit textures")})`;
    case "keras":
      return `Keras${named}${backend === undefined ? "" : ` (${backend})`}`;
    case "reference":
      return "64-bit arithmetic";
    default:
      return engine;
  }
}

/** The row of a sum that a side's own computing has. */
export const columnOf = ({ engine, format }: Side): string =>
  engine.startsWith("tfjs:") || (engine === "reference" && format.startsWith("tfjs"))
    ? "TensorFlow.js"
    : "Keras";

export const isReference = ({ engine }: Side): boolean => engine === "reference";

/** Every layer call that a side ran lies within rounding; `null` where the side was not run or not all was checked. */
export function computedCorrectly(report: Report, side: "a" | "b"): boolean | null {
  const certificates = report.layers
    .map((row) => row[side])
    .filter(({ explains }) => explains !== NO_SUCH_LAYER);
  if (certificates.length === 0 || isReference(report.sides[side])) return null;
  if (certificates.some(({ status }) => status === "refuted" || status === "coarser")) return false;
  return certificates.every(({ status }) => status === "certified") ? true : null;
}

/** How `layer-rows.ts` says that a row belongs to the other side alone. */
const NO_SUCH_LAYER = "the other side has no such layer";

/** Largest error / bound first seen on a side; `null` where nothing was judged. */
export function ratioOf({ error, bound }: Certificate): number | null {
  if (error === null || bound === null) return null;
  return error === 0 ? 0 : error / bound;
}

export const baseName = (path: string): string =>
  path
    .replace(/[/\\]+$/, "")
    .split(/[/\\]/)
    .at(-1) ?? path;

export const joinWords = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
