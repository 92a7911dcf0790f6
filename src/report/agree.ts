/** @file The screen of a check whose sides agree, and what to try when the app still differs. */

import type { Report } from "../compare/findings.ts";
import { entry, pad, type Style, verdictLine, WIDTH, wrap } from "./layout.ts";
import { formatNumber, plural } from "./numbers.ts";
import { isReference, runtimeOf } from "./words.ts";

export function renderAgree(report: Report, style: Style): string[] {
  const { sides, outputs, input, layers, seen } = report;
  const isAsSeen = seen.every(({ reproduced }) => reproduced);
  const ran = isReference(sides.b)
    ? "Both files mean the same"
    : `Same model. ${runtimeOf(sides.b)} computed it correctly`;
  const changes = outputs.flatMap(({ maxAbs }) => maxAbs ?? []);
  const largest = changes.reduce((x, y) => Math.max(x, y), 0);
  const flips = outputs.flatMap(({ top1Flips }) => top1Flips ?? []);
  const flipped = flips.reduce((x, y) => Math.max(x, y), 0);
  const notes = [
    largest === 0
      ? `no prediction changes at all; every one of ${plural(layers.length, "layer")} checked`
      : `largest change ${formatNumber(largest)}, rounding; every one of ${plural(layers.length, "layer")} checked`,
    ...(flips.length === 0
      ? []
      : [
          flipped === 0
            ? `the predicted class never changes (${input.samples} of ${plural(input.samples, "sample")})`
            : `rounding alone changes the predicted class on ${flipped} of ${plural(input.samples, "sample")}: two classes are all but equal there`,
        ]),
    ...(isReference(sides.a) && sides.a.format.startsWith("keras")
      ? ["Keras was not run: its file was evaluated in 64 bits (--keras runs it)"]
      : []),
  ];
  return [
    ...verdictLine(
      "good",
      "AGREE",
      `${ran} on ${plural(input.samples, "input")}.${isAsSeen ? "" : " But what was seen is not what it predicts."}`,
      style,
    ),
    "",
    ...notes.flatMap((note) => wrap(note, WIDTH - 2).map((line) => `  ${line}`)),
    ...(isAsSeen ? ["", ...entry("next", next(report), style)] : []),
  ];
}

function next({ sides, input }: Report): string {
  const other = sides.b.engine === "tfjs:cpu" ? "tfjs:wasm" : "tfjs:cpu";
  return [
    "Still different in your app? Then what you feed it differs:",
    input.source === "synthetic"
      ? "--input x.npy --input-b page.json   compares what they really feed"
      : "print the tensor just before predict on both sides, and feed both here",
    ...(sides.b.engine.startsWith("tfjs:") ? [`${pad(`--b ${other}`, 35)} tries another backend`] : []),
  ].join("\n");
}
