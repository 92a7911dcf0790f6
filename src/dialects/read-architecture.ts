/** @file Opened files → the architecture of the model in them. */

import { VernierError } from "../base/errors.ts";
import { unknownFileError } from "../formats/detect.ts";
import { readJson } from "../formats/json-text.ts";
import { readKerasH5 } from "../formats/keras-h5.ts";
import { readKerasV3 } from "../formats/keras-v3.ts";
import type { ModelFiles } from "../formats/model-files.ts";
import { readTfjsLayers } from "../formats/tfjs-layers.ts";
import {
  type Architecture,
  architectureOfH5,
  architectureOfJson,
  architectureOfTfjs,
  architectureOfV3,
} from "./architecture.ts";

/** Of `model.to_json()`, or of a whole model. Throws `file.*`; closes the files. */
export async function architectureIn(opened: ModelFiles, path: string): Promise<Architecture> {
  try {
    return await read(opened, path);
  } finally {
    await opened.close();
  }
}

async function read(opened: ModelFiles, path: string): Promise<Architecture> {
  const { detected, source } = opened;
  switch (detected.kind) {
    case "keras-architecture":
      return architectureOfJson((await readJson(source)).json, path);
    case "keras-h5":
      return architectureOfH5(await readKerasH5(await opened.hdf5()), path);
    case "keras-v3":
      return architectureOfV3(await readKerasV3(source, opened.openHdf5), path);
    case "tfjs-layers":
      return architectureOfTfjs(await readTfjsLayers(source, opened.openBeside), path);
    case "unknown":
      throw unknownFileError(detected, path);
    default:
      throw new VernierError(
        "file.unsupported",
        {
          what: "a file that describes no layers",
          remedy: "--architecture takes the text of model.to_json(), or a .keras, .h5 or model.json",
        },
        { where: path },
      );
  }
}
