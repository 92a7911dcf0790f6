/** @file Cause `structure`: layers, connections, inputs or outputs that one file has and the other has not. */

import type { Matching } from "../../compare/match.ts";
import type { Finding } from "../finding.ts";

export function structureFindings({ structure }: Matching): Finding[] {
  return structure.map((difference) => ({
    kind: "structure",
    side: "between",
    layer: difference.nameA,
    layerB: difference.nameB,
    detail: difference.kind,
    message: difference.message,
    hint: "the second file is another model or another version of it; convert the file that you trust again",
  }));
}
