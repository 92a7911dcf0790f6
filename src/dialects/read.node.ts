/** @file A path → a canonical model, whatever kind of file is there, or a typed refusal that says what to do. */

import type { ModelFiles } from "../formats/model-files.ts";
import { openPath } from "../formats/path.node.ts";
import { readArchitecture } from "./architecture.node.ts";
import { type OpenedModel, readModelFiles } from "./read-files.ts";

export type { ModelFormat, OpenedModel } from "./read-files.ts";

export interface ReadOptions {
  /** What describes the layers of a file that holds weights alone; a whole model does not look at it. */
  readonly architecture?: string;
}

/** Throws `file.*`, `config.invalid`, `layer.unsupported`, `graph.malformed`; closes what it opened when it does. */
export async function readModelPath(path: string, options: ReadOptions = {}): Promise<OpenedModel> {
  return readOpenedPath(await openPath(path), path, options);
}

/** The same of what is open already; closing is then the result's, or done when this throws. */
export async function readOpenedPath(
  opened: ModelFiles,
  path: string,
  { architecture }: ReadOptions = {},
): Promise<OpenedModel> {
  return readModelFiles(
    opened,
    path,
    architecture === undefined ? null : () => readArchitecture(architecture),
  );
}
