/** @file A model converted and read back, all in memory. */

import { type Conversion, type ConvertOptions, convert } from "../../src/convert/convert.ts";
import { architectureOfV3 } from "../../src/dialects/architecture.ts";
import {
  modelFromKerasH5,
  modelFromKerasV3,
  modelFromKerasWeights,
  modelFromTfjs,
} from "../../src/dialects/read.ts";
import { openHdf5 } from "../../src/formats/hdf5.node.ts";
import { readKerasH5 } from "../../src/formats/keras-h5.ts";
import { readKerasV3 } from "../../src/formats/keras-v3.ts";
import { readKerasWeights } from "../../src/formats/keras-weights.ts";
import type { OutputFile } from "../../src/formats/output.ts";
import { bytesSource, type Source } from "../../src/formats/source.ts";
import { readTfjsLayers } from "../../src/formats/tfjs-layers.ts";
import type { Model } from "../../src/model/model.ts";

export interface Converted {
  readonly conversion: Conversion;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly back: Model;
}

/** Of a `.weights.h5` the architecture is that of the `.keras`. */
export async function converted(model: Model, options: ConvertOptions): Promise<Converted> {
  const conversion = await convert(model, options);
  const files = await filesOf(conversion.files);
  const main = conversion.files.at(-1)?.name ?? "";
  const source = sourceIn(files, main);
  switch (options.to) {
    case "tfjs":
      return { conversion, files, back: await readTfjs(files) };
    case "h5":
      return { conversion, files, back: modelFromKerasH5(await readKerasH5(await openHdf5(source)), main) };
    case "keras":
      return { conversion, files, back: modelFromKerasV3(await readKerasV3(source, openHdf5), main) };
    case "weights.h5": {
      const whole = await filesOf((await convert(model, { to: "keras" })).files);
      const keras = await readKerasV3(sourceIn(whole, "model.keras"), openHdf5);
      const weights = await readKerasWeights(await openHdf5(source));
      return {
        conversion,
        files,
        back: modelFromKerasWeights(weights, architectureOfV3(keras, "model.keras")),
      };
    }
    default:
      throw options.to satisfies never;
  }
}

export const readTfjs = async (files: ReadonlyMap<string, Uint8Array>): Promise<Model> =>
  modelFromTfjs(
    await readTfjsLayers(sourceIn(files, "model.json"), async (path) => sourceIn(files, path)),
    "model.json",
  );

export async function filesOf(files: readonly OutputFile[]): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const file of files) {
    const parts: Uint8Array[] = [];
    for await (const piece of file.pieces()) parts.push(piece.slice());
    const bytes = new Uint8Array(Buffer.concat(parts));
    if (bytes.length !== file.sizeBytes)
      throw new Error(`${file.name} has ${bytes.length} bytes in place of ${file.sizeBytes}`);
    contents.set(file.name, bytes);
  }
  return contents;
}

function sourceIn(files: ReadonlyMap<string, Uint8Array>, name: string): Source {
  const bytes = files.get(name);
  if (bytes === undefined) throw new Error(`"${name}" was not written`);
  return bytesSource(bytes, name);
}
