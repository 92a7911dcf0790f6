/** @file Colours of the terminal, where it has them and the user has not said no. */

import { styleText } from "node:util";
import { plain, type Role, type Style } from "../report/layout.ts";

const COLOURS = {
  good: "green",
  bad: "red",
  unknown: "yellow",
  quiet: "dim",
  strong: "bold",
} as const satisfies {
  [R in Role]: string;
};

/** `NO_COLOR` (no-color.org), `--no-color` and anything that is not a terminal mean none. */
export function colours(wanted: boolean, stream: { readonly isTTY?: boolean }): Style {
  const none =
    !wanted ||
    stream.isTTY !== true ||
    (process.env["NO_COLOR"] ?? "") !== "" ||
    process.env["TERM"] === "dumb";
  return none ? plain : (role, text) => styleText(COLOURS[role], text);
}
