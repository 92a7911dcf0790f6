/** @file A TF.js model all of whose weights are one number: which model a folder holds, and whether of one piece, shows. */

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type OutputFile, wholeTensor } from "../src/formats/output.ts";
import { bytesSource } from "../src/formats/source.ts";
import { readTfjsLayers } from "../src/formats/tfjs-layers.ts";
import { writeTfjsLayers } from "../src/formats/tfjs-writer.ts";

/** Three weight files and `model.json`. */
export async function constantModel(id: number): Promise<readonly OutputFile[]> {
  const data = new Float32Array(10).fill(id);
  const source = wholeTensor([10], "float32", async () => ({ shape: [10], dtype: "float32", data }));
  const modelJson = { format: "layers-model", modelTopology: { class_name: "Sequential", config: {} } };
  const weights = [{ name: "w", source, quantization: null }];
  return (await writeTfjsLayers({ modelJson, weights, shardSizeBytes: 16 })).files;
}

/**
 * Reads every file once, as a web server does. Throws when a file is missing, too short or too long, or when the
 * weights are not all the same.
 */
export async function idOfModel(folder: string): Promise<number> {
  const path = join(folder, "model.json");
  const open = async (file: string) => bytesSource(await readFile(file), file);
  const { problems, weights } = await readTfjsLayers(await open(path), (name) =>
    open(join(dirname(path), name)),
  );
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join());
  const ids = new Set<number>();
  for (const weight of weights) for (const value of (await weight.read()).data) ids.add(value as number);
  const [id] = ids;
  if (id === undefined || ids.size !== 1) throw new Error(`weights of several models: ${[...ids].join()}`);
  return id;
}
