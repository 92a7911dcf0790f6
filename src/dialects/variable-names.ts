/**
 * @file Under which name TF.js looks for a weight: the innermost layer's name, for Bidirectional with the side before its
 * inner layer's; cells and wrappers add nothing (tfjs-layers engine/topology.ts addWeight, layers/wrappers.ts).
 */

import { isObject } from "../base/json.ts";

interface Named {
  /** "kernel", "forward/kernel", "layer/kernel"; of a model in a wrapper "layer/dense/kernel". */
  readonly name: string;
  readonly older?: string | null;
}

/** `leaf`: the layer's own name; `config`: its config, in which a wrapper names what it holds. */
export function tfjsVariableName(leaf: string, config: unknown, { name, older }: Named): string {
  const parts = name.split("/");
  const last = older ?? parts.at(-1) ?? name;
  const [wrapper] = parts;
  if (wrapper === "forward" || wrapper === "backward")
    return `${leaf}/${wrapper}_${innerName(config)}/${last}`;
  const holder = wrapper === "layer" && parts.length > 2 ? (parts.at(-2) ?? leaf) : leaf;
  return `${holder}/${last}`;
}

function innerName(config: unknown): string {
  const layer = isObject(config) ? config["layer"] : undefined;
  const inner = isObject(layer) && isObject(layer["config"]) ? layer["config"]["name"] : undefined;
  return String(inner);
}
