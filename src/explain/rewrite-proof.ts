/**
 * @file Do the parts of each rewritten layer give the layer's own numbers? Both are evaluated on the activations that
 * reach the layer in the reference, and may differ by what the arithmetic allows: float64's rounding for an exact
 * rewrite, one rounding to float32 for those that hold a constant which is none.
 */

import { VernierError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import { syntheticInputs } from "../compare/synthetic.ts";
import type { Plan, RewrittenLayer } from "../convert/plan.ts";
import { modelFromPlan } from "../convert/planned-model.ts";
import { evaluate } from "../model/evaluate.ts";
import type { Model } from "../model/model.ts";
import { weightCache } from "../model/weights.ts";
import type { Arithmetic } from "../numerics/arithmetic.ts";
import { REFERENCE_FLOAT64, TFJS_CPU_FLOAT32 } from "../numerics/engines.ts";
import { type Bounded, boundedOps, exact } from "../ops/bounded.ts";
import { float64Ops } from "../ops/float64.ts";
import { type RealTensor, realFromTensor } from "../tensor/tensor.ts";
import type { InputSpec } from "./options.ts";

/** Empty when every rewritten layer's parts agree with it. */
export async function rewriteFaults(
  source: Model,
  plan: Plan,
  samples: number,
  input: InputSpec,
): Promise<Problem[]> {
  if (plan.rewritten.length === 0) return [];
  const made = syntheticInputs(source, samples, input.source === "synthetic" ? input.seed : 0);
  const weights = weightCache();
  const results = new Map<number, { fed: readonly RealTensor[]; outputs: readonly RealTensor[] }>();
  const wanted = new Map(plan.rewritten.map((layer) => [layer.path, layer]));
  await evaluate<RealTensor>(source, float64Ops(), {
    inputs: made.map((tensor) => realFromTensor(tensor)),
    weightsOf: (layer) => weights.weightsOf(source, layer),
    onCall(call, { outputs }, { inputs }) {
      const path = source.layers[source.calls[call]?.layer ?? -1]?.path ?? "";
      if (wanted.has(path)) results.set(call, { fed: inputs, outputs });
    },
  });
  const target = modelFromPlan(plan);
  const problems: Problem[] = [];
  for (const [call, { fed, outputs }] of results) {
    const layer = wanted.get(source.layers[source.calls[call]?.layer ?? -1]?.path ?? "");
    if (layer === undefined) continue;
    const arithmetic = layer.exact ? REFERENCE_FLOAT64 : TFJS_CPU_FLOAT32;
    const own = await boundedLayer(source, call, fed, arithmetic, weights);
    const parts = await boundedParts(target, layer, fed, arithmetic, weights);
    const beyond = outputs[0] === undefined ? null : firstBeyond(own, parts);
    if (beyond === null) continue;
    problems.push({
      code: "convert.rewrite",
      where: layer.path,
      message: `its rewrite (${layer.rewrite}) does not give its numbers: ${beyond}`,
      hint: "this is a bug of Vernier; please report it with the model",
      severity: "error",
    });
  }
  return problems;
}

async function boundedLayer(
  model: Model,
  call: number,
  fed: readonly RealTensor[],
  arithmetic: Arithmetic,
  weights: ReturnType<typeof weightCache>,
): Promise<Bounded | undefined> {
  const index = model.calls[call]?.layer ?? -1;
  const own = await weights.weightsOf(model, index);
  const result = model.layers[index]?.layer.evaluate(boundedOps(arithmetic), {
    weights: new Map([...own].map(([name, tensor]) => [name, exact(tensor)])),
    inputs: fed.map((tensor) => exact(tensor)),
    masks: fed.map(() => null),
  });
  return result?.outputs[0];
}

/** The parts' first calls in the target, fed what the layer was fed. */
async function boundedParts(
  target: Model,
  { parts, reads, calls }: RewrittenLayer,
  fed: readonly RealTensor[],
  arithmetic: Arithmetic,
  weights: ReturnType<typeof weightCache>,
): Promise<Bounded | undefined> {
  const ops = boundedOps(arithmetic);
  const known = new Map<number, Bounded>();
  let last: Bounded | undefined;
  const often = new Map(parts.map((path, i) => [path, calls[i] ?? 1]));
  const outside = outsideOrder(target, often);
  for (const [index, call] of target.calls.entries()) {
    const layer = target.layers[call.layer];
    if (layer === undefined || !isOfFirstCall(call.id, often)) continue;
    const own = await weights.weightsOf(target, call.layer);
    const inputs = call.inputs.map((ref) => {
      const part = known.get(ref.call);
      if (part !== undefined) return part;
      const position = outside.indexOf(`${ref.call}:${ref.output}`);
      const tensor = fed[reads[position] ?? position] ?? fed[0];
      if (tensor === undefined)
        throw new VernierError("internal", { reason: `nothing is fed to "${call.id}"` });
      return exact(tensor);
    });
    const { outputs } = layer.layer.evaluate(ops, {
      weights: new Map([...own].map(([name, tensor]) => [name, exact(tensor)])),
      inputs,
      masks: inputs.map(() => null),
    });
    last = outputs[0];
    if (last !== undefined) known.set(index, last);
  }
  return last;
}

/** Tensors from outside, in the order in which the parts first read them. */
function outsideOrder(target: Model, often: ReadonlyMap<string, number>): string[] {
  const keys = target.calls.flatMap((call) => {
    if (!isOfFirstCall(call.id, often)) return [];
    return call.inputs.flatMap((ref) => {
      const from = target.calls[ref.call]?.id ?? "";
      return isOfFirstCall(from, often) ? [] : [`${ref.call}:${ref.output}`];
    });
  });
  return [...new Set(keys)];
}

/** Is it a call of a part for the first call of the layer? "path#2" is a part's third. */
function isOfFirstCall(id: string, often: ReadonlyMap<string, number>): boolean {
  const [path = "", call = "0"] = id.split("#");
  const count = often.get(path);
  return count !== undefined && Number(call) < count;
}

function firstBeyond(own: Bounded | undefined, parts: Bounded | undefined): string | null {
  if (own === undefined || parts === undefined) return "no output";
  if (own.value.shape.join() !== parts.value.shape.join())
    return `shape [${parts.value.shape.join(", ")}] in place of [${own.value.shape.join(", ")}]`;
  for (const [i, value] of own.value.data.entries()) {
    const other = parts.value.data[i] ?? Number.NaN;
    const radius = (own.radius?.[i] ?? 0) + (parts.radius?.[i] ?? 0);
    if (!(Math.abs(value - other) <= radius) && !Object.is(value, other))
      return `element ${i} is ${other} in place of ${value}`;
  }
  return null;
}
