/**
 * @file A definition's samples as `python/record_layers.py` takes them.
 *
 * A case is named by a hash of what it asks for: a sample that changed is a case that was never recorded.
 */

import type { JsonObject } from "../base/json.ts";
import type { LayerDefinition, Sample } from "./define.ts";

export type OracleDialect = "keras2" | "keras3";

export interface OracleCase {
  readonly id: string;
  readonly family: string;
  readonly className: string;
  readonly configs: Readonly<Record<OracleDialect, JsonObject>>;
  readonly inputs: Sample["inputs"];
  readonly masks: readonly ("none" | "ragged" | "random")[];
  readonly args: JsonObject;
  readonly dialects: readonly OracleDialect[];
}

export function oracleCasesOf(
  family: string,
  { classNames: [className], samples }: LayerDefinition,
): OracleCase[] {
  return samples.map((sample) => {
    const { config, keras2 = config, inputs, args = {}, dialects = ["keras2", "keras3"] } = sample;
    const masks = inputs.map(({ mask }) => mask ?? "none");
    const asked = {
      family,
      className,
      configs: { keras2, keras3: config },
      inputs: inputs.map(({ mask: _mask, ...spec }) => spec),
      masks,
      args,
      dialects,
    };
    return { id: `${className}-${hashOf(JSON.stringify(asked))}`, ...asked };
  });
}

/** FNV-1a, 32 bits: names need to differ, not to resist anyone. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** What a module of this folder exports, as far as it defines layers. */
export function definitionsIn(module: Readonly<Record<string, unknown>>): LayerDefinition[] {
  return Object.values(module).filter(isDefinition);
}

const isDefinition = (value: unknown): value is LayerDefinition =>
  typeof value === "object" &&
  value !== null &&
  "classNames" in value &&
  "samples" in value &&
  "bind" in value;
