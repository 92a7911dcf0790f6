/**
 * @file A model → the files of the same model in another format. Nothing is written here: files are pieces to be pulled
 * by whoever has a disk or a page, after the proof.
 */

import { isVernierError } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import { isModel } from "../dialects/nodes.ts";
import type { OutputFile } from "../formats/output.ts";
import type { RoundedWeight } from "../formats/tfjs-stored.ts";
import type { Model } from "../model/model.ts";
import { flatLayers } from "./flat-layers.ts";
import { ledgerBeside } from "./ledger-beside.ts";
import type { Plan } from "./plan.ts";
import { restored } from "./restore.ts";
import { writeH5 } from "./targets/h5.ts";
import { writeKeras } from "./targets/keras.ts";
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
export async function convert(source: Model, options: ConvertOptions): Promise<Conversion> {
  const { to } = options;
  const before = to === "tfjs" ? { model: source, problems: [] } : restored(source);
  const conversion = await converted(before.model, options);
  const { plan } = conversion;
  return {
    ...conversion,
    plan: { ...plan, ledger: [...plan.ledger, ...ledgerBeside(plan, to)] },
    problems: [...before.problems, ...conversion.problems],
  };
}

async function converted(model: Model, options: ConvertOptions): Promise<Conversion> {
  const { to, name = `model.${to}` } = options;
  switch (to) {
    case "tfjs": {
      const { quantize = null, shardSizeBytes } = options;
      const plan = translate(model, { to });
      const sizes = shardSizeBytes === undefined ? {} : { shardSizeBytes };
      return {
        plan,
        ...(await writeTfjs(plan, { quantization: quantize, ...sizes })),
        problems: plan.problems,
      };
    }
    case "h5": {
      const { plan, problems } = inWordsOfBoth(model);
      return { plan, ...(await writeH5(plan, name)), problems: [...plan.problems, ...problems] };
    }
    case "keras":
    case "weights.h5": {
      const plan = translate(model, { to: "keras3" });
      return {
        plan,
        ...(await writeKeras(plan, name, { weightsOnly: to === "weights.h5" })),
        problems: plan.problems,
      };
    }
    default:
      throw to satisfies never;
  }
}

/** Keras 3 reads Keras 2's words; where those do not suffice, the file is for Keras 3 alone, and says so. */
function inWordsOfBoth(model: Model): { readonly plan: Plan; readonly problems: readonly Problem[] } {
  try {
    const plan = translate(model, { to: "keras2" });
    if (plan.rewritten.length === 0 && !isForKeras3(model)) return { plan, problems: otherwiseIn3(plan) };
  } catch (error) {
    if (!isVernierError(error, "convert.refused")) throw error;
  }
  const note: Problem = {
    code: "convert.keras3-only",
    where: model.name ?? "model",
    message:
      "this .h5 is in Keras 3's words: Keras 2 cannot say the model, or Keras 3 could not read it from Keras 2's words",
    hint: "load it with Keras 3",
    severity: "note",
  };
  // Where the config names an adapter, Keras looks for it in an .h5; ours holds it added to its weight.
  const plan = translate(model, { to: "keras3", without: ["lora_rank", "lora_alpha"] });
  return { plan, problems: [note, ...droppedAxes(plan)] };
}

/** In Keras 3's words the file is for Keras 3 alone, which takes another axis: nobody reads it as it is meant. */
const droppedAxes = (plan: Plan): Problem[] =>
  warnings(plan, (config) =>
    isDroppedAxis(config["axis"])
      ? {
          code: "convert.h5-axis",
          message:
            "Keras 3 reads one axis from an .h5 file, not several or none: it takes the layer's default",
          hint: "write a .keras file",
        }
      : null,
  );

/** What there is to say of a layer by its words. */
const warnings = (
  { topology }: Plan,
  of: (config: JsonObject) => Pick<Problem, "code" | "message" | "hint"> | null,
): Problem[] =>
  flatLayers(topology).flatMap(({ layer: { path, config } }) => {
    const said = of(config);
    return said === null ? [] : [{ ...said, where: path, severity: "warning" }];
  });

/**
 * Keras 3 counts the calls of a nested model otherwise than the words of Keras 2 do, and takes states that stand among
 * the inputs for inputs: it loads neither. Keras 2 does not make numbers of integers that a model of Keras 3 is fed.
 */
function isForKeras3({ topology, calls, layers, dialect }: Model): boolean {
  const isNested = topology.layers.some(({ inner, config }) => inner !== null || isModel(config["layer"]));
  const hasStates = calls.some(({ initial_state }) => initial_state.length > 0);
  const takesIntegers = calls.some(({ layer, inputs: [first] }) => {
    const dtype = first === undefined ? undefined : calls[first.call]?.outputs[first.output]?.dtype;
    const weights = layers[layer]?.layer.weights ?? [];
    return /^u?int/.test(dtype ?? "") && weights.some(({ name }) => name !== "embeddings");
  });
  return isNested || hasStates || (dialect === "keras3" && takesIntegers);
}

/** Keras 3's reader of `.h5` keeps an axis only where it is one (legacy/saving/saving_utils.py, `model_from_config`). */
const isDroppedAxis = (axis: Json | undefined): boolean =>
  axis === null || (Array.isArray(axis) && axis.length !== 1);

/**
 * Words that Keras 3 reads otherwise, or not at all: its hard_sigmoid is another function, robust_masking is gone, and of
 * a list of axes its reader of .h5 makes another one.
 */
const otherwiseIn3 = (plan: Plan): Problem[] =>
  warnings(plan, (config) => {
    const code = "convert.keras2-only";
    if (config["robust_masking"] === true)
      return {
        code,
        message: "Keras 3 has no robust_masking, and does not load the layer",
        hint: "load this .h5 with Keras 2 (tf_keras)",
      };
    if (JSON.stringify(config).includes('"hard_sigmoid"'))
      return {
        code,
        message:
          "hard_sigmoid is 0.2x + 0.5 here, as in Keras 2; Keras 3 would read x/6 + 0.5 and predict otherwise",
        hint: "load this .h5 with Keras 2 (tf_keras)",
      };
    if (isDroppedAxis(config["axis"]))
      return {
        code,
        message: "Keras 3 reads one axis from an .h5 file, not several or none",
        hint: "load this .h5 with Keras 2 (tf_keras), or write a .keras file",
      };
    return null;
  });
