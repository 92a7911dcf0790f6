/** @file Opened files → a canonical model, whatever kind they are, or a typed refusal that says what to do. */

import { VernierError } from "../base/errors.ts";
import { unknownFileError } from "../formats/detect.ts";
import { readKerasH5 } from "../formats/keras-h5.ts";
import { readKerasV3 } from "../formats/keras-v3.ts";
import { readKerasWeights, readShardedKerasWeights } from "../formats/keras-weights.ts";
import type { ModelFiles } from "../formats/model-files.ts";
import { readTfjsLayers } from "../formats/tfjs-layers.ts";
import type { Model } from "../model/model.ts";
import type { Architecture } from "./architecture.ts";
import {
  modelFromKerasH5,
  modelFromKerasV3,
  modelFromKerasWeights,
  modelFromTfjs,
  withoutArchitecture,
} from "./read.ts";

export interface OpenedModel extends AsyncDisposable {
  readonly model: Model;
  /** Of the file, also when a folder was given. */
  readonly path: string;
  /** What a report calls it, where the path says nothing to its reader. */
  readonly label?: string;
  readonly format: ModelFormat;
  /** Of the file, or of all files that hold its weights; an architecture given beside it is not in it. */
  sha256(): Promise<string>;
}

export type ModelFormat = "keras-h5" | "keras-v3" | "keras-weights" | "tfjs-layers" | "tfjs-weights";

/** What describes the layers of a file that holds weights alone; a whole model does not ask for it. */
export type ReadArchitecture = () => Promise<Architecture>;

/**
 * Closing is the result's, or done when this throws. `path`: what the user called it.
 * Throws `file.*`, `config.invalid`, `layer.unsupported`, `graph.malformed`.
 */
export async function readModelFiles(
  opened: ModelFiles,
  path: string,
  architecture: ReadArchitecture | null,
): Promise<OpenedModel> {
  const close = async (): Promise<void> => opened.close();
  try {
    const read = await readOpened(opened, path, architecture);
    return { ...read, path: opened.path, sha256: opened.sha256, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readOpened(
  opened: ModelFiles,
  path: string,
  architecture: ReadArchitecture | null,
): Promise<{ model: Model; format: ModelFormat }> {
  const { detected, source } = opened;
  const described = async (what: string): Promise<Architecture> => {
    if (architecture === null) throw withoutArchitecture(what, path);
    return architecture();
  };
  switch (detected.kind) {
    case "keras-h5":
      return { model: modelFromKerasH5(await readKerasH5(await opened.hdf5()), path), format: "keras-h5" };
    case "keras-v3":
      return {
        model: modelFromKerasV3(await readKerasV3(source, opened.openHdf5), path),
        format: "keras-v3",
      };
    case "tfjs-layers":
      return {
        model: modelFromTfjs(await readTfjsLayers(source, opened.openBeside), path),
        format: "tfjs-layers",
      };
    case "keras-h5-weights": {
      const layers = await described("a file of weights without their architecture");
      const file = await readKerasH5(await opened.hdf5());
      return { model: modelFromKerasH5(file, path, layers), format: "keras-weights" };
    }
    case "keras-weights": {
      const layers = await described("a .weights.h5 file, weights without their architecture");
      return {
        model: modelFromKerasWeights(await readKerasWeights(await opened.hdf5()), layers),
        format: "keras-weights",
      };
    }
    case "keras-weights-sharded": {
      const layers = await described("the index of sharded weights, without their architecture");
      const open = async (name: string) => opened.openHdf5(await opened.openBeside(name));
      return {
        model: modelFromKerasWeights(await readShardedKerasWeights(source, open), layers),
        format: "keras-weights",
      };
    }
    case "tfjs-weights-only": {
      const layers = await described("a model.json without modelTopology (weights alone)");
      const file = await readTfjsLayers(source, opened.openBeside);
      return { model: modelFromTfjs(file, path, layers), format: "tfjs-weights" };
    }
    case "keras-architecture":
      throw unsupported(
        "an architecture without weights",
        "give the file of its weights, and this one with --architecture",
        path,
      );
    case "tfjs-graph":
      throw unsupported(
        "a TensorFlow.js graph model",
        "take the Keras model that it was exported from; vernier check A B compares the two",
        path,
      );
    case "npy":
    case "npz":
    case "json":
      throw unsupported(
        "this file, which holds data and not a model,",
        "give a .keras or .h5 file or a model.json; data goes to --input",
        path,
      );
    case "unknown":
      throw unknownFileError(detected, path);
    default:
      throw detected satisfies never;
  }
}

const unsupported = (what: string, remedy: string, path: string): VernierError =>
  new VernierError("file.unsupported", { what, remedy }, { where: path });
