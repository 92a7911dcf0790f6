/** @file The screen of a check against a graph model in which no difference was proved: what was compared, what is next. */

import type { Report } from "../compare/findings.ts";
import { WEIGHTS_NOTE } from "../explain/graph-notes.ts";
import { effectOf } from "./effect.ts";
import { entry, type Style, verdictLine } from "./layout.ts";
import { formatNumber, plural } from "./numbers.ts";
import { baseName, isReference } from "./words.ts";

export const isGraph = ({ format }: { readonly format: string }): boolean => format === "tfjs-graph";

/** Reasons listed one by one. */
const SHOWN = 3;

export function renderGraph(report: Report, style: Style): string[] {
  const { sides, notCompared, problems } = report;
  const open = notCompared.filter(({ what }) => what !== "certificates" && what !== "budget");
  const weights = problems.find(({ code }) => code === WEIGHTS_NOTE)?.message;
  const found = open.length === 0 ? "No difference was found" : "No difference was proved";
  const shown = open.slice(0, SHOWN).map(({ what, reason }) => `${what}: ${reason}`);
  const left = open.length - shown.length;
  const more = left > 0 ? [`and ${left} more (--json lists all)`] : [];
  const outputs = effectOf(report);
  const model = isGraph(sides.a) ? sides.b : sides.a;
  return [
    ...verdictLine(
      "unknown",
      "NOT COMPARED",
      `${found}, but the layers of a graph model cannot be certified yet.`,
      style,
    ),
    "",
    ...(outputs.length === 0 ? [] : entry("outputs", outputs.join("\n"), style)),
    ...(weights === undefined ? [] : entry("weights", weights, style)),
    ...entry("layers", layersOf(report), style),
    ...(open.length === 0 ? [] : entry("unknown", [...shown, ...more].join("\n"), style)),
    ...entry(
      "next",
      `for a proof layer by layer, ship a layers model: vernier convert ${baseName(model.path)} web/, and tf.loadLayersModel in the page`,
      style,
    ),
    ...(isReference(model)
      ? entry(
          "",
          "or compare with real Keras too: --keras; or with your app's own values: --input FILE",
          style,
        )
      : []),
  ];
}

function layersOf({ layers }: Report): string {
  const seen = layers.filter(({ maxAbs }) => maxAbs !== null);
  if (seen.length === 0) return "none of the model's layers could be told in the graph";
  const worst = seen.reduce((x, y) => ((y.maxAbs ?? 0) > (x.maxAbs ?? 0) ? y : x));
  const apart = worst.maxAbs ?? 0;
  const where =
    apart === 0 ? "" : `; largest difference ${formatNumber(apart)}, at ${worst.name ?? worst.nameB}`;
  return `${seen.length} of ${plural(layers.length, "layer")} seen in the graph${where}`;
}
