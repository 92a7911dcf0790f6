/** @file Saves a TensorFlow.js model into a folder, which plain TF.js does only with tfjs-node. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `await model.save(toFolder("web"))` writes web/model.json and web/weights.bin. */
export function toFolder(folder) {
  return {
    async save({ weightData, weightSpecs, ...json }) {
      mkdirSync(folder, { recursive: true });
      const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      writeFileSync(join(folder, "weights.bin"), new Uint8Array(weightData));
      writeFileSync(join(folder, "model.json"), JSON.stringify({ ...json, weightsManifest }));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    },
  };
}
