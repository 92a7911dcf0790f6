/**
 * @file The ledger of a pair that is there: what became of every key and weight of A in B. Each entry is what a conversion
 * of A to B's words would do with it, and a note says where B holds something else or nothing.
 */

import { isObject, type Json, sameJson } from "../base/json.ts";
import { flatLayers } from "../convert/flat-layers.ts";
import { type Ledger, type LedgerEntry, type LedgerSide, ledgerOf } from "../convert/ledger.ts";
import type { PlannedLayer } from "../convert/plan.ts";
import { translate } from "../convert/translate.ts";
import type { Model, ModelLayer } from "../model/model.ts";
import { realFromTensor } from "../tensor/tensor.ts";

export interface LedgerModel {
  readonly model: Model;
  readonly path: string;
  readonly format: string;
}

/** Throws `convert.refused` where B's words cannot say A. */
export async function pairLedger(a: LedgerModel, b: LedgerModel): Promise<Ledger> {
  // B may have been made by anyone: nothing is put around faulty kernels, and names stay.
  const plan = translate(a.model, { to: b.model.dialect, engines: [], keepNames: true });
  const planned = new Map(flatLayers(plan.topology).map(({ layer }) => [layer.path, layer]));
  const held = new Map(b.model.layers.map((layer) => [layer.path, layer]));
  const entries: LedgerEntry[] = [];
  for (const entry of plan.ledger) entries.push(await foundIn(entry, planned, held, b.model));
  const { path, format } = b;
  const { dialect, writer } = b.model;
  const target: LedgerSide = { path, format, dialect, writer };
  return { ...ledgerOf(a, { path, format }, plan), target, entries };
}

type Layers<T> = ReadonlyMap<string, T>;

async function foundIn(
  entry: LedgerEntry,
  planned: Layers<PlannedLayer>,
  held: Layers<ModelLayer>,
  b: Model,
): Promise<LedgerEntry> {
  const { kind, to } = entry;
  if (to === null) return entry;
  const target = [...planned.values()].find(({ path }) => to === path || to.startsWith(`${path}/`));
  // What is no layer with a meaning of its own: an input.
  if (target === undefined) return entry;
  const layer = held.get(target.path);
  if (layer === undefined) return lacking(entry, `B has no layer "${target.path}"`);
  const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
  switch (kind) {
    case "config":
      return configIn(entry, name, target, layer);
    case "weight":
      return await weightIn(entry, name, target, layer);
    case "connection":
      return connectionIn(entry, Number(name), layer, b);
    default:
      return entry;
  }
}

function configIn(entry: LedgerEntry, key: string, target: PlannedLayer, layer: ModelLayer): LedgerEntry {
  const said = isObject(layer.fileConfig) ? layer.fileConfig[key] : undefined;
  const meant = target.bound?.config[key];
  // Keys that change predictions are compared by what they mean, others as they are written.
  const [own, other] = meant === undefined ? [target.config[key], said] : [meant, layer.layer.config[key]];
  const same = own === undefined || sameJson(bare(own), bare(other));
  const wasWritten = target.config[key] !== undefined;
  if (said === undefined && wasWritten) {
    const instead = same
      ? "it means the same"
      : `it means ${short(other as Json | undefined)} in place of ${short(own as Json)}`;
    return { ...entry, fate: "defaulted", to: null, note: noted(entry, `B does not say it; ${instead}`) };
  }
  return same
    ? entry
    : {
        ...entry,
        note: noted(
          entry,
          `B has ${short(said as Json | undefined)} in place of ${short(target.config[key])}`,
        ),
      };
}

async function weightIn(
  entry: LedgerEntry,
  name: string,
  target: PlannedLayer,
  layer: ModelLayer,
): Promise<LedgerEntry> {
  const own = target.weights.find((weight) => weight.name === name);
  const other = layer.weights.find(({ spec }) => spec.name === name);
  if (other === undefined) return lacking(entry, "B lacks this weight");
  if (own === undefined) return entry;
  const [x, y] = [realFromTensor(await own.source.read()), realFromTensor(await other.read())];
  if (x.shape.join() !== y.shape.join())
    return {
      ...entry,
      note: noted(entry, `B's shape is [${y.shape.join(", ")}] in place of [${x.shape.join(", ")}]`),
    };
  const differ = x.data.reduce((count, value, i) => count + (Object.is(value, y.data[i]) ? 0 : 1), 0);
  if (differ === 0) return entry;
  const where = other.quantization === null ? "" : `, stored as ${other.quantization}`;
  return { ...entry, note: noted(entry, `${differ} of B's ${y.data.length} numbers are others${where}`) };
}

function connectionIn(entry: LedgerEntry, index: number, layer: ModelLayer, b: Model): LedgerEntry {
  const calls = b.calls.filter((call) => b.layers[call.layer] === layer);
  return calls[index] === undefined ? lacking(entry, `B calls it ${calls.length} times`) : entry;
}

/** Where a class comes from is written by some writers and means nothing to the others. */
function bare(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(bare);
  if (!isObject(json)) return json;
  const entries = Object.entries(json).map(([key, value]) => [key, bare(value)] as const);
  return Object.fromEntries("class_name" in json ? entries.filter(([key]) => !WHERE_FROM.has(key)) : entries);
}
const WHERE_FROM = new Set(["module", "registered_name", "build_config", "shared_object_id"]);

const lacking = (entry: LedgerEntry, note: string): LedgerEntry => ({
  ...entry,
  to: null,
  note: noted(entry, note),
});

const noted = ({ note }: LedgerEntry, more: string): string => (note === null ? more : `${note}; ${more}`);

const short = (json: Json | undefined): string => {
  const text = JSON.stringify(json) ?? "nothing";
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
};
