/** @file What `--verbose` adds: the difference layer by layer, error against bound, timings, hardware. */

import type { Certificate, LayerRow, Report, Side } from "../compare/findings.ts";
import { cutMiddle, entry, pad, plain, WIDTH, wrap } from "./layout.ts";
import { formatNumber, formatSeconds } from "./numbers.ts";
import { ratioOf, runtimeOf } from "./words.ts";

export function renderDetails(report: Report): string[] {
  return [
    "",
    ...layerTable(report.layers),
    "",
    ...sideLines("side A", report.sides.a),
    ...sideLines("side B", report.sides.b),
    ...report.input.tensors.flatMap(({ side, name, shape, dtype }) =>
      entry(
        "input",
        `${name} [${shape.join(", ")}] ${dtype}${side === "both" ? "" : ` (side ${side.toUpperCase()})`}`,
      ),
    ),
    ...entry("time", timings(report.timingsMs)),
  ];
}

function layerTable(layers: readonly LayerRow[]): string[] {
  const name = 30;
  const head = `    ${pad("layer", name)}  ${pad("difference", 10)}  ${pad("A checked", 14)}  B checked`;
  return [
    ...wrap(
      "Growth of the difference by depth; a layer is checked when its error stays below its bound (error/bound)",
      WIDTH - 2,
    ).map((line) => `  ${line}`),
    head,
    ...layers.map((row) => {
      const difference = row.maxAbs === null ? "-" : formatNumber(row.maxAbs);
      const shown = cutMiddle(`${row.name ?? `B: ${row.nameB}`} (${row.className})`, name);
      return `    ${pad(shown, name)}  ${pad(difference, 10)}  ${pad(judged(row.a), 14)}  ${judged(row.b)}`.trimEnd();
    }),
  ];
}

function judged(certificate: Certificate): string {
  const ratio = ratioOf(certificate);
  switch (certificate.status) {
    case "certified":
      return `ok ${ratio === null ? "" : formatNumber(ratio, 2)}`.trim();
    case "refuted":
      return `WRONG ${ratio === null ? "" : formatNumber(ratio, 2)}`.trim();
    case "coarser":
      return cutMiddle(certificate.explains ?? "coarser", 14);
    case "not-run":
      return certificate.explains === "is the reference"
        ? "64 bits"
        : cutMiddle(certificate.explains ?? "not run", 14);
    default:
      return certificate.status satisfies never;
  }
}

function sideLines(label: string, side: Side): string[] {
  const written = [side.dialect, side.writer, side.backend].filter((word) => word !== null).join(", ");
  return entry(
    label,
    [
      `${side.path} (${side.format}; ${written})`,
      `run by ${runtimeOf(side)}, ${side.arithmetic}; ${side.engineVersion}`,
      ...(side.hardware === null ? [] : [side.hardware]),
      `sha256 ${side.sha256}`,
    ].join("\n"),
    plain,
  );
}

const timings = (timingsMs: Readonly<Record<string, number>>): string =>
  Object.entries(timingsMs)
    .map(([stage, ms]) => `${stage} ${formatSeconds(ms)}`.replaceAll(" ", "\u00a0"))
    .join(", ");
