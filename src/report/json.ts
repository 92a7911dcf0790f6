/** @file Reports as JSON text: non-finite numbers are the strings "NaN", "Infinity", "-Infinity". */

import type { VernierError } from "../base/errors.ts";
import { jsonFromNumber } from "../base/json.ts";
import type { Report } from "../compare/findings.ts";

/** One report as it is; several as `vernier.reports/1`. */
export function renderReports(reports: readonly Report[]): string {
  const [only] = reports;
  return renderJson(
    reports.length === 1 && only !== undefined ? only : { schema: "vernier.reports/1", reports },
  );
}

export function renderJson(data: object): string {
  return `${JSON.stringify(data, jsonValue, 2)}\n`;
}

export function renderErrorJson({ problem }: Pick<VernierError, "problem">): string {
  const { code, message, where, hint } = problem;
  return renderJson({ schema: "vernier.error/1", code, message, where, hint });
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "number") return jsonFromNumber(value);
  if (typeof value === "bigint") return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float64Array);
  return value;
}
