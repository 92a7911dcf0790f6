/** @file A path → a model, or a graph where the file holds TensorFlow nodes in place of layers. */

import { openPath } from "../formats/path.node.ts";
import { readTfjsGraph, type TfjsGraphFile } from "../formats/tfjs-graph.ts";
import { type OpenedModel, type ReadOptions, readOpenedPath } from "./read.node.ts";

export interface OpenedGraph extends AsyncDisposable {
  readonly graph: TfjsGraphFile;
  /** Of the file, also when a folder was given. */
  readonly path: string;
  readonly format: "tfjs-graph";
  sha256(): Promise<string>;
}

/** Throws as `readModelPath` does. */
export async function readModelOrGraph(
  path: string,
  options: ReadOptions = {},
): Promise<OpenedModel | OpenedGraph> {
  const opened = await openPath(path);
  if (opened.detected.kind !== "tfjs-graph") return readOpenedPath(opened, path, options);
  const close = async (): Promise<void> => opened.close();
  try {
    const graph = await readTfjsGraph(opened.source, opened.openBeside);
    return {
      graph,
      path: opened.path,
      format: "tfjs-graph",
      sha256: opened.sha256,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
