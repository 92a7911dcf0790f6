/** @file A plan → TF.js's layers model: `model.json` and its weight files. */

import { VernierError } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { VERSION } from "../../base/version.ts";
import { tfjsVariableName } from "../../dialects/variable-names.ts";
import { BYTES_PER_ELEMENT, bytesFromTensor } from "../../formats/elements.ts";
import type { OutputFile } from "../../formats/output.ts";
import type { RoundedWeight } from "../../formats/tfjs-stored.ts";
import { writeTfjsLayers } from "../../formats/tfjs-writer.ts";
import type { StoredTensor } from "../../model/model.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { userMetadata } from "../beside.ts";
import { flatLayers } from "../flat-layers.ts";
import { isWorthKeeping, keptFrom } from "../kept.ts";
import { keptOptimizer, OPTIMIZER_FILE } from "../kept-optimizer.ts";
import type { Plan } from "../plan.ts";
import { modelJson } from "../topology-json.ts";
import { tfjsTrainingConfig } from "../training.ts";

export interface TfjsTargetOptions {
  readonly quantization: "float16" | "uint16" | "uint8" | null;
  readonly shardSizeBytes?: number;
}

export interface WrittenModel {
  /** The model's own file last. */
  readonly files: readonly OutputFile[];
  readonly rounded: readonly RoundedWeight[];
}

export async function writeTfjs(plan: Plan, options: TfjsTargetOptions): Promise<WrittenModel> {
  const { quantization, shardSizeBytes } = options;
  const { source } = plan;
  const weights = flatLayers(plan.topology).flatMap(({ layer }) =>
    layer.weights.map((weight) => ({
      name: tfjsVariableName(layer.name, layer.config, weight),
      source: weight.source,
      quantization,
    })),
  );
  requireNames(plan);
  const training = tfjsTrainingConfig(source.training?.config ?? null);
  const optimizer = await optimizerFile(source.optimizerWeights);
  const kept = await keptFrom(plan, { trainingCarried: false, optimizer: optimizer?.json ?? null });
  const metadata = { ...userMetadata(plan), ...(isWorthKeeping(kept) ? { vernier: kept } : {}) };
  const modelFile: JsonObject = {
    format: "layers-model",
    generatedBy: `keras v${source.writer?.match(/\d+\.\d[\w.-]*/)?.[0] ?? "2"}`,
    convertedBy: `Vernier ${VERSION}`,
    modelTopology: {
      keras_version: "2.15.0",
      backend: source.backend ?? "tensorflow",
      model_config: modelJson(plan.topology, plan.topology.name ?? "model", "tfjs"),
    },
    ...(training === null ? {} : { trainingConfig: training }),
    ...(Object.keys(metadata).length > 0 ? { userDefinedMetadata: metadata } : {}),
  };
  const written = await writeTfjsLayers({
    modelJson: modelFile,
    weights,
    ...(shardSizeBytes === undefined ? {} : { shardSizeBytes }),
  });
  return {
    files: optimizer === null ? written.files : [optimizer.file, ...written.files],
    rounded: written.rounded,
  };
}

/**
 * TF.js finds weights by the innermost layer's name. Layers of nested models are renamed where two share one; inside a
 * wrapper they are not.
 */
function requireNames({ topology }: Plan): void {
  const owners = new Map<string, string>();
  for (const { layer } of flatLayers(topology)) {
    for (const weight of layer.weights) {
      const name = tfjsVariableName(layer.name, layer.config, weight);
      const owner = owners.get(name);
      if (owner !== undefined)
        throw new VernierError("convert.refused", {
          target: "TensorFlow.js",
          layers: [`${layer.path}: its weight would be "${name}", as one of ${owner}`],
          hint: "give the layer inside the wrapper a name of its own",
        });
      owners.set(name, layer.path);
    }
  }
}

async function optimizerFile(
  stored: readonly StoredTensor[],
): Promise<{ readonly file: OutputFile; readonly json: JsonObject } | null> {
  const numeric = stored.filter(({ dtype }) => dtype !== "string");
  const json = keptOptimizer(OPTIMIZER_FILE, numeric);
  if (json === null) return null;
  const widths = numeric.map(({ shape, dtype }) =>
    dtype === "string" ? 0 : sizeOf(shape) * BYTES_PER_ELEMENT[dtype],
  );
  return {
    json,
    file: {
      name: OPTIMIZER_FILE,
      sizeBytes: widths.reduce((sum, width) => sum + width, 0),
      async *pieces() {
        for (const tensor of numeric) yield bytesFromTensor(await tensor.read());
      },
    },
  };
}
