/** @file A problem is data: what is wrong, where, and what to do. Readers return all of them at once. */

/** Where in a file or model: `["layers", 3, "config", "units"]`. */
export type Place = readonly (string | number)[];

export type Severity = "error" | "warning" | "note";

export interface Problem {
  /** Stable, dotted: programs branch on it. */
  readonly code: string;
  readonly where: string;
  readonly message: string;
  readonly hint: string;
  readonly severity: Severity;
}

/** `["layers", 3, "config"]` → `layers[3].config`; a first step may be a file path. */
export function formatPlace(place: Place): string {
  return place
    .map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join("");
}
