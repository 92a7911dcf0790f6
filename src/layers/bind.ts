/** @file Binds a layer as a file has it, `{ class_name, config }`, by its class name. */

import { invalid } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import type { BindContext, BoundLayer } from "../model/layer.ts";
import { classNameOf } from "./class-name.ts";
import type { LayerDefinition } from "./define.ts";
import { LAYERS } from "./index.ts";

const BY_NAME: ReadonlyMap<string, LayerDefinition> = new Map(
  LAYERS.flatMap((definition) => definition.classNames.map((name) => [name, definition] as const)),
);

export const definitionOf = (className: string): LayerDefinition | undefined => BY_NAME.get(className);

/** Throws `layer.unsupported` for a class that no family knows, `config.invalid` for a config that it cannot read. */
export function bindLayer(json: unknown, context: BindContext): BoundLayer {
  const { where } = context;
  const className = classNameOf(json);
  if (!isObject(json) || className === undefined) throw invalid('an object with "class_name"', json, where);
  const definition = definitionOf(className);
  if (definition === undefined) {
    throw new VernierError("layer.unsupported", { className, reason: "no rule for this class" }, { where });
  }
  return definition.bind(json["config"] ?? {}, { ...context, where: [...where, "config"] });
}

/** A context in which layers hold only layers, not models. */
export function contextOf(context: Omit<BindContext, "bindInner">): BindContext {
  return {
    ...context,
    bindInner: (json, inputs, where) => bindLayer(json, contextOf({ ...context, inputs, where })),
  };
}
