/**
 * @file Made-up models over every layer: written to every target and read back, they mean the same, and no weight and no
 * key is lost. `VERNIER_ROUND_TRIPS` and `VERNIER_SEED` choose how many and which; `VERNIER_PATH`
 * repeats one, and `VERNIER_SHRINK=1` looks for a simpler model that fails too.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { isVernierError } from "../../src/base/errors.ts";
import { TARGETS, type Target } from "../../src/convert/convert.ts";
import type { Model } from "../../src/model/model.ts";
import { samplesFor } from "../generated/builder.ts";
import { type Converted, converted } from "../generated/converted.ts";
import { type MadeModel, type ModelPlan, madeModel } from "../generated/model.ts";
import { faultOf, wayBackFault, wayBackTo } from "../generated/round-trip.ts";
import type { Words } from "../generated/training-words.ts";

const MODELS = Number(process.env["VERNIER_ROUND_TRIPS"] ?? 300);
const SEED = Number(process.env["VERNIER_SEED"] ?? 1);
const PATH = process.env["VERNIER_PATH"];
const WORDS: readonly Words[] = ["keras2", "keras3", "tfjs"];

const plans: fc.Arbitrary<ModelPlan> = fc.noBias(
  fc.record({
    words: fc.constantFrom(...WORDS),
    first: fc.nat(samplesFor("keras3").length - 1),
    tape: fc.array(fc.nat(65_535), { minLength: 0, maxLength: 240, size: "max" }),
    seed: fc.nat(1000),
  }),
);

/** Reason → how often. */
const refusals = new Map<string, number>();
const count = (what: string): void => void refusals.set(what, (refusals.get(what) ?? 0) + 1);

/** `null` where the layers do not fit each other after all: masks of other ranks. */
function made(plan: ModelPlan): MadeModel | null {
  try {
    return madeModel(plan);
  } catch (error) {
    if (isVernierError(error, "layer.input") || isVernierError(error, "tensor.shape")) return null;
    throw error;
  }
}

async function tried(model: Model, to: Target): Promise<Converted | null> {
  try {
    return await converted(model, { to });
  } catch (error) {
    // A mask of another rank than its tensor's steps: the target joins masks by another rule, and has no such model.
    if (isVernierError(error, "tensor.shape") && model.dialect === "keras3") {
      count(`${to}: masks that the target joins otherwise`);
      return null;
    }
    // TF.js finds weights by the innermost layer's name; names inside a wrapper's model are not changed yet.
    if (isVernierError(error, "weights.unwritable") && to === "tfjs") {
      count(`${to}: a layer in a wrapper's model with the name of another`);
      return null;
    }
    if (!isVernierError(error, "convert.refused")) throw error;
    const { layers } = error.details as { layers: readonly string[] };
    for (const layer of layers) count(`${to}: ${layer.replace(/^[^:]*: /, "").slice(0, 110)}`);
    return null;
  }
}

/** The first thing that a conversion of this model loses or changes. */
async function faultIn({ model }: MadeModel): Promise<string | null> {
  const done = new Map<Target, Converted>();
  for (const to of TARGETS) {
    const conversion = await tried(model, to);
    if (conversion === null) continue;
    done.set(to, conversion);
    const fault = await faultOf(model, conversion, to);
    if (fault !== null) return `${model.dialect} → ${to}: ${fault}`;
  }
  const inTfjs = done.get("tfjs");
  // What its own Keras's format cannot say of it straight away, it cannot say on the way back.
  if (inTfjs === undefined || model.dialect === "tfjs" || !done.has(wayBackTo(model))) return null;
  const lost = await wayBackFault(model, inTfjs);
  return lost === null ? null : `${model.dialect} → tfjs → ${model.dialect}: ${lost}`;
}

test(`${MODELS} made-up models mean the same in every format, and come back from TensorFlow.js`, async () => {
  let tooOdd = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const found = made(plan);
      if (found === null) tooOdd++;
      fc.pre(found !== null);
      const fault = await faultIn(found);
      if (fault !== null) throw new Error(`${fault}\n${JSON.stringify(found.json)}`);
    }),
    {
      numRuns: MODELS,
      seed: SEED,
      // Shrinking takes minutes.
      endOnFailure: process.env["VERNIER_SHRINK"] === undefined,
      ...(PATH === undefined ? {} : { path: PATH }),
    },
  );
  const counted = [...refusals].sort((a, b) => b[1] - a[1]).map(([why, n]) => `${n} × ${why}`);
  console.info(`refused layers of ${MODELS} models:\n${counted.join("\n")}`);
  expect(tooOdd).toBeLessThan(MODELS / 10);
}, 1_800_000);
