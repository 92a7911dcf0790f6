/** @file The exit code that a report means (INTERFACE): 0 agree, 1 differ, 2 refused or not checked, 3 machine. */

import type { Report } from "../compare/findings.ts";

/** Codes of what a machine or an engine on it lacks, not the model. */
export const MACHINE = ["engine.unavailable", "engine.timeout", "engine.crashed", "protocol.malformed"];

/** Models that agree, and do not give what was seen of them: what was asked is answered with no. */
export function exitCodeOf({ verdict, causes, problems, seen }: Report): 0 | 1 | 2 | 3 {
  const failed = (codes: readonly string[]): boolean => problems.some(({ code }) => codes.includes(code));
  const notRun = failed(MACHINE) ? 3 : 2;
  switch (verdict) {
    case "agree":
      return seen.every(({ reproduced }) => reproduced) ? 0 : 1;
    case "differ":
      if (causes.some(({ accepted }) => !accepted)) return 1;
      // What was accepted is known; what did not run is not.
      return failed([...MACHINE, "engine.refused"]) ? notRun : 0;
    case "not-compared":
      return notRun;
    default:
      return verdict satisfies never;
  }
}

/** Of several reports: the worst of 70 > 2 > 3 > 1 > 0. */
export function worst(codes: readonly number[]): number {
  return [70, 2, 3, 1].find((code) => codes.includes(code)) ?? 0;
}
