/**
 * @file Layers of A that B says by several: every exact rewrite that `convert` makes counts as equal (INTERFACE, Meaning).
 * It is recognised by its form: A, rewritten in the same way, has B's structure.
 */

import { isVernierError } from "../base/errors.ts";
import type { Certificate, LayerRow } from "../compare/findings.ts";
import { type Matching, matchModels } from "../compare/match.ts";
import type { Plan } from "../convert/plan.ts";
import { modelFromPlan } from "../convert/planned-model.ts";
import { translate } from "../convert/translate.ts";
import type { Model } from "../model/model.ts";
import type { RunningSide } from "./side.ts";

export interface RewrittenModel {
  readonly model: Model;
  readonly plan: Plan;
}

export interface Alike {
  /** What stands for A or B where that one is nearer to the other rewritten; not both. */
  readonly rewrittenA: RewrittenModel | null;
  readonly rewrittenB: RewrittenModel | null;
  /** Of the models as they are compared. */
  readonly matching: Matching;
}

/** Two models in one form: where one says a layer by several, the other says it so too. */
export async function alike(a: Model, b: Model): Promise<Alike> {
  const plain = await matchModels(a, b);
  const nearerA = await nearer(a, b, plain, (model) => matchModels(model, b));
  if (nearerA !== null) return { rewrittenA: nearerA, rewrittenB: null, matching: nearerA.matching };
  const nearerB = await nearer(b, a, plain, (model) => matchModels(a, model));
  return { rewrittenA: null, rewrittenB: nearerB, matching: nearerB?.matching ?? plain };
}

/** `null` where the model is nearer to the other as it is. */
async function nearer(
  model: Model,
  other: Model,
  plain: Matching,
  matched: (rewritten: Model) => Promise<Matching>,
): Promise<(RewrittenModel & { readonly matching: Matching }) | null> {
  const differs = plain.structure.length + otherLayers(model, other);
  if (differs === 0) return null;
  try {
    const plan = translate(model, { to: other.dialect });
    if (plan.rewritten.length === 0) return null;
    const rewritten = modelFromPlan(plan);
    const matching = await matched(rewritten);
    const left = matching.structure.length + otherLayers(rewritten, other);
    return left < differs ? { model: rewritten, plan, matching } : null;
  } catch (error) {
    // What cannot be said in the other's words was not rewritten by anyone.
    if (isVernierError(error)) return null;
    throw error;
  }
}

/** How many layers of A are none of B's: an Identity that is an Activation there, a kernel that is written out. */
function otherLayers(a: Model, b: Model): number {
  const left = b.layers.map(meaningOf);
  return a.layers.filter((entry) => {
    const at = left.indexOf(meaningOf(entry));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  }).length;
}

const meaningOf = ({ layer }: Model["layers"][number]): string =>
  JSON.stringify([layer.className, layer.config, layer.weights.map(({ shape }) => shape)]);

/**
 * An engine that runs the file as it is, seen as the rewritten model: a part's certificate is the layer's, its last part's
 * activation the layer's own.
 */
export function rewrittenSide(side: RunningSide, { model, plan }: RewrittenModel): RunningSide {
  const original = new Map([...plan.renamed].map(([path, target]) => [target, path]));
  const partOf = new Map(
    plan.rewritten.flatMap(({ path, parts }) => parts.map((part) => [part, path] as const)),
  );
  const last = new Set(plan.rewritten.map(({ parts }) => parts.at(-1)));
  const idOf = (id: string): string => {
    const [path = ""] = id.split("#");
    const own = partOf.get(path) ?? original.get(path) ?? path;
    const call = outerCall(id, plan);
    return call === 0 ? own : `${own}#${call}`;
  };
  const calls = model.calls.map(({ id }) => side.model.calls.findIndex((call) => call.id === idOf(id)));
  const shows = model.calls.map(({ id }) => {
    const [path = ""] = id.split("#");
    return !partOf.has(path) || last.has(path);
  });
  return {
    ...side,
    model,
    own: { model: side.model, calls },
    predict: (inputs) => side.predict(inputs),
    async activations(inputs) {
      const { outputs, trace } = await side.activations(inputs);
      return { trace, outputs: calls.map((call, i) => (shows[i] === true ? (outputs[call] ?? null) : null)) };
    },
    [Symbol.asyncDispose]: () => side[Symbol.asyncDispose](),
  };
}

/** Rows of A's own layers: those of their parts joined, the worst certificate of each side. */
export function rowsOfSource(rows: readonly LayerRow[], source: Model, plan: Plan): LayerRow[] {
  const { rewritten, renamed } = plan;
  const partOf = new Map(rewritten.flatMap((layer) => layer.parts.map((part) => [part, layer] as const)));
  const original = new Map([...renamed].map(([path, target]) => [target, path]));
  const joined = new Map<string, LayerRow>();
  const result: LayerRow[] = [];
  for (const row of rows) {
    const [path = ""] = (row.name ?? "").split("#");
    const call = outerCall(row.name ?? "", plan);
    const suffix = call === 0 ? "" : `#${call}`;
    const layer = row.name === null ? undefined : partOf.get(path);
    if (layer === undefined) {
      const name = row.name === null ? null : `${original.get(path) ?? path}${suffix}`;
      result.push({ ...row, name });
      continue;
    }
    const key = `${layer.path}#${call}`;
    const before = joined.get(key);
    const nameB = row.nameB === null ? [] : [row.nameB];
    const merged: LayerRow = {
      name: `${layer.path}${suffix}`,
      className: source.layers.find((entry) => entry.path === layer.path)?.layer.className ?? layer.className,
      nameB: row.nameB ?? before?.nameB ?? null,
      partsB: [...(before?.partsB ?? []), ...nameB],
      maxAbs: row.maxAbs,
      a: worse(before?.a, row.a),
      b: worse(before?.b, row.b),
    };
    joined.set(key, merged);
    const at = before === undefined ? -1 : result.indexOf(before);
    if (at < 0) result.push(merged);
    else result[at] = merged;
  }
  return result;
}

/** Of the layer, for a call of a part: a part may be called several times for one call of the layer. */
function outerCall(id: string, { rewritten }: Plan): number {
  const [path = "", call = "0"] = id.split("#");
  const often = rewritten.flatMap(({ parts, calls }) =>
    parts.includes(path) ? [calls[parts.indexOf(path)] ?? 1] : [],
  );
  return Math.floor(Number(call) / (often[0] ?? 1));
}

const ORDER = ["certified", "not-run", "coarser", "refuted"];
const worse = (x: Certificate | undefined, y: Certificate): Certificate => {
  if (x === undefined) return y;
  const rank = ORDER.indexOf(x.status) - ORDER.indexOf(y.status);
  if (rank !== 0) return rank > 0 ? x : y;
  return ratio(x) > ratio(y) ? x : y;
};
const ratio = ({ error, bound }: Certificate): number => (error ?? 0) / (bound ?? 1) || 0;
