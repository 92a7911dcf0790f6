/** @file A path → the architecture of the model there. */

import { openPath } from "../formats/path.node.ts";
import type { Architecture } from "./architecture.ts";
import { architectureIn } from "./read-architecture.ts";

/** Of `model.to_json()`, or of a whole model. Throws `file.*`. */
export async function readArchitecture(path: string): Promise<Architecture> {
  return architectureIn(await openPath(path), path);
}
