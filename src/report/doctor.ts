/** @file `vernier.doctor/1`: which engines this machine has, and how to get the others. */

import { pad, plain, type Style, WIDTH, wrap } from "./layout.ts";

export interface DoctorReport {
  readonly schema: "vernier.doctor/1";
  readonly engines: readonly {
    readonly id: string;
    readonly status: "ready" | "missing";
    readonly version: string | null;
    readonly detail: string;
    readonly remedy: string | null;
  }[];
}

export function renderDoctor({ engines }: DoctorReport, style: Style = plain): string {
  const width = Math.max(14, ...engines.map(({ id }) => id.length + 1));
  const lines = engines.flatMap(({ id, status, detail, remedy }) => {
    const head = `  ${pad(id, width)} `;
    const text = status === "ready" || remedy === null ? detail : `${detail}: ${remedy}`;
    const [first = "", ...rest] = wrap(text, WIDTH - head.length - 10);
    const state = style(status === "ready" ? "good" : "unknown", pad(status, 9));
    return [`${head}${state} ${first}`, ...rest.map((line) => `${" ".repeat(head.length + 10)}${line}`)];
  });
  return `\n${lines.map((line) => line.trimEnd()).join("\n")}\n\n`;
}
