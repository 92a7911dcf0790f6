/** @file A step of preprocessing in words. */

import type { Step } from "./step.ts";

const list = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(show).join(", ")}]` : show(value);
const show = (value: unknown): string =>
  typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);

/** What one step does, in words. */
export function wordsOf({ id, params, words }: Step): string {
  if (words !== undefined) return words;
  const p = (name: string): string => list(params[name]);
  switch (id) {
    case "affine":
      return params["shift"] === 0 ? `times ${p("scale")}` : `times ${p("scale")}, plus ${p("shift")}`;
    case "channel-order":
      return p("order") === "[2, 1, 0]"
        ? "channels reversed (R, G, B against B, G, R)"
        : `channels in the order ${p("order")}`;
    case "layout":
      return `${p("from")} laid out as ${p("to")}`;
    case "cast":
      return `cast to ${p("dtype")} (${p("rounding")})`;
    case "batch-order":
      return "samples in another order";
    case "flip":
      return `mirrored along its ${p("along")}`;
    case "rotate":
      return `turned by ${params["quarterTurns"] === 2 ? "half a turn" : params["quarterTurns"] === 1 ? "a quarter, counterclockwise" : "a quarter, clockwise"}`;
    case "crop":
      return `cropped to ${p("height")}×${p("width")} from row ${p("top")}, column ${p("left")}`;
    case "shift-pixels":
      return `moved by ${p("dy")} rows and ${p("dx")} columns`;
    case "resize":
      return `resized to ${p("to")} (${p("method")}, ${p("corners")}${params["antialias"] === true ? ", antialias" : ""})`;
    case "grayscale":
      return `made grey with weights ${p("weights")}`;
    case "alpha":
      return params["premultiplied"] === true ? "alpha multiplied in" : "alpha taken off";
    case "jpeg":
      return "noise, as another JPEG decoder or another resize leaves it";
    case "index-offset":
      return `ids moved by ${p("by")}`;
    case "padding-side":
      return `padding moved from ${p("from")} to ${p("to")}`;
    case "truncate":
      return `cut to ${p("length")}, ${p("side")} kept`;
    case "one-hot":
      return `one-hot of depth ${p("depth")}`;
    default:
      return id satisfies never;
  }
}
