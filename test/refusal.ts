/** @file How a hostile file was refused. That it was read, or that something untyped was thrown, fails the test. */

import { readFileSync } from "node:fs";
import { isVernierError, type VernierError } from "../src/base/errors.ts";
import { type OpenedModel, readModelPath } from "../src/dialects/read.node.ts";
import { type ModelData, readModel } from "../src/dialects/read-model.ts";
import { bytesSource } from "../src/formats/source.ts";
import { weightCache } from "../src/model/weights.ts";

export async function refusalOf(work: () => Promise<unknown>): Promise<VernierError> {
  try {
    await work();
  } catch (error) {
    if (isVernierError(error) && error.code !== "internal") return error;
    throw error;
  }
  throw new Error("it was read");
}

/** The model, and every weight of it. */
export async function readWhole(
  bytes: Uint8Array | string,
  files: { readonly [name: string]: ModelData } = {},
  name = "model",
): Promise<void> {
  const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  await using opened = await readModel(bytesSource(data, name), {
    openBeside: (path) => files[path] ?? null,
  });
  await readWeights(opened);
}

export async function readWholePath(path: string, architecture?: string): Promise<void> {
  await using opened = await readModelPath(path, architecture === undefined ? {} : { architecture });
  await readWeights(opened);
}

async function readWeights({ model }: OpenedModel): Promise<void> {
  const weights = weightCache();
  for (const layer of model.layers.keys()) await weights.weightsOf(model, layer);
}

export const fixtureBytes = (path: string): Uint8Array =>
  Uint8Array.from(readFileSync(new URL(`fixtures/${path}`, import.meta.url)));
