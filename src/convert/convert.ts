/**
 * @file A model → the files of the same model in another format. Nothing is written here: files are pieces to be pulled
 * by whoever has a disk or a page, after the proof.
 */

import type { Problem } from "../base/problem.ts";
import type { OutputFile } from "../formats/output.ts";
import type { RoundedWeight } from "../formats/tfjs-stored.ts";
import type { Model } from "../model/model.ts";
import type { Plan } from "./plan.ts";
import { writeTfjs } from "./targets/tfjs.ts";
import { translate } from "./translate.ts";

export const TARGETS = ["tfjs", "keras", "h5", "weights.h5"] as const;
export type Target = (typeof TARGETS)[number];

export interface ConvertOptions {
  readonly to: Target;
  /** Of the file that is written, for "keras", "h5" and "weights.h5". @default "model.keras", … */
  readonly name?: string;
  /** TF.js only. @default null */
  readonly quantize?: "float16" | "uint16" | "uint8" | null;
  /** TF.js only. @default 4 MiB */
  readonly shardSizeBytes?: number;
}

export interface Conversion {
  readonly plan: Plan;
  /** The model's own file last. */
  readonly files: readonly OutputFile[];
  readonly rounded: readonly RoundedWeight[];
  readonly problems: readonly Problem[];
}

/** Throws `convert.refused`, which names every layer that the target cannot say, and `weights.*`. */
export async function convert(model: Model, options: ConvertOptions): Promise<Conversion> {
  const { to, quantize = null, shardSizeBytes } = options;
  const plan = translate(model, { to: to === "tfjs" ? "tfjs" : "keras3" });
  const written = await writeTfjs(plan, {
    quantization: quantize,
    ...(shardSizeBytes === undefined ? {} : { shardSizeBytes }),
  });
  return { plan, ...written, problems: plan.problems };
}
