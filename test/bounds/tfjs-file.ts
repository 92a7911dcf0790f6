/** @file Branches as TF.js reads them: one functional model in Keras 2's words, with weights under TF.js's own names. */

import "@tensorflow/tfjs-backend-cpu";
// Orthogonal, the default of recurrent kernels, calls operations as methods.
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { isObject } from "../../src/base/json.ts";
import { randomFrom } from "../../src/numerics/random.ts";
import { sizeOf, type Tensor } from "../../src/tensor/tensor.ts";
import type { Branch } from "./cases.ts";
import { fedTo, hash } from "./feeds.ts";

tf.enableProdMode();

export const inputName = (branch: Branch, i: number): string => `${branch.name}_in${i}`;

function topologyOf(branches: readonly Branch[]): JsonObject {
  const layers = branches.flatMap((branch) => {
    const feeding = branch.inputs.map(({ shape, dtype = "float32" }, i): JsonObject => {
      const name = inputName(branch, i);
      const config = { name, batch_input_shape: [null, ...shape], dtype, sparse: false };
      return { class_name: "InputLayer", name, config, inbound_nodes: [] };
    });
    const masking = branch.inputs.flatMap((_, i): JsonObject[] => {
      if (branch.masked[i] !== true) return [];
      const name = `${branch.name}_mask${i}`;
      const config = { name, mask_value: 0 };
      return [{ class_name: "Masking", name, config, inbound_nodes: [[[inputName(branch, i), 0, 0, {}]]] }];
    });
    const from = branch.inputs.map((_, i): Json => [sourceName(branch, i), 0, 0, {}]);
    const config = { ...(quick(branch.keras2, `${branch.name}_inner`) as JsonObject), name: branch.name };
    const layer: JsonObject = {
      class_name: branch.className,
      name: branch.name,
      config,
      inbound_nodes: [from],
    };
    return [...feeding, ...masking, layer];
  });
  return {
    class_name: "Functional",
    config: {
      name: "branches",
      layers,
      input_layers: branches.flatMap((branch) =>
        branch.inputs.map((_, i): Json => [inputName(branch, i), 0, 0]),
      ),
      output_layers: branches.map(({ name }): Json => [name, 0, 0]),
    },
  };
}

const sourceName = (branch: Branch, i: number): string =>
  branch.masked[i] === true ? `${branch.name}_mask${i}` : inputName(branch, i);

/** Initial weights are replaced: none need be drawn by the slow orthogonal initializer. Inner layers get a name. */
function quick(json: Json, name: string): Json {
  if (Array.isArray(json)) return json.map((item) => quick(item as Json, name));
  if (!isObject(json)) return json;
  const inner = Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, quick(value as Json, name)]),
  );
  if ("class_name" in inner) return { ...inner, config: { name, ...(inner["config"] as JsonObject) } };
  return "units" in inner ? { ...inner, kernel_initializer: "zeros", recurrent_initializer: "zeros" } : inner;
}

/** Writes model.json and its shard; throws what TF.js says to the topology. */
export async function writeTfjs(branches: readonly Branch[], folder: string, seed: number): Promise<string> {
  const modelTopology = topologyOf(branches);
  const model = await quietly(() => load(modelTopology));
  try {
    seedWeights(model, seed);
    await quietly(() =>
      model.save({
        save: async ({ weightSpecs, weightData }) => {
          const json = {
            format: "layers-model",
            modelTopology: { keras_version: "2.15.0", backend: "tensorflow", model_config: modelTopology },
            weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs ?? [] }],
          };
          mkdirSync(folder, { recursive: true });
          writeFileSync(join(folder, "weights.bin"), new Uint8Array(weightData as ArrayBuffer));
          writeFileSync(join(folder, "model.json"), JSON.stringify(json));
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
        },
      }),
    );
  } finally {
    model.dispose();
  }
  return join(folder, "model.json");
}

/** TF.js's own words where it does not load or run the branch; `null` where it does. */
export async function refusalOf(branch: Branch): Promise<string | null> {
  // TF.js passes over dtype policies.
  if (isObject(branch.config["dtype"])) return "its weights are quantized, which TF.js has no layer for";
  try {
    const model = await quietly(() => load(topologyOf([branch])));
    tf.tidy(() => model.predict(fedTo(branch, 11, "random", 1).map(tensorOf)));
    model.dispose();
    return null;
  } catch (error) {
    return String(error instanceof Error ? error.message : error).split("\n")[0] ?? "";
  }
}

/** TF.js says on the console that it passes over `unroll` and does not write keyword arguments. */
async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => {};
  try {
    return await run();
  } finally {
    console.warn = warn;
  }
}

async function load(modelTopology: JsonObject): Promise<LayersModel> {
  await tf.setBackend("cpu");
  return await loadLayersModel(tf.io.fromMemory({ modelTopology }));
}

const tensorOf = ({ data, shape, dtype }: Tensor): tf.Tensor =>
  tf.tensor(data as Float32Array, [...shape], dtype === "int32" ? "int32" : "float32");

/** No term of a formula invisible: biases, means and variances are all drawn. */
function seedWeights(model: LayersModel, seed: number): void {
  const values = model.weights.map(({ name, shape }) => {
    const random = randomFrom(seed, hash(name));
    const dims = shape.map((extent) => extent ?? 1);
    const fanIn = dims.length > 1 ? Math.sqrt(sizeOf(dims.slice(0, -1))) : 2;
    const next = name.includes("variance")
      ? () => 0.05 + 2 * random.uniform()
      : () => random.normal() / fanIn;
    return tf.tensor(Float32Array.from({ length: sizeOf(dims) }, next), dims);
  });
  // In the order of `weights`, which is that of `setWeights`.
  model.setWeights(values);
  tf.dispose(values);
}
