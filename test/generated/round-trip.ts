/** @file What a round trip through a file must keep. */

import { isObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { Target } from "../../src/convert/convert.ts";
import { modelFromPlan } from "../../src/convert/planned-model.ts";
import { rewriteFaults } from "../../src/explain/rewrite-proof.ts";
import type { Model } from "../../src/model/model.ts";
import { difference, meaningOf, plainWords, unequalState, unequalWeights } from "./compare.ts";
import { type Converted, converted } from "./converted.ts";

const onlyRounded = (conversion: Converted["conversion"]): ReadonlySet<string> =>
  new Set(conversion.rounded.map(({ name }) => name));

/** What is wrong with a conversion; `null` where it holds. */
export async function faultOf(
  model: Model,
  { conversion, back }: Converted,
  to: Target,
): Promise<string | null> {
  const { plan } = conversion;
  const rename = (path: string): string => plan.renamed.get(path) ?? path;
  const planned = modelFromPlan(plan);
  const repeats = back.maskRules.bidirectional !== model.maskRules.bidirectional;
  const plain = (path: string): string => path;
  const fromPlan = difference(meaningOf(planned, plain, repeats), meaningOf(back, plain, repeats));
  if (fromPlan !== null) return `what is read is not what was planned: ${fromPlan}`;
  const values = await unequalWeights(planned, back, plain, onlyRounded(conversion));
  if (values !== null) return values;
  if (plan.rewritten.length > 0) {
    const [fault] = await rewriteFaults(model, plan, 1, { source: "synthetic", samples: 1, seed: 3 });
    if (fault !== undefined) return `${fault.where}: ${fault.message}`;
  } else {
    const same = difference(meaningOf(model, rename, repeats), meaningOf(back, plain, repeats));
    if (same !== null) return `the meaning changed: ${same}`;
    const lost = to === "weights.h5" ? null : lostKey(model, back, rename, conversion);
    if (lost !== null) return lost;
  }
  if (to === "weights.h5") return null;
  const training = model.training?.config ?? null;
  const carried = back.training?.config ?? null;
  const kept = (back.kept?.["training"] ?? null) as JsonObject | null;
  const changed = difference(
    withoutNull(plainOptimizer(training)),
    withoutNull(plainOptimizer(kept ?? carried)),
  );
  if (changed !== null) return `training: ${changed}`;
  return unequalState(model.optimizerWeights, back.optimizerWeights);
}

/** `.h5` says "optimizer_config" what `.keras` calls "optimizer". */
function plainOptimizer(config: JsonObject | null): JsonObject | null {
  if (config === null) return null;
  const { optimizer, optimizer_config, ...rest } = config;
  return { ...rest, optimizer: optimizer_config ?? optimizer ?? null };
}
const withoutNull = (config: JsonObject | null): unknown =>
  config === null ? null : Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));

/** A key of training that neither the target nor its memory has. */
function lostKey(
  model: Model,
  back: Model,
  rename: (path: string) => string,
  { plan }: Converted["conversion"],
): string | null {
  const kept = (back.kept?.["keys"] ?? {}) as Record<string, JsonObject>;
  for (const { path, layer } of model.layers) {
    const other = back.layers.find((one) => one.path === rename(path));
    for (const [key, value] of Object.entries(layer.training)) {
      if (PLACE.has(key)) continue;
      const held = kept[rename(path)]?.[key];
      if (held !== undefined) {
        const changed = difference(value, held);
        if (changed !== null) return `${path}.${key} was kept as something else: ${changed}`;
        continue;
      }
      const written = other?.layer.training[key];
      const changed = difference(plainWords(value), plainWords(written ?? null));
      if (changed !== null && !(plan.to === "tfjs" && value === null))
        return `${path}.${key} (${layer.className}): ${changed}`;
    }
  }
  return null;
}
const PLACE = new Set(["name", "batch_input_shape", "batch_shape", "build_config"]);

export const wayBackTo = ({ dialect }: Model): Target => (dialect === "keras3" ? "keras" : "h5");

/** Keras → TF.js → the same Keras: everything is as it was, keys of training in the very words. */
export async function wayBackFault(model: Model, tfjs: Converted): Promise<string | null> {
  const { back, conversion } = await converted(tfjs.back, { to: wayBackTo(model) });
  const [note] = conversion.problems.filter(({ code }) => code === "convert.not-restored");
  // Of Normalization TF.js holds no count, which only adapting further needs: it stays a BatchNormalization.
  if (note !== undefined && FORGOTTEN.test(note.message)) return null;
  if (note !== undefined) return `not restored: ${note.where}: ${note.message}`;
  if (back.dialect !== model.dialect) return null;
  // Keras 3, which reads an .h5 in Keras 2's words too, takes no "/" in a name.
  const rename = (path: string): string => conversion.plan.renamed.get(path) ?? path;
  const changed = difference(meaningOf(model, rename), meaningOf(back));
  if (changed !== null) return `the meaning changed: ${changed}`;
  const values = await unequalWeights(model, back, rename, onlyRounded(tfjs.conversion));
  if (values !== null) return values;
  const kept = (back.kept?.["keys"] ?? {}) as Record<string, JsonObject>;
  for (const { path, layer, fileConfig } of model.layers) {
    const other = back.layers.find((one) => one.path === rename(path));
    const inside = lostInside(
      (fileConfig as JsonObject)["layer"] ?? null,
      (other?.fileConfig as JsonObject | undefined)?.["layer"] ?? null,
      "layer",
      kept[rename(path)] ?? {},
    );
    if (inside !== null) return `${path}.${inside}`;
    for (const [key, value] of Object.entries(layer.training)) {
      if (PLACE.has(key)) continue;
      // Keras 3 refuses some keys of Keras 2, and reads Keras 2's words: those stay in the memory.
      const held = kept[rename(path)]?.[key] ?? other?.layer.training[key] ?? null;
      const lost = difference(plainWords(value), plainWords(held));
      if (lost !== null) return `${path}.${key} (${layer.className}): ${lost}`;
    }
  }
  const training = difference(
    withoutNull(plainOptimizer(model.training?.config ?? null)),
    withoutNull(plainOptimizer(back.training?.config ?? null)),
  );
  if (training !== null) return `training: ${training}`;
  return unequalState(model.optimizerWeights, back.optimizerWeights);
}
const FORGOTTEN = /its weight "(mean|variance|count)" cannot be found/;

/** One number for both ends of an axis, in full. */
const ends = (key: string, value: Json): Json =>
  (key === "padding" || key === "cropping") && Array.isArray(value) && value.length > 1
    ? value.map((end) => (typeof end === "number" ? [end, end] : end))
    : value;

/** A key of a wrapped layer that neither the file nor its memory has. */
function lostInside(before: Json, after: Json, place: string, kept: JsonObject): string | null {
  if (!isObject(before)) return null;
  const found = isObject(after) ? after : {};
  for (const [key, value] of Object.entries(before as JsonObject)) {
    if (key === "module" || key === "registered_name" || key === "build_config") continue;
    const own = found[key] as Json | undefined;
    const path = `${place}/${key}`;
    if (Array.isArray(value) && Array.isArray(own) && key === "layers") {
      for (const [i, item] of value.entries()) {
        const lost = lostInside(item as Json, own[i] as Json, `${place}[${i}]`, kept);
        if (lost !== null) return lost;
      }
    } else if (own === undefined && kept[path] === undefined && value !== null && !path.includes("[")) {
      return `${path} was ${JSON.stringify(value)} and is lost`;
    } else if (isObject(value) && (key === "config" || key === "layer")) {
      const lost = lostInside(value as Json, own ?? null, path, kept);
      if (lost !== null) return lost;
    } else if (
      own !== undefined &&
      difference(plainWords(ends(key, value)), plainWords(ends(key, own))) !== null
    )
      return `${path}: ${JSON.stringify(value)} became ${JSON.stringify(own)}`;
  }
  return null;
}
