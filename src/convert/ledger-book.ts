/** @file Writes the ledger while a model is translated: every key and weight of the source, once. */

import { type JsonObject, sameJson } from "../base/json.ts";
import type { ModelLayer } from "../model/model.ts";
import type { TopologyLayer } from "../model/topology.ts";
import type { LedgerEntry } from "./ledger.ts";
import type { PlannedLayer } from "./plan.ts";
import type { Rewritten } from "./rewritten.ts";

export class LedgerBook {
  readonly entries: LedgerEntry[] = [];

  add(entry: LedgerEntry): void {
    this.entries.push(entry);
  }

  /** An input's shape and dtype are its connection to the outside. */
  input(layer: TopologyLayer, to: string): void {
    for (const key of Object.keys(layer.config))
      this.add({
        path: `${layer.path}/config/${key}`,
        kind: "config",
        fate: INPUT_KEYS.has(key) ? "translated" : "not-needed",
        to: INPUT_KEYS.has(key) ? to : null,
        note: INPUT_KEYS.has(key) ? null : "an input takes no such key in the target",
      });
  }

  notNeeded(layer: TopologyLayer, note: string): void {
    for (const key of Object.keys(layer.config))
      this.add({ path: `${layer.path}/config/${key}`, kind: "config", fate: "not-needed", to: null, note });
  }

  layer(
    layer: TopologyLayer,
    entry: ModelLayer,
    said: Rewritten,
    planned: readonly PlannedLayer[],
    main: string,
  ): void {
    const isRewritten = said.ids.length > 0;
    const rewrite = isRewritten ? `by ${said.ids.join(", ")}` : null;
    for (const [key, value] of Object.entries(layer.config)) {
      const path = `${layer.path}/config/${key}`;
      const kind = "config" as const;
      const within = said.parts.flatMap((part) =>
        part.said.inside.filter((own) => own.path.startsWith(`${key}/`)),
      );
      if (within.length > 0) {
        for (const own of within) this.inside(`${layer.path}/config/${own.path}`, own.fate, main);
        continue;
      }
      if (key in said.keys.kept && !(key in said.keys.written))
        this.add({ path, kind, fate: "kept-as-metadata", to: main, note: "the target has no word for it" });
      else if (key in said.unknown)
        this.add({ path, kind, fate: "kept-as-metadata", to: main, note: "no rule knows this key" });
      else this.add({ path, kind, ...this.fateOf(key, value, planned, main, isRewritten), note: rewrite });
    }
    for (const { spec, fileName } of entry.weights) {
      const holders = planned.filter(({ weights }) => weights.length > 0).map(({ path }) => path);
      this.add({
        path: `${layer.path}/weights/${spec.name}`,
        kind: "weight",
        fate: isRewritten ? "rewritten" : "carried",
        to: holders[0] === undefined ? null : `${holders[0]}/${spec.name}`,
        note: fileName,
      });
    }
    for (const [i, node] of layer.nodes.entries())
      if (node.inputs.length > 0)
        this.add({
          path: `${layer.path}/calls/${i}`,
          kind: "connection",
          fate: isRewritten ? "rewritten" : "carried",
          to: planned.at(-1)?.path ?? null,
          note: null,
        });
  }

  private inside(path: string, fate: "carried" | "translated" | "kept", main: string): void {
    const note = fate === "kept" ? "the target has no word for it" : null;
    this.add({ path, kind: "config", fate: fate === "kept" ? "kept-as-metadata" : fate, to: main, note });
  }

  private fateOf(
    key: string,
    value: unknown,
    planned: readonly PlannedLayer[],
    main: string,
    isRewritten: boolean,
  ): Pick<LedgerEntry, "fate" | "to"> {
    if (key === "name") return { fate: "carried", to: main };
    const holder = planned.find(({ path }) => path === main)?.config as JsonObject | undefined;
    const same = holder !== undefined && sameJson(holder[key], value);
    if (same) return { fate: "carried", to: `${main}/config/${key}` };
    return { fate: isRewritten ? "rewritten" : "translated", to: main };
  }
}

const INPUT_KEYS = new Set([
  "name",
  "batch_shape",
  "batch_input_shape",
  "shape",
  "input_shape",
  "dtype",
  "sparse",
]);
