/** @file A path → a canonical model, whatever kind of file is there, or a typed refusal that says what to do. */

import { VernierError } from "../base/errors.ts";
import { unknownFileError } from "../formats/detect.ts";
import { readKerasH5 } from "../formats/keras-h5.ts";
import { openPath } from "../formats/path.node.ts";
import { readTfjsLayers } from "../formats/tfjs-layers.ts";
import type { Model } from "../model/model.ts";
import { modelFromKerasH5, modelFromTfjs } from "./read.ts";

export interface OpenedModel extends AsyncDisposable {
  readonly model: Model;
  /** Of the file, also when a folder was given. */
  readonly path: string;
  readonly format: "keras-h5" | "tfjs-layers";
  sha256(): Promise<string>;
}

/** Throws `file.*`, `config.invalid`, `layer.unsupported`, `graph.malformed`; closes what it opened when it does. */
export async function readModelPath(path: string): Promise<OpenedModel> {
  const opened = await openPath(path);
  const close = async (): Promise<void> => opened.close();
  try {
    const { detected } = opened;
    const unsupported = (what: string, remedy: string): VernierError =>
      new VernierError("file.unsupported", { what, remedy }, { where: path });
    switch (detected.kind) {
      case "keras-h5":
      case "tfjs-layers": {
        const model =
          detected.kind === "keras-h5"
            ? modelFromKerasH5(await readKerasH5(await opened.hdf5()), path)
            : modelFromTfjs(await readTfjsLayers(opened.source, opened.openBeside), path);
        return {
          model,
          path: opened.path,
          format: detected.kind,
          sha256: opened.sha256,
          [Symbol.asyncDispose]: close,
        };
      }
      case "keras-h5-weights":
        throw unsupported(
          "a file of weights without their architecture",
          'save the whole model: model.save("model.h5")',
        );
      case "keras-v3":
        throw unsupported(
          "a .keras file",
          'save the model as .h5 for now: model.save("model.h5"); .keras comes with `convert`',
        );
      case "tfjs-graph":
        throw unsupported(
          "a TensorFlow.js graph model",
          "convert with --output_format tfjs_layers_model to compare layer by layer",
        );
      case "tfjs-weights-only":
        throw unsupported(
          "a model.json without modelTopology (weights alone)",
          "convert the whole model, saved with model.save(), not its weights",
        );
      case "npy":
      case "npz":
      case "json":
        throw unsupported(
          "this file, which holds data and not a model,",
          "give a .h5 file or a model.json; data goes to --input",
        );
      case "unknown":
        throw unknownFileError(detected, path);
      default:
        throw detected satisfies never;
    }
  } catch (error) {
    await close();
    throw error;
  }
}
